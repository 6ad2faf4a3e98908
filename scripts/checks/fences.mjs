// Compiles every ```ts block of the documents. Directly above a block may stand
//   <!-- given                      declarations that the reader is spared; compiled with the block
//   declare const tpm: Tpm
//   -->
//   <!-- not compiled: why -->      for a block that cannot compile, with the reason
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { bin, root, runCommand } from '../setup/command.mjs'
import { runMain } from '../setup/progress.mjs'
import { listDocuments, readLines } from './documents.mjs'

const folder = '.setup/fences'

/** @typedef {{ file: string, line: number, code: string }} Block */

/**
 * @param {string} file
 * @returns {{ blocks: Block[], excused: string[] }} blocks keep the line numbers of their document
 */
function extract(file) {
  const lines = readLines(file)
  /** @type {Block[]} */
  const blocks = []
  /** @type {string[]} */
  const excused = []
  lines.forEach((text, start) => {
    if (!/^\s*```(?:ts|typescript)\b/.test(text)) return
    const end = lines.findIndex((line, i) => i > start && /^\s*```\s*$/.test(line))
    const reason = /<!-- not compiled: (.+) -->/.exec(lines[start - 1] ?? '')?.[1]
    if (reason !== undefined) {
      excused.push(`${file}:${start + 1}: not compiled: ${reason}`)
      return
    }
    const kept = lines.map(() => '')
    for (let i = start + 1; i < end; i++) kept[i] = lines[i] ?? ''
    if (lines[start - 1]?.trim() === '-->') {
      const given = lines.findLastIndex((line, i) => i < start && line.trim() === '<!-- given')
      for (let i = given + 1; i < start - 1; i++) kept[i] = lines[i] ?? ''
    }
    blocks.push({ file, line: start + 1, code: `${kept.join('\n')}\nexport {}\n` })
  })
  return { blocks, excused }
}

/** @param {Block} block */
const nameOf = ({ file, line }) => `${file.replaceAll('/', '__').replace(/\.md$/, '')}__${line}.mts`

await runMain(async () => {
  rmSync(root + folder, { recursive: true, force: true })
  mkdirSync(root + folder, { recursive: true })
  const found = listDocuments().map(extract)
  const blocks = found.flatMap((document) => document.blocks)
  for (const line of found.flatMap((document) => document.excused)) console.log(line)
  for (const block of blocks) writeFileSync(`${root}${folder}/${nameOf(block)}`, block.code)
  const compilerOptions = { noEmit: true, noUnusedLocals: false, noUnusedParameters: false }
  const config = { extends: '../../tsconfig.base.json', compilerOptions, include: ['*.mts'] }
  writeFileSync(`${root}${folder}/tsconfig.json`, JSON.stringify(config))
  if (blocks.length === 0) return 0
  const { code, output } = await runCommand(bin('tsc'), ['-p', `${root}${folder}`, '--pretty', 'false'])
  const readable = blocks.reduce(
    (text, block) =>
      text.replaceAll(new RegExp(`(?:\\S*/)?${nameOf(block).replaceAll('.', '\\.')}`, 'g'), block.file),
    output,
  )
  if (code !== 0) console.error(readable.trim())
  else console.log(`${blocks.length} blocks compile`)
  return code === 0 ? 0 : 1
})
