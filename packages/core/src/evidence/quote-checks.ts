import type { KeyObject } from 'node:crypto'
import { constantTimeEqual, equalBytes, toHex } from '../bytes/index.js'
import { describeError } from '../errors/index.js'
import {
  type BankSelection,
  digestOf,
  equalPcrSelections,
  type HashAlgorithm,
  hashFacts,
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
  const joined = joinValues(pcrSelect, pcrs)
  if (joined === undefined) return fail(id, describeMismatch(pcrSelect, pcrs))
  return equalBytes(digestOf(hash, joined), pcrDigest)
    ? pass(id, 'the PCR values are those that were quoted')
    : fail(id, 'the digest over the PCR values is not the quoted one')
}

/**
 * The values of a selection, one after the other; undefined when there are others, or some of another size: where one
 * ends and the next starts, only their size tells. One pass and one allocation: it is on the way of every attestation.
 */
function joinValues(selection: TpmlPcrSelection, pcrs: readonly PcrValues[]): Uint8Array | undefined {
  if (selection.length !== pcrs.length) return undefined
  const length = selection.reduce((sum, { hash, pcrs: { length } }) => sum + hashFacts(hash).size * length, 0)
  const joined = Buffer.allocUnsafe(length)
  let offset = 0
  for (const [i, { hash, pcrs: selected }] of selection.entries()) {
    const { size } = hashFacts(hash)
    const { bank, values } = pcrs[i] as PcrValues
    if (bank !== hash || values.size !== selected.length) return undefined
    let next = 0
    // Keys and look-ups in the place of entries: those would make an array for each value.
    for (const pcr of values.keys()) {
      const value = values.get(pcr) as Uint8Array
      if (pcr !== selected[next++] || value.length !== size) return undefined
      joined.set(value, offset)
      offset += size
    }
  }
  return joined
}

function describeMismatch(selection: TpmlPcrSelection, pcrs: readonly PcrValues[]): string {
  const given = pcrs.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))
  const covered = toBankSelections(selection)
  if (!equalPcrSelections(covered, given)) {
    return `PCR values are given for ${show(given)}, the quote covers ${show(covered)}`
  }
  const sizes = pcrs.map(({ bank, values }) => `${bank}:${[...values.values()].map(({ length }) => length)}`)
  return `PCR values have sizes that are not those of their banks: ${sizes.join('+')} bytes`
}
