import { SecretBytes } from '@trusthold/core/bytes'
import { type Kind, typeSet } from '../ttlv/index.js'

/**
 * Big Integer that is secret, such as a private exponent, as it is on the wire: two's complement, big-endian, a
 * multiple of 8 bytes. {@link toSecretInteger} makes one.
 */
export const secretInteger: Kind<SecretBytes> = {
  types: typeSet('BigInteger'),
  read: (frame, _type, at, length) => SecretBytes.take(frame.bytes.slice(at, at + length)),
  write(writer, tag, value) {
    if (!(value instanceof SecretBytes)) writer.reject('secret bytes', typeof value)
    if (value.length === 0 || value.length % 8 !== 0) {
      writer.reject('a multiple of 8 bytes', `${value.length} bytes`)
    }
    value.use((plain) => writer.bytes(tag, 'BigInteger', plain))
  },
}

/**
 * The secret integer of an unsigned number.
 * @param magnitude big-endian, of any length; copied
 */
export function toSecretInteger(magnitude: SecretBytes): SecretBytes {
  return magnitude.use((bytes) => {
    const isHighBitSet = ((bytes[0] ?? 0) & 0x80) !== 0
    const width = Math.max(8, Math.ceil((bytes.length + (isHighBitSet ? 1 : 0)) / 8) * 8)
    const integer = new Uint8Array(width)
    integer.set(bytes, width - bytes.length)
    return SecretBytes.take(integer)
  })
}
