import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { concatBytes, type SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { RandomSource } from '@trusthold/core/ports'

/**
 * Encrypts and authenticates what the store holds, and makes the names under which it is found. Both from one
 * key-encryption key, which the store never sees.
 */
export interface Sealer {
  /** Seals a record for one place in the store. */
  seal(place: string, plain: Uint8Array): Uint8Array
  /**
   * Opens what was sealed for this place.
   * @throws STORE_CORRUPT when it was changed, was sealed for another place or with another key
   */
  open(place: string, sealed: Uint8Array): Uint8Array
  /** A name in the store for these texts that does not tell them: 32 hexadecimal characters. */
  hide(...texts: readonly string[]): string
}

const algorithm = 'aes-256-gcm'
/** First byte of everything sealed: the form of what follows. */
const form = 1
const nonceLength = 12
const tagLength = 16
const keyLength = 32

function deriveKey(root: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', root, new Uint8Array(), `trusthold kmip server ${purpose}`, 32))
}

function corrupt(key: string): TrustholdError<'STORE_CORRUPT'> {
  return new TrustholdError('STORE_CORRUPT', { key, reason: 'it does not open with this key-encryption key' })
}

/** Lengths before the texts keep `a, bc` and `ab, c` apart. */
function frame(texts: readonly string[]): Uint8Array {
  return concatBytes(...texts.flatMap((text) => [utf8(`${utf8(text).length}:`), utf8(text)]))
}

/**
 * Makes a sealer: AES-256-GCM under a random nonce of 96 bits, with the place as additional data, so that a record
 * cannot be moved to another object or owner (NIST SP 800-38D, section 8.2.2: at most 2^32 records under one key).
 * @param keyEncryptionKey 32 bytes; a copy is kept
 * @throws CONFIGURATION_INVALID for another length
 */
export function createSealer(keyEncryptionKey: SecretBytes, random: RandomSource): Sealer {
  if (keyEncryptionKey.length !== keyLength) {
    const reason = `expected ${keyLength} bytes, found ${keyEncryptionKey.length}`
    throw new TrustholdError('CONFIGURATION_INVALID', { name: 'keyEncryptionKey', reason })
  }
  const [sealingKey, namingKey] = keyEncryptionKey.use((root) => [
    deriveKey(root, 'records'),
    deriveKey(root, 'names'),
  ]) as [Uint8Array, Uint8Array]
  return {
    seal(place, plain) {
      const nonce = random.bytes(nonceLength)
      const cipher = createCipheriv(algorithm, sealingKey, nonce).setAAD(utf8(place))
      const body = cipher.update(plain)
      cipher.final()
      return concatBytes(Uint8Array.of(form), nonce, body, cipher.getAuthTag())
    },
    open(place, sealed) {
      const start = 1 + nonceLength
      const end = sealed.length - tagLength
      if (sealed[0] !== form || end < start) throw corrupt(place)
      const decipher = createDecipheriv(algorithm, sealingKey, sealed.subarray(1, start), {
        authTagLength: tagLength,
      }).setAAD(utf8(place))
      decipher.setAuthTag(sealed.subarray(end))
      const plain = decipher.update(sealed.subarray(start, end))
      try {
        decipher.final()
      } catch {
        plain.fill(0)
        throw corrupt(place)
      }
      return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
    },
    hide: (...texts) =>
      toHex(new Uint8Array(createHmac('sha256', namingKey).update(frame(texts)).digest())).slice(0, 32),
  }
}
