/**
 * Writes recordings down: the files, and `recording.json`, which says how they were made.
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drainCommands, progress } from './processes.mjs'

const recordings = fileURLToPath(new URL('../../test/recordings/', import.meta.url))

/**
 * @typedef {{
 *   about: { name: string, [fact: string]: unknown },
 *   files: import('./attestation.mjs').Files,
 *   versions: import('./debian.mjs').Versions,
 * }} Recorded `about`: facts for recording.json; `versions`: of the packages that were unpacked for it
 */

/**
 * Writes a recording's directory anew, with the commands that were run since the last recording.
 * @param {Recorded} recorded
 * @param {import('./debian.mjs').Versions} installed versions of the tools
 * @param {string} work temporary directory, which is not named in the recording
 */
export async function writeRecording({ about, files, versions }, installed, work) {
  const directory = join(recordings, about.name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  for (const [name, content] of files) await writeFile(join(directory, name), content)
  const listed = [...files].map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  const document = {
    ...about,
    made: new Date().toISOString(),
    packages: { ...installed, ...versions },
    script: 'scripts/record.mjs',
    commands: drainCommands().map((command) => command.replaceAll(work, '$WORK')),
    files: listed,
  }
  await writeFile(join(directory, 'recording.json'), `${JSON.stringify(document, undefined, 2)}\n`)
  const bytes = listed.reduce((sum, file) => sum + file.bytes, 0)
  progress(`${about.name}: ${bytes} bytes in ${listed.length} files`)
}
