// Every export of every public module has a docstring, and so has the module.
import { existsSync } from 'node:fs'
import ts from 'typescript'
import { root } from '../setup/command.mjs'
import { runMain } from '../setup/progress.mjs'
import { listPackages } from '../setup/workspaces.mjs'
import { listSources } from './sources.mjs'

/** @param {ts.Node} node @returns {string} path and line, as editors open it */
function placeOf(node) {
  const file = node.getSourceFile()
  return `${file.fileName.slice(root.length)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
}

/** @param {ts.TypeChecker} checker @param {ts.SourceFile} source @returns {string[]} problems */
function findUndocumented(checker, source) {
  const module = checker.getSymbolAtLocation(source)
  if (module === undefined) return [`${source.fileName.slice(root.length)}: is not a module`]
  const first = ts.getLeadingCommentRanges(source.text, 0)?.[0]
  const described = first !== undefined && source.text.slice(first.pos, first.end).includes('@module')
  const problems = described ? [] : [`${source.fileName.slice(root.length)}: has no comment with @module`]
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const [declaration] = symbol.declarations ?? []
    if (declaration === undefined || symbol.getDocumentationComment(checker).length > 0) continue
    problems.push(`${placeOf(declaration)}: ${exported.name} has no docstring`)
  }
  return problems
}

await runMain(async () => {
  const sources = listPackages().flatMap(({ folder }) =>
    listSources(folder).map((path) => `${root}${folder}/${path.slice(2)}`),
  )
  const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram(
    sources.filter((path) => existsSync(path)),
    { ...options, noEmit: true },
  )
  const checker = program.getTypeChecker()
  const problems = sources.flatMap((path) => {
    const source = program.getSourceFile(path)
    return source === undefined
      ? [`${path.slice(root.length)}: does not exist`]
      : findUndocumented(checker, source)
  })
  for (const problem of new Set(problems)) console.error(problem)
  return problems.length === 0 ? 0 : 1
})
