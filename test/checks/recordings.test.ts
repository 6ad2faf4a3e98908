import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { recordingNames } from '../recordings/load.js'

const root = new URL('../../', import.meta.url)
const recordings = new URL('test/recordings/', root)

interface Description {
  readonly description: string
  readonly script: string
  readonly made: string
  readonly packages: Readonly<Record<string, string>>
  readonly commands: readonly string[]
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

const describeRecording = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}/recording.json`, recordings), 'utf8')) as Description
const folders = readdirSync(recordings, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && existsSync(new URL(`${entry.name}/recording.json`, recordings)) ? [entry.name] : [],
)

it('every recording of scripts/record.mjs is one that tests run over', () => {
  const made = folders.filter((name) => describeRecording(name).script === 'scripts/record.mjs')
  expect(made.sort()).toEqual([...recordingNames].sort())
})

describe.each(recordingNames)('the recording %s', (name) => {
  const about = describeRecording(name)
  const folder = new URL(`${name}/`, recordings)

  it('consists of the files that it lists, as they were recorded', () => {
    const listed = about.files.map((file) => file.name)
    expect(readdirSync(folder).sort()).toEqual([...listed, 'recording.json'].sort())
    for (const { name: file, bytes, sha256 } of about.files) {
      const content = readFileSync(new URL(file, folder))
      expect([file, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([
        file,
        bytes,
        sha256,
      ])
    }
  })

  it('says how it was made', () => {
    expect(about.description).not.toBe('')
    expect(Date.parse(about.made)).not.toBeNaN()
    expect(existsSync(fileURLToPath(new URL(about.script, root)))).toBe(true)
    expect(about.packages).toMatchObject({ swtpm: expect.any(String), 'tpm2-tools': expect.any(String) })
    expect(about.commands.length).toBeGreaterThan(20)
  })

  it('names no place of the machine that made it, and has no private key', () => {
    expect(about.commands.filter((command) => command.includes('/tmp'))).toEqual([])
    for (const { name: file } of about.files)
      expect(readFileSync(new URL(file, folder)).includes('PRIVATE KEY')).toBe(false)
  })
})
