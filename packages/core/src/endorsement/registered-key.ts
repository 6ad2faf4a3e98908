import type { KeyObject } from 'node:crypto'
import { TrustholdError } from '../errors/index.js'
import type { TpmtPublic } from '../tpm2/index.js'
import { parsePublicKey, readPem } from '../x509/index.js'
import { type EkCertificate, parseEkCertificate } from './ek-certificate.js'
import {
  canonicalSpki,
  checkEkPublicArea,
  importEndorsementKey,
  keyIdOf,
  keyKindOf,
} from './ek-public-area.js'

/** What an endorsement key can be registered from. */
export type RegisteredKeyInput =
  /** PEM with one `PUBLIC KEY` or one `CERTIFICATE`. */
  | { readonly pem: string }
  /** SubjectPublicKeyInfo, DER. */
  | { readonly spki: Uint8Array }
  /** The key's public area, as the TPM gives it. */
  | { readonly publicArea: TpmtPublic }
  /** EK certificate, DER. */
  | { readonly certificate: Uint8Array }

/** An endorsement key to be registered. */
export interface RegisteredKey {
  /** See {@link endorsementKeyId}. */
  readonly id: string
  /** SubjectPublicKeyInfo, DER; the one thing that has to be kept. */
  readonly spki: Uint8Array
  /** Algorithm and size, such as `rsa-2048`. */
  readonly kind: string
  /** When the key came in a certificate. Who signed it is for the caller to prove, by {@link proveEkCertificate}. */
  readonly certificate?: EkCertificate
}

/**
 * Reads an endorsement key that is to be registered. A public area and a certificate must be of an EK; a bare public
 * key cannot show that, the judgement of the host's own public area does.
 * @throws CERTIFICATE_INVALID, CERTIFICATE_BUNDLE_INVALID, TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED
 */
export function readRegisteredKey(input: RegisteredKeyInput): RegisteredKey {
  if ('publicArea' in input) return registered(checkEkPublicArea(input.publicArea))
  if ('certificate' in input) return fromCertificate(input.certificate)
  if ('spki' in input) return fromSpki(input.spki)
  return fromPem(input.pem)
}

function fromPem(pem: string): RegisteredKey {
  const [block, ...more] = readPem(pem)
  if (block === undefined || more.length > 0) failPem('not one block')
  if (block.label === 'CERTIFICATE') return fromCertificate(block.der)
  if (block.label === 'PUBLIC KEY') return fromSpki(block.der)
  return failPem(`the block is ${JSON.stringify(block.label.slice(0, 40))}, not a public key or certificate`)
}

function fromSpki(spki: Uint8Array): RegisteredKey {
  return registered(importEndorsementKey(parsePublicKey(spki)))
}

function fromCertificate(der: Uint8Array): RegisteredKey {
  const certificate = parseEkCertificate(der)
  return { ...registered(importEndorsementKey(certificate.certificate.publicKey)), certificate }
}

function registered(key: KeyObject): RegisteredKey {
  return { id: keyIdOf(key), spki: canonicalSpki(key), kind: keyKindOf(key) }
}

function failPem(reason: string): never {
  throw new TrustholdError('CERTIFICATE_BUNDLE_INVALID', { format: 'PEM', reason })
}
