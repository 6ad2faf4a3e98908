import ts from 'typescript'

/**
 * Makes the branches of a source file countable: each gets a call of `__branch(n)`, which tells the fuzzer where an input
 * leads. Bodies of functions, both sides of `if` and `?:`, right sides of `&&`, `||` and `??`, loops and cases.
 * @param {string} code TypeScript
 * @param {string} file its path
 * @param {() => number} next number of the next branch
 * @returns {string} TypeScript
 */
export function instrument(code, file, next) {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true)
  /** @type {{ at: number, text: string, order: number }[]} */
  const insertions = []
  /** What opens: at one place the outer one stands first. @param {number} at @param {string} text */
  const open = (at, text) => insertions.push({ at, text, order: -1 - insertions.length })
  /** What closes: before what opens at the same place, and the inner one first. @param {number} at @param {string} text */
  const close = (at, text) => insertions.push({ at, text, order: insertions.length })
  const mark = () => `__branch(${next()})`
  /** @param {ts.Statement | undefined} statement */
  const enter = (statement) => {
    if (statement === undefined) return
    if (ts.isBlock(statement)) {
      open(statement.getStart(source) + 1, ` ${mark()};`)
      return
    }
    open(statement.getStart(source), `{ ${mark()}; `)
    close(statement.getEnd(), ' }')
  }
  /** @param {ts.Expression} expression */
  const wrap = (expression) => {
    open(expression.getStart(source), `(${mark()}, `)
    close(expression.getEnd(), ')')
  }
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (ts.isIfStatement(node)) {
      enter(node.thenStatement)
      if (node.elseStatement !== undefined && !ts.isIfStatement(node.elseStatement)) enter(node.elseStatement)
    } else if (ts.isIterationStatement(node, false)) enter(node.statement)
    else if (ts.isCaseOrDefaultClause(node) && node.statements.length > 0) {
      open(/** @type {ts.Statement} */ (node.statements[0]).getStart(source), `${mark()}; `)
    } else if (ts.isConditionalExpression(node)) {
      wrap(node.whenTrue)
      wrap(node.whenFalse)
    } else if (ts.isBinaryExpression(node) && isChoice(node.operatorToken.kind)) wrap(node.right)
    else if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const body = /** @type {ts.ConciseBody} */ (node.body)
      if (ts.isBlock(body)) enter(body)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  // From the end on, so that places stay what they are; of one place, what comes last is put in first.
  let result = code
  for (const { at, text } of insertions.sort((x, y) => y.at - x.at || x.order - y.order)) {
    result = `${result.slice(0, at)}${text}${result.slice(at)}`
  }
  return result
}

/** @param {ts.SyntaxKind} kind */
function isChoice(kind) {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  )
}
