import { existsSync, readdirSync } from 'node:fs'
import { root } from '../setup/command.mjs'

/** @typedef {{ sources: string, attacks: readonly string[], others?: readonly string[] }} Suite */

const core = 'packages/core'

/**
 * The verifier's rooms, each with the attack tests that are about it, and tests of other rooms that are.
 * @type {readonly Suite[]}
 */
export const verifier = [
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
 * The rooms of the adapters. All tests of the adapter may notice a change.
 * @type {readonly Suite[]}
 */
export const adapters = ['tpm-adapter', 'kmip-adapter', 'storage-adapter'].flatMap((name) =>
  readdirSync(`${root}packages/${name}/src`)
    .filter((room) => room !== 'index.ts')
    .map((room) => ({ sources: `packages/${name}/src/${room}`, attacks: [], others: [''] })),
)

/**
 * The tests that have to notice a change of a room: those that are quick first, then all of them.
 * @param {Suite} suite
 * @returns {string[][]}
 */
export function testsOf({ sources, attacks, others = [] }) {
  const [home = '', path = ''] = sources.split('/src/')
  const folder = `${home}/test/${path.split('/')[0]?.replace(/\.ts$/, '')}`
  const own = `${home}/test/${path.replace(/\.ts$/, '.test.ts')}`
  const isAlone = sources.endsWith('.ts') && existsSync(root + own)
  const near = isAlone ? [own] : quickTestsIn(folder)
  const far = others.map((name) => `${home}/test/${name}`)
  return [near, [folder, ...far, ...attacks.map((name) => `test/attacks/${name}`)]].filter(
    (tests) => tests.length > 0,
  )
}

/** @param {string} folder that may be missing */
function quickTestsIn(folder) {
  if (!existsSync(root + folder)) return []
  const names = readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
  // Tests of all recordings take long.
  return names
    .filter((name) => /^(?!(?:.*\/)?record).*\.test\.ts$/.test(name))
    .map((name) => `${folder}/${name}`)
}
