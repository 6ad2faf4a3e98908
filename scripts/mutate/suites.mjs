import { existsSync, readdirSync } from 'node:fs'
import { root } from '../setup/command.mjs'

const core = 'packages/core'

/**
 * The verifier's rooms, each with the attack tests that are about it, and tests of other rooms that are.
 * @type {readonly { sources: string, attacks: readonly string[], others?: readonly string[] }[]}
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
  {
    sources: `${core}/src/attestation`,
    attacks: ['t01', 't04', 't05', 't08', 't09', 't11', 't13', 't24', 't27', 't39', 't49'],
    others: ['authority', 'http'],
  },
]

/**
 * The tests that have to notice a change of a room: those that are quick first, then all of them.
 * @param {typeof suites[number]} suite
 * @returns {string[][]}
 */
export function testsOf({ sources, attacks, others = [] }) {
  const room = sources.replace(`${core}/src/`, '').split('/')[0]
  const folder = `${core}/test/${room}`
  const names = readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
  // Tests of all recordings take long.
  const quick = names.filter((name) => /^(?!(?:.*\/)?record).*\.test\.ts$/.test(name))
  const own = `${core}/test/${sources.replace(`${core}/src/`, '').replace(/\.ts$/, '.test.ts')}`
  const near =
    sources.endsWith('.ts') && existsSync(root + own) ? [own] : quick.map((name) => `${folder}/${name}`)
  const far = others.map((name) => `${core}/test/${name}`)
  return [near, [folder, ...far, ...attacks.map((name) => `test/attacks/${name}`)]]
}
