import type { KeyObject } from 'node:crypto'
import { constantTimeEqual, equalBytes, toHex } from '../bytes/index.js'
import { describeError } from '../errors/index.js'
import {
  type BankSelection,
  equalPcrSelections,
  type HashAlgorithm,
  pcrDigest,
  type TpmsAttest,
  type TpmtSignature,
  toBankSelections,
  verifySignature,
} from '../tpm2/index.js'
import { type Check, fail, pass } from '../verdict/index.js'
import type { PreparedKey } from './attestation-key.js'

/** A TPMS_ATTEST that is a quote. */
export type QuoteAttest = Extract<TpmsAttest, { type: 'quote' }>

/** Values of the PCRs of one bank. */
export interface PcrValues {
  readonly bank: string
  readonly values: ReadonlyMap<number, Uint8Array>
}

const show = (selection: readonly BankSelection[]): string =>
  selection.map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`).join('+') || 'nothing'

/** The quoted key's qualified name is one that this attestation key can have. */
export function checkSigner(attest: QuoteAttest, names: readonly Uint8Array[]): Check {
  const id = 'quote.signer'
  return names.some((name) => equalBytes(name, attest.qualifiedSigner))
    ? pass(id, 'the quote names the attestation key')
    : fail(id, `the quote names another key, ${toHex(attest.qualifiedSigner)}`)
}

/** The qualifying data is exactly the expected one. */
export function checkNonce(attest: QuoteAttest, expected: Uint8Array): Check {
  const id = 'quote.nonce'
  if (expected.length === 0) return fail(id, 'expected a nonce, none was given to compare with')
  return constantTimeEqual(attest.extraData, expected)
    ? pass(id, 'the quote answers this challenge')
    : fail(id, 'the qualifying data is not that of this challenge')
}

/**
 * The selection that was signed is the one that was asked for, and names each bank once. Without an expected one it
 * still has to name at least one PCR.
 */
export function checkSelection(attest: QuoteAttest, expected: readonly BankSelection[] | undefined): Check {
  const id = 'quote.selection'
  const signed = toBankSelections(attest.attested.pcrSelect)
  if (signed.length === 0 || signed.some(({ pcrs }) => pcrs.length === 0)) {
    return fail(id, `the quote covers ${show(signed)}: a bank without PCRs proves nothing`)
  }
  if (new Set(signed.map(({ bank }) => bank)).size !== signed.length) {
    return fail(id, `the quote names a bank twice: ${show(signed)}`)
  }
  if (expected !== undefined && !equalPcrSelections(signed, expected)) {
    return fail(id, `expected ${show(expected)}, the quote covers ${show(signed)}`)
  }
  return pass(id, 'the quote covers the PCRs that are judged')
}

/** The signature over the received bytes is the attestation key's. */
export function checkSignature(
  key: PreparedKey | KeyObject,
  signature: TpmtSignature,
  message: Uint8Array,
  allowSha1: boolean,
): Check {
  const id = 'quote.signature'
  try {
    const options =
      'publicArea' in key
        ? { key: key.key, publicArea: key.public, signature, message, allowSha1 }
        : { key, signature, message, allowSha1 }
    return verifySignature(options)
      ? pass(id, 'the quote is signed with the attestation key')
      : fail(id, 'the signature does not verify with the attestation key')
  } catch (error) {
    return fail(id, describeError(error))
  }
}

/**
 * The PCR values are exactly those of the signed selection, and their digest is the signed one. The digest's algorithm
 * is that of the signature (Part 3, TPM2_Quote).
 */
export function checkPcrDigest(attest: QuoteAttest, hash: HashAlgorithm, pcrs: readonly PcrValues[]): Check {
  const id = 'quote.pcr-digest'
  const signed = attest.attested.pcrSelect
  const given = pcrs.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))
  if (!equalPcrSelections(toBankSelections(signed), given)) {
    return fail(
      id,
      `PCR values are given for ${show(given)}, the quote covers ${show(toBankSelections(signed))}`,
    )
  }
  const values = pcrs.flatMap((bank) => [...bank.values.values()])
  return equalBytes(pcrDigest(hash, values), attest.attested.pcrDigest)
    ? pass(id, 'the PCR values are those that were quoted')
    : fail(id, 'the digest over the PCR values is not the quoted one')
}
