import ts from 'typescript'

/**
 * One change to a source file: the text from `start` to `end` becomes `text`.
 * @typedef {object} Mutation
 * @property {string} id of its own among all
 * @property {string} file path from the repository's top folder
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {number} line of the file, from 1
 * @property {string} what in words
 */

/** Names of what makes a branch one that refuses. */
const refusing =
  /\b(?:throw|fail|unknown|refuse|refused|reject|invalid|unsupported|exceeded|doubtedFact|doubt)\b/

/** @param {ts.Node} node @param {ts.SourceFile} source */
const textOf = (node, source) => node.getText(source)

/** Names of functions that answer yes or no. */
const asks = /^#?(?:is|has|may|can|says|doubts|allows|takes|needs|refers|knows|usable|over)(?![a-z])/

/** Whether a statement refuses, or gives the answer of something that is not so. @param {string} text */
const refuses = (text) => refusing.test(text) || /return (?:false|undefined)\b/.test(text)

/** @param {string} text on one line, and short */
const excerpt = (text) => text.replaceAll(/\s+/g, ' ').slice(0, 90)

/**
 * Every way in which a check of a file can be left out or turned around.
 * - a guard (`if (c)` before a refusal) never refuses, or refuses what it should let pass;
 * - one operand of a guard's `||` or `&&` is left out;
 * - a choice between passing and failing always passes;
 * - a check in a list of checks is left out;
 * - outside of core, any other `if` is always or never so, and a function named for a question (`isOver`) always gives the
 *   same answer.
 * @param {string} file path from the top folder
 * @param {string} code its text
 * @returns {Mutation[]}
 */
export function findMutations(file, code) {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true)
  const isCore = file.startsWith('packages/core/')
  /** @type {Mutation[]} */
  const found = []
  /** @param {ts.Node} node @param {string} text @param {string} what */
  const add = (node, text, what) => {
    const start = node.getStart(source)
    const line = source.getLineAndCharacterOfPosition(start).line + 1
    found.push({ id: `${file}#${found.length}`, file, start, end: node.getEnd(), text, line, what })
  }
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isIfStatement(node) && refuses(textOf(node.thenStatement, source))) guard(node.expression)
    else if (ts.isIfStatement(node) && !isCore) branch(node.expression)
    if (!isCore && ts.isReturnStatement(node)) answer(node)
    if (ts.isConditionalExpression(node)) choice(node)
    if (ts.isCallExpression(node) && /^check[A-Z]/.test(textOf(node.expression, source))) listed(node)
    ts.forEachChild(node, visit)
  }
  /** @param {ts.Expression} condition */
  const guard = (condition) => {
    const text = textOf(condition, source)
    add(condition, 'false', `never: ${excerpt(text)}`)
    add(condition, `!(${text})`, `inverted: ${excerpt(text)}`)
    operands(condition)
  }
  /** @param {ts.Expression} condition */
  const branch = (condition) => {
    const text = textOf(condition, source)
    add(condition, 'true', `always: ${excerpt(text)}`)
    add(condition, 'false', `never: ${excerpt(text)}`)
    operands(condition)
  }
  /** @param {ts.ReturnStatement} node */
  const answer = ({ expression, parent }) => {
    const owner = ts.isBlock(parent) ? parent.parent : parent
    const name = ts.isFunctionLike(owner) ? nameOf(owner) : ''
    if (expression === undefined || !asks.test(name)) return
    if (['true', 'false'].includes(textOf(expression, source))) return
    for (const text of ['true', 'false'])
      add(expression, text, `${text}: ${excerpt(textOf(expression, source))}`)
    operands(expression)
  }
  /** @param {ts.SignatureDeclaration} owner */
  const nameOf = (owner) => {
    const named = owner.name ?? (ts.isVariableDeclaration(owner.parent) ? owner.parent.name : undefined)
    return named === undefined ? '' : textOf(named, source)
  }
  /** @param {ts.Expression} condition */
  const operands = (condition) => {
    if (ts.isParenthesizedExpression(condition)) return operands(condition.expression)
    if (!ts.isBinaryExpression(condition)) return
    const { kind } = condition.operatorToken
    if (kind !== ts.SyntaxKind.BarBarToken && kind !== ts.SyntaxKind.AmpersandAmpersandToken) return
    for (const [dropped, kept] of [
      [condition.left, condition.right],
      [condition.right, condition.left],
    ]) {
      if (dropped === undefined || kept === undefined) continue
      // What narrows a type for the rest is needed for the code to mean anything.
      const text = kind === ts.SyntaxKind.BarBarToken ? 'false' : 'true'
      add(dropped, text, `without: ${excerpt(textOf(dropped, source))}`)
      operands(dropped)
    }
  }
  /** @param {ts.ConditionalExpression} node */
  const choice = ({ condition, whenTrue, whenFalse }) => {
    const [yes, no] = [textOf(whenTrue, source), textOf(whenFalse, source)]
    if (/^pass\(/.test(yes) && /^(?:fail|unknown)\(/.test(no))
      add(condition, 'true', `always: ${excerpt(yes)}`)
    if (/^(?:fail|unknown)\(/.test(yes) && /^pass\(/.test(no))
      add(condition, 'false', `always: ${excerpt(no)}`)
  }
  /** @param {ts.CallExpression} node */
  const listed = (node) => {
    const inList = ts.isArrayLiteralExpression(node.parent) || isPush(node.parent)
    if (inList) {
      const passing = `({ id: 'left-out', outcome: 'pass', reason: '' })`
      add(node, passing, `left out: ${excerpt(textOf(node, source))}`)
    }
  }
  /** @param {ts.Node} node */
  const isPush = (node) => ts.isCallExpression(node) && /\.push$/.test(textOf(node.expression, source))
  visit(source)
  return found
}
