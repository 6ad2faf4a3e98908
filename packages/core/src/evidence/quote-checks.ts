import type { KeyObject } from 'node:crypto'
import { constantTimeEqual, equalBytes, toHex } from '../bytes/index.js'
import { describeError } from '../errors/index.js'
import {
  type BankSelection,
  equalPcrSelections,
  type HashAlgorithm,
  hashFacts,
  matchesPcrDigest,
  type TpmlPcrSelection,
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
  if (signed.some(({ bank }, i) => signed.findIndex((other) => other.bank === bank) !== i)) {
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
  const { pcrSelect, pcrDigest } = attest.attested
  if (!isSelectionOf(pcrSelect, pcrs)) {
    const given = pcrs.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))
    const covered = show(toBankSelections(pcrSelect))
    return fail(id, `PCR values are given for ${show(given)}, the quote covers ${covered}`)
  }
  const values: Uint8Array[] = []
  for (const [i, { hash: bank }] of pcrSelect.entries()) {
    const { size } = hashFacts(bank)
    for (const value of pcrs[i]?.values.values() ?? []) {
      // The digest covers the values joined: where one ends and the next starts, only their length tells.
      if (value.length !== size) return fail(id, `a PCR value of bank ${bank} has ${value.length} bytes`)
      values.push(value)
    }
  }
  return matchesPcrDigest(hash, values, pcrDigest)
    ? pass(id, 'the PCR values are those that were quoted')
    : fail(id, 'the digest over the PCR values is not the quoted one')
}

/** Same banks, same PCRs, same order. Walks both side by side: this is on the way of every attestation. */
function isSelectionOf(selection: TpmlPcrSelection, pcrs: readonly PcrValues[]): boolean {
  if (selection.length !== pcrs.length) return false
  for (const [i, { hash, pcrs: selected }] of selection.entries()) {
    const given = pcrs[i]
    if (given?.bank !== hash || given.values.size !== selected.length) return false
    let next = 0
    for (const pcr of given.values.keys()) if (pcr !== selected[next++]) return false
  }
  return true
}
