import type { KeyObject } from 'node:crypto'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import { checkAttestationKey, type PreparedKey, prepareAttestationKey } from '@trusthold/core/evidence'
import { type Check, fail, skipped } from '@trusthold/core/verdict'
import { importPublicKey, parsePublicKey, readPem } from '@trusthold/core/x509'
import type { Input } from '../input.js'
import { inFile, UserError } from '../user-error.js'
import { looksLikePublicArea, readPublicArea } from './public-area.js'

/** An attestation key that was read, and what that says of it. */
export interface AttestationKey {
  /** Absent when the key is well-formed but weak or of an algorithm that is not accepted. */
  readonly key?: PreparedKey | KeyObject
  readonly checks: readonly Check[]
}

const sequenceTag = 0x30

/**
 * Reads an attestation key: TPM2B_PUBLIC, TPMT_PUBLIC, or a SubjectPublicKeyInfo in PEM or DER, told apart by content.
 * @throws UserError for anything else
 */
export function readAttestationKey(input: Input): AttestationKey {
  const { bytes } = input
  if (looksLikePublicArea(bytes)) return readTpmKey(input)
  if (bytes[0] === sequenceTag) return readBareKey(input.name, bytes)
  const text = Buffer.from(bytes).toString('latin1')
  if (text.includes('-----BEGIN ')) return readPemKey(input.name, text)
  throw new UserError(
    `${input.name}: expected at offset 0 a TPM2B_PUBLIC, a TPMT_PUBLIC or a public key in PEM or DER, found none of them`,
  )
}

function readTpmKey(input: Input): AttestationKey {
  const { bytes, value } = readPublicArea(input)
  const attributes = checkAttestationKey(value)
  return usable(() => prepareAttestationKey(bytes), [attributes])
}

function readPemKey(name: string, text: string): AttestationKey {
  const [block, ...more] = inFile(name, () => readPem(text))
  if (block?.label !== 'PUBLIC KEY' || more.length > 0) {
    const found = more.length > 0 ? `${more.length + 1} blocks` : JSON.stringify(block?.label ?? 'no block')
    throw new UserError(`${name}: expected one PEM block PUBLIC KEY, found ${found}`)
  }
  return readBareKey(name, block.der)
}

function readBareKey(name: string, spki: Uint8Array): AttestationKey {
  const certified = inFile(name, () => parsePublicKey(spki))
  const reason = 'a bare public key has no attributes: whether only a TPM can sign with it is not known'
  return usable(() => importPublicKey(certified), [skipped('attestation-key.attributes', reason)])
}

/** A well-formed key that cannot be used is evidence that fails, not a mistake of whoever asks. */
function usable(prepare: () => PreparedKey | KeyObject, checks: readonly Check[]): AttestationKey {
  try {
    return { key: prepare(), checks }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { checks: [...checks, fail('attestation-key.accepted', describeError(error))] }
  }
}
