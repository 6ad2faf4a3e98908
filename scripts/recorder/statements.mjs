/**
 * What else a TPM states under its signature than quotes of one bank: quotes by every signature scheme, over several
 * banks and after each way to restart, and statements about keys, NV memory, time and audits. The TPM itself checks
 * each signature.
 * @module
 */
import { takeOtherStatements } from './other-statements.mjs'
import { takeQuotesAfterRestarts, takeQuotesOfAllKinds } from './quotes.mjs'
import { createSigner, readSigner, signers } from './signers.mjs'

/**
 * @typedef {import('./attestation.mjs').Tools} Tools
 * @typedef {import('./attestation.mjs').Files} Files
 * @typedef {import('./signers.mjs').Signer} Signer
 * @typedef {{ name: string, scheme: string, hash: string, publicArea: string }} SignerEntry
 * @typedef {{
 *   type: string, signer: string, message: string, signature: string, qualifyingData: string,
 *   about: Readonly<Record<string, unknown>>
 * }} StatementEntry `message`, `signature` name files; other bytes are hexadecimal; `about`: what is stated
 */

/**
 * @param {Tools} tools
 * @param {import('./attestation.mjs').Swtpm} swtpm
 * @param {Files} files
 * @returns {Promise<{ signers: SignerEntry[], statements: StatementEntry[] }>}
 */
export async function takeStatements(tools, swtpm, files) {
  const desk = openDesk(tools, files)
  const entries = []
  for (const signer of signers) {
    const { name, scheme, hash } = signer
    const file = `signer-${name}.tpmt`
    await createSigner(tools, signer)
    files.set(file, await readSigner(tools, signer))
    entries.push({ name, scheme, hash, publicArea: file })
  }
  await takeQuotesOfAllKinds(desk)
  await takeOtherStatements(desk)
  await takeQuotesAfterRestarts(desk, swtpm)
  return { signers: entries, statements: desk.statements }
}

/**
 * Where statements are made, checked and put down.
 * @param {Tools} tools @param {Files} files
 */
function openDesk(tools, files) {
  /** @type {StatementEntry[]} */
  const statements = []
  /**
   * @param {string} type @param {Signer} signer @param {string} qualifyingData
   * @param {Readonly<Record<string, unknown>>} about
   */
  const keep = async (type, signer, qualifyingData, about) => {
    const options = ['-c', `${signer.name}.ctx`, '-g', signer.hash, '-m', 'message', '-s', 'signature']
    await tools.tool('tpm2_verifysignature', ...options)
    const number = String(statements.length).padStart(2, '0')
    const message = `statement-${number}-${type}.attest`
    const signature = `statement-${number}-${type}.sig`
    files.set(message, await tools.read('message'))
    files.set(signature, await tools.read('signature'))
    statements.push({ type, signer: signer.name, message, signature, qualifyingData, about })
  }
  return { tools, files, statements, keep }
}
/** @typedef {ReturnType<typeof openDesk>} Desk */
