import { utf8 } from '../bytes/index.js'
import { digestOf } from '../tpm2/index.js'

const domain = utf8('trusthold/tpm2-quote/v1')

/** What ties a quote to one attestation. */
export interface QuoteBinding {
  /** The service's nonce, 32 bytes. */
  nonce: Uint8Array
  /** What TPM2_ActivateCredential gave: only the TPM of that endorsement key can know it. */
  activationSecret: Uint8Array
  /** SHA-256 thumbprint (RFC 7638) of the key that the token will be bound to. */
  bindingKeyThumbprint: Uint8Array
}

/**
 * The qualifying data of the quote: SHA-256 over domain, nonce, activation secret and binding key thumbprint, each
 * with its length (16 bits, big-endian) before it, so that no two different tuples give the same bytes.
 */
export function qualifyingData(binding: QuoteBinding): Uint8Array {
  const parts = [domain, binding.nonce, binding.activationSecret, binding.bindingKeyThumbprint]
  const message = new Uint8Array(parts.reduce((length, part) => length + 2 + part.length, 0))
  let at = 0
  for (const part of parts) {
    message[at++] = part.length >> 8
    message[at++] = part.length
    message.set(part, at)
    at += part.length
  }
  return digestOf('sha256', message)
}
