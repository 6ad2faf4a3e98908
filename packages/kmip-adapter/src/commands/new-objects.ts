import { SecretBytes } from '@trusthold/core/bytes'
import type { ManagedObject } from '../protocol/index.js'
import type { Enumerated } from '../ttlv/index.js'

type Algorithm = Exclude<Enumerated<'CryptographicAlgorithm'>, number>
type Format = Exclude<Enumerated<'KeyFormatType'>, number>

const toSecret = (bytes: Uint8Array | SecretBytes): SecretBytes =>
  bytes instanceof SecretBytes ? bytes : SecretBytes.from(bytes)

/** A symmetric key to register or import: its bytes, and the algorithm. */
export function symmetricKeyObject(algorithm: Algorithm, key: Uint8Array | SecretBytes): ManagedObject {
  return {
    objectType: 'SymmetricKey',
    object: {
      keyBlock: {
        keyFormatType: 'Raw',
        keyValue: { keyMaterial: toSecret(key) },
        cryptographicAlgorithm: algorithm,
        cryptographicLength: key.length * 8,
      },
    },
  }
}

/** What is said of a key whose bytes do not say it. */
export interface AsymmetricKeyForm {
  /** KMIP's name, such as `RSA` or `EC`. */
  readonly algorithm: Algorithm
  /** Length in bits. */
  readonly length: number
  /** How the bytes are to be read: `PKCS_8` for private and `X_509` for public keys by default. */
  readonly format?: Format
}

/** A private key to register or import. */
export function privateKeyObject(form: AsymmetricKeyForm, key: Uint8Array | SecretBytes): ManagedObject {
  const { algorithm, length, format = 'PKCS_8' } = form
  return {
    objectType: 'PrivateKey',
    object: {
      keyBlock: {
        keyFormatType: format,
        keyValue: { keyMaterial: toSecret(key) },
        cryptographicAlgorithm: algorithm,
        cryptographicLength: length,
      },
    },
  }
}

/** A public key to register or import. */
export function publicKeyObject(form: AsymmetricKeyForm, key: Uint8Array): ManagedObject {
  const { algorithm, length, format = 'X_509' } = form
  return {
    objectType: 'PublicKey',
    object: {
      keyBlock: {
        keyFormatType: format,
        keyValue: { keyMaterial: SecretBytes.from(key) },
        cryptographicAlgorithm: algorithm,
        cryptographicLength: length,
      },
    },
  }
}

/** A certificate to register or import: DER. */
export function certificateObject(certificate: Uint8Array): ManagedObject {
  return {
    objectType: 'Certificate',
    object: { certificateType: 'X_509', certificateValue: certificate },
  }
}

/** A password or a seed to register or import. */
export function secretDataObject(
  type: Exclude<Enumerated<'SecretDataType'>, number>,
  value: Uint8Array | SecretBytes,
): ManagedObject {
  return {
    objectType: 'SecretData',
    object: {
      secretDataType: type,
      keyBlock: {
        keyFormatType: type === 'Seed' ? 'Raw' : 'Opaque',
        keyValue: { keyMaterial: toSecret(value) },
      },
    },
  }
}

/**
 * Bytes that the server cannot interpret, to register or import.
 * @param type a number of one's own, from 0x80000000
 */
export function opaqueObject(value: Uint8Array | SecretBytes, type = 0x8000_0000): ManagedObject {
  return {
    objectType: 'OpaqueObject',
    object: { opaqueDataType: type, opaqueDataValue: toSecret(value) },
  }
}
