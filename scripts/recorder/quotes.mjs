/**
 * Quotes by every signature scheme, over several banks, and after each way to restart the TPM. tpm2_checkquote agrees to
 * all but those by RSAPSS, of which tpm2_checkquote 5.4 accepts none.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { readPcrs } from './attestation.mjs'
import { createSigner, lasting, signers, versatile } from './signers.mjs'
import { banks } from './swtpm.mjs'

/**
 * @typedef {import('./statements.mjs').Desk} Desk
 * @typedef {import('./signers.mjs').Signer} Signer
 * @typedef {import('./attestation.mjs').Pcrs} Pcrs
 * @typedef {{ bank: string, pcrs: readonly number[] }} BankSelection
 */

const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr)
/** @type {readonly BankSelection[]} */
const twoBanks = [
  { bank: 'sha1', pcrs: [0, 1, 2, 7] },
  { bank: 'sha256', pcrs: [0, 7, 16, 23] },
]
/** @type {readonly (readonly BankSelection[])[]} */
const selections = [
  ...banks.map((bank) => [{ bank, pcrs: allPcrs }]),
  banks.map((bank) => ({ bank, pcrs: [16, 0] })),
]

/** Ways to restart, by what `tpm2_shutdown` and `tpm2_startup` are told. */
const restarts = [
  { after: 'resume', shutdown: [], startup: [] },
  { after: 'restart', shutdown: [], startup: ['-c'] },
  { after: 'reset', shutdown: ['-c'], startup: ['-c'] },
  { after: 'power-loss', shutdown: undefined, startup: ['-c'] },
]

/** @param {Desk} desk */
export async function takeQuotesOfAllKinds(desk) {
  const pcrs = await readPcrs(desk.tools)
  for (const signer of signers) await quote(desk, signer, twoBanks, pcrs, { pcrs: 'pcrs.json' })
  for (const signer of versatile)
    for (const selection of selections) await quote(desk, signer, selection, pcrs, { pcrs: 'pcrs.json' })
}

/**
 * @param {Desk} desk @param {Signer} signer @param {readonly BankSelection[]} selection
 * @param {Pcrs} pcrs what the PCRs must be
 * @param {Readonly<Record<string, unknown>>} about
 */
async function quote({ tools, keep }, signer, selection, pcrs, about) {
  const nonce = randomBytes(20).toString('hex')
  const list = selection.map(({ bank, pcrs: indices }) => `${bank}:${indices.join(',')}`).join('+')
  await tools.tool(
    'tpm2_quote',
    ...['-c', `${signer.name}.ctx`, '-l', list, '-q', nonce, '-g', signer.hash, '--scheme', signer.scheme],
    ...['-m', 'message', '-s', 'signature', '-f', 'tss', '-o', 'values'],
  )
  if (signer.scheme !== 'rsapss') {
    const evidence = ['-m', 'message', '-s', 'signature', '-f', 'values', '-q', nonce]
    await tools.tool('tpm2_checkquote', '-u', `${signer.name}.pem`, ...evidence)
  }
  const digest = createHash(signer.hash)
  for (const { bank, pcrs: indices } of selection)
    for (const pcr of indices.toSorted((a, b) => a - b)) digest.update(pcrs[bank]?.[pcr] ?? '', 'hex')
  const expected = digest.digest()
  if (!(await tools.read('message')).subarray(-expected.length).equals(expected))
    throw new Error(`the quote by ${signer.name} is not over the expected PCRs`)
  await keep('quote', signer, nonce, { selection, ...about })
}

/**
 * @param {Desk} desk
 * @param {import('./attestation.mjs').Swtpm} swtpm
 */
export async function takeQuotesAfterRestarts(desk, swtpm) {
  const { tools, files } = desk
  for (const { after, shutdown, startup } of restarts) {
    await tools.tool('tpm2_pcrevent', '7', '/etc/debian_version')
    if (shutdown !== undefined) await tools.tool('tpm2_shutdown', ...shutdown)
    await swtpm.powerCycle()
    await tools.tool('tpm2_startup', ...startup)
    // Contexts do not outlive a reset.
    await createSigner(tools, lasting)
    const pcrs = await readPcrs(tools)
    const pcrsFile = `pcrs-after-${after}.json`
    files.set(pcrsFile, Buffer.from(`${JSON.stringify(pcrs, undefined, 1)}\n`))
    await quote(desk, lasting, twoBanks, pcrs, { pcrs: pcrsFile, after })
  }
}
