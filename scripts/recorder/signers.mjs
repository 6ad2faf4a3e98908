/**
 * Keys that sign statements: restricted primary keys of the endorsement hierarchy, one for each way to sign.
 * @module
 */
import { publicArea } from './attestation.mjs'

/** @typedef {import('./attestation.mjs').Tools} Tools */

const attributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
const rsaHashes = ['sha256', 'sha384', 'sha512']
/** All of them; `algorithm` as `tpm2_createprimary` calls it. */
export const signers = [
  ...rsaHashes.map((hash) => ({ kind: 'rsa-2048', algorithm: 'rsa2048', scheme: 'rsassa', hash })),
  ...rsaHashes.map((hash) => ({ kind: 'rsa-2048', algorithm: 'rsa2048', scheme: 'rsapss', hash })),
  { kind: 'rsa-3072', algorithm: 'rsa3072', scheme: 'rsassa', hash: 'sha384' },
  { kind: 'ecc-p256', algorithm: 'ecc256', scheme: 'ecdsa', hash: 'sha256' },
  { kind: 'ecc-p256', algorithm: 'ecc256', scheme: 'ecdsa', hash: 'sha512' },
  { kind: 'ecc-p384', algorithm: 'ecc384', scheme: 'ecdsa', hash: 'sha384' },
  { kind: 'ecc-p521', algorithm: 'ecc521', scheme: 'ecdsa', hash: 'sha512' },
].map((signer) => ({ ...signer, name: `${signer.kind}-${signer.scheme}-${signer.hash}` }))
/** @typedef {(typeof signers)[number]} Signer */

/** Signers of all kinds of statements, and of quotes over every selection. */
export const versatile = ['rsa-2048-rsassa-sha256', 'rsa-2048-rsapss-sha384', 'ecc-p384-ecdsa-sha384'].map(
  signerOf,
)
/** Signer of the quotes between which the TPM restarts. */
export const lasting = signerOf('ecc-p256-ecdsa-sha256')

/** @param {string} name @returns {Signer} */
function signerOf(name) {
  const signer = signers.find((one) => one.name === name)
  if (signer === undefined) throw new Error(`no signer ${name}`)
  return signer
}

/**
 * Makes a key; the same again as long as the TPM has the same seeds.
 * @param {Tools} tools @param {Signer} signer
 */
export async function createSigner({ tool }, { name, algorithm, scheme, hash }) {
  const template = ['-G', `${algorithm}:${scheme}-${hash}:null`, '-g', 'sha256', '-a', attributes]
  await tool('tpm2_createprimary', '-C', 'e', ...template, '-c', `${name}.ctx`)
}

/** @param {Tools} tools @param {Signer} signer @returns {Promise<Uint8Array>} TPMT_PUBLIC */
export async function readSigner({ tool, read }, { name }) {
  await tool('tpm2_readpublic', '-c', `${name}.ctx`, '-o', `${name}.pem`, '-f', 'pem')
  await tool('tpm2_readpublic', '-c', `${name}.ctx`, '-o', 'signer.pub', '-f', 'tss')
  return publicArea(await read('signer.pub'))
}
