// T-62: nobody who can guess a file's name gets to read, to write or to redirect what is written there.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSoftwareTpm } from '@trusthold/tpm-adapter/software-tpm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadCertificate } from '../../examples/authority-server/src/certificate.js'
import { writePrivately } from '../../examples/trusted-host/src/files.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-paths-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Everything that writes a secret to a file, by what it calls the file. */
const writers: readonly (readonly [
  what: string,
  file: string,
  write: (folder: string) => Promise<unknown>,
])[] = [
  ['keys of the agent', 'key', (folder) => writePrivately(join(folder, 'key'), 'a secret')],
  ['the key of the server', 'server.key', (folder) => loadCertificate(folder, ['authority.example'])],
  [
    'the state of a software TPM',
    'tpm',
    async (folder) => {
      const tpm = createSoftwareTpm({ stateFile: join(folder, 'tpm') })
      await tpm.close()
    },
  ],
]

/** Names that files in the making are often given. */
const guesses = ['.new', '.tmp', '.temp', '.part', '~', '.bak', '.swp', `.${process.pid}`, '.0', '.1']

describe.each(writers)('%s', (_what, file, write) => {
  test('are not written through links that somebody put beside them', async () => {
    const victims = mkdtempSync(join(directory, 'victims-'))
    const folder = join(directory, 'folder')
    mkdirSync(folder)
    for (const guess of guesses) {
      writeFileSync(join(victims, guess), 'untouched')
      symlinkSync(join(victims, guess), join(folder, `${file}${guess}`))
    }
    await write(folder)
    for (const guess of guesses) expect(readFileSync(join(victims, guess), 'utf8')).toBe('untouched')
    expect(lstatSync(join(folder, file)).isSymbolicLink()).toBe(false)
  })

  test('are their owner’s alone, also where an older file was everybody’s', async () => {
    for (const guess of guesses) {
      writeFileSync(join(directory, `${file}${guess}`), '')
      chmodSync(join(directory, `${file}${guess}`), 0o666)
    }
    await write(directory)
    expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
  })

  test('leave nothing beside them, also when they are written again', async () => {
    await write(directory)
    const names = readdirSync(directory)
    await write(directory)
    expect(readdirSync(directory)).toEqual(names)
    expect(names.filter((name) => name.startsWith(file))).toEqual([file])
  })

  test('leave nothing beside them when they cannot be put in their place', async () => {
    mkdirSync(join(directory, file))
    writeFileSync(join(directory, file, 'in-the-way'), '')
    await expect(write(directory)).rejects.toThrow()
    expect(readdirSync(directory)).toEqual([file])
  })
})

describe('the sources', () => {
  const root = new URL('../../', import.meta.url).pathname
  const sources = (folder: string): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs)$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
      .map((name) => join(folder, name))
  const all = ['packages', 'examples', 'scripts', 'bench', 'test'].flatMap(sources)
  const textOf = (file: string): string => readFileSync(join(root, file), 'utf8')

  test('take every temporary folder from mkdtemp', () => {
    expect(all.length).toBeGreaterThan(300)
    const using = all.filter((file) => /tmpdir\(\)/.test(textOf(file)))
    expect(using.length).toBeGreaterThan(5)
    for (const file of using) {
      const text = textOf(file)
      const uses = text.match(/tmpdir\(\)/g)?.length ?? 0
      const safe = text.match(/mkdtemp(Sync)?\((path\.)?join\(tmpdir\(\)/g)?.length ?? 0
      expect(safe, file).toBe(uses)
    }
  })

  test('of the packages and examples name no path that everybody can write to', () => {
    const shipped = all.filter((file) => /^(packages|examples)\/[^/]+\/src\//.test(file))
    expect(shipped.length).toBeGreaterThan(200)
    const shared = ['tmp', 'var/tmp', 'dev/shm'].map((path) => `/${path}/`)
    for (const file of shipped) {
      const text = textOf(file)
      expect(
        shared.filter((path) => text.includes(path)),
        file,
      ).toEqual([])
    }
  })
})
