import { existsSync, readdirSync } from 'node:fs'
import { root } from '../setup/command.mjs'

const core = 'packages/core'

/**
 * The verifier's rooms, each with the attack tests that are about it.
 * @type {readonly { sources: string, attacks: readonly string[] }[]}
 */
export const suites = [
  { sources: `${core}/src/evidence`, attacks: ['t04', 't10', 't11', 't13', 't18'] },
  { sources: `${core}/src/tpm2/verify-signature.ts`, attacks: ['t12'] },
  { sources: `${core}/src/tpm2/keys.ts`, attacks: ['t12'] },
  { sources: `${core}/src/tpm2/attest.ts`, attacks: ['t04'] },
  { sources: `${core}/src/tpm2/pcr-selection.ts`, attacks: ['t10'] },
  { sources: `${core}/src/tpm2/pcrs.ts`, attacks: ['t10'] },
  { sources: `${core}/src/measured-boot`, attacks: ['t11', 't13', 't14', 't16', 't17', 't19', 't39'] },
  { sources: `${core}/src/policy`, attacks: ['t27'] },
  { sources: `${core}/src/endorsement`, attacks: ['t01'] },
  { sources: `${core}/src/attestation`, attacks: ['t'] },
]

/**
 * The tests that have to notice a change, nearest first: those of the file, of its folder, of its room, and the attacks.
 * @param {string} file
 * @param {readonly string[]} attacks
 * @returns {string[]}
 */
export function testsOf(file, attacks) {
  const path = file.replace(`${core}/src/`, '').replace(/\.ts$/, '')
  const folders = path.split('/').slice(0, -1)
  const near = folders.map((_, i) => `${core}/test/${folders.slice(0, folders.length - i).join('/')}`)
  const own = [
    `${core}/test/${path}.test.ts`,
    ...near.flatMap((folder) => [withoutRecordings(folder), folder]),
  ]
  const there = own.filter(
    (names) => names !== '' && names.split(' ').every((name) => existsSync(root + name)),
  )
  return [...there, attacks.map((name) => `test/attacks/${name}`).join(' ')]
}

/** The tests of a folder itself, but for those that go through all recordings, which take long. @param {string} folder */
function withoutRecordings(folder) {
  if (!existsSync(root + folder)) return ''
  const names = readdirSync(root + folder).filter((name) => /^(?!record).*\.test\.ts$/.test(name))
  return names.map((name) => `${folder}/${name}`).join(' ')
}
