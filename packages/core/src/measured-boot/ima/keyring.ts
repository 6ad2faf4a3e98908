import { hash as hashOnce, type KeyObject } from 'node:crypto'
import { TrustholdError } from '../../errors/index.js'
import { isCurveKnown } from './ecdsa-digest.js'

/** A public key that files may be signed with. */
export interface ImaKey {
  /** RSA of 2,048 to 16,384 bits, or EC on P-256, P-384, P-521 or secp256k1. */
  readonly key: KeyObject
  /**
   * The last four bytes of its subject key identifier, in hexadecimal, as signatures name it. By default those of the
   * SHA-1 of its public key (RFC 5280, section 4.2.1.2, method 1), which certificates and evmctl use too.
   */
  readonly keyId?: string
  /** For reports; the key's identifier by default. */
  readonly name?: string
}

/** Keys by their identifiers. */
export interface ImaKeyring {
  /** Keys with this identifier: it is short, so there may be several. */
  find(keyId: string): readonly Required<ImaKey>[]
}

/**
 * Makes a keyring of the keys by which files may be signed.
 * @throws ARGUMENT_INVALID for a key that is not public, too weak or too costly, or of an unknown kind or curve; for a
 *   malformed identifier
 */
export function createImaKeyring(keys: readonly ImaKey[]): ImaKeyring {
  const byId = new Map<string, Required<ImaKey>[]>()
  for (const [i, { key, keyId: given, name }] of keys.entries()) {
    const problem = whyUnfit(key)
    if (problem !== undefined) throw argument(`keys[${i}].key`, problem)
    const keyId = given?.toLowerCase() ?? imaKeyId(key)
    if (!/^[0-9a-f]{8}$/.test(keyId)) throw argument(`keys[${i}].keyId`, 'it is not eight hexadecimal digits')
    const found = byId.get(keyId) ?? []
    found.push({ key, keyId, name: name ?? keyId })
    byId.set(keyId, found)
  }
  return { find: (keyId) => byId.get(keyId) ?? [] }
}

/** The identifier by which signatures of files name a public key; eight hexadecimal digits. */
export function imaKeyId(key: KeyObject): string {
  return hashOnce('sha1', publicKeyBits(key.export({ format: 'der', type: 'spki' })), 'hex').slice(-8)
}

/** Content of the bit string in a SubjectPublicKeyInfo that OpenSSL wrote: the sequence's second element. */
function publicKeyBits(spki: Uint8Array): Uint8Array {
  const algorithm = contentAt(spki, contentAt(spki, 0).start)
  const { start, end } = contentAt(spki, algorithm.end)
  return spki.subarray(start + 1, end)
}

function contentAt(der: Uint8Array, at: number): { start: number; end: number } {
  const first = der[at + 1] as number
  const more = first < 0x80 ? 0 : first & 0x7f
  let length = more === 0 ? first : 0
  for (let i = 0; i < more; i++) length = length * 256 + (der[at + 2 + i] as number)
  const start = at + 2 + more
  return { start, end: start + length }
}

function whyUnfit(key: KeyObject): string | undefined {
  if (key.type !== 'public') return 'it is not a public key'
  if (key.asymmetricKeyType === 'ec') return isCurveKnown(key) ? undefined : 'its curve is not known'
  if (key.asymmetricKeyType !== 'rsa') return `keys of type ${key.asymmetricKeyType} are not known`
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < 2048 || modulusLength > 16_384) return `it is an RSA key of ${modulusLength} bits`
  return publicExponent < 65_537n || publicExponent > 2n ** 32n ? 'its exponent is not accepted' : undefined
}

function argument(name: string, reason: string): TrustholdError {
  return new TrustholdError('ARGUMENT_INVALID', { name, reason })
}
