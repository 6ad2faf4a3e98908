import { isUtf8 } from 'node:buffer'
import { TrustholdError } from '../errors/index.js'

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function copyOf(decoded: Buffer): Uint8Array {
  return new Uint8Array(decoded)
}

/** Lower-case hexadecimal of the bytes. */
export function toHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex')
}

/**
 * Bytes of a hexadecimal text, upper or lower case, no separators.
 * @throws BYTES_ENCODING for any other character or an odd length
 */
export function fromHex(text: string): Uint8Array {
  const bad = text.search(/[^0-9a-fA-F]/)
  if (bad !== -1 || text.length % 2 !== 0) {
    throw new TrustholdError('BYTES_ENCODING', {
      encoding: 'hex',
      position: bad === -1 ? text.length : bad,
      length: text.length,
    })
  }
  return copyOf(Buffer.from(text, 'hex'))
}

/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64')
}

/**
 * Bytes of a base64 text: padded, no white space, and canonical, so that one value has one text.
 * @throws BYTES_ENCODING otherwise
 */
export function fromBase64(text: string): Uint8Array {
  return decodeCanonical(text, 'base64')
}

/** Base64url without padding (RFC 4648 section 5, RFC 7515). */
export function toBase64url(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64url')
}

/** Base64url without padding of a text's UTF-8 bytes. */
export function textToBase64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/**
 * Bytes of a base64url text: unpadded and canonical, so that one value has one text.
 * @throws BYTES_ENCODING otherwise
 */
export function fromBase64url(text: string): Uint8Array {
  return decodeCanonical(text, 'base64url')
}

// Node's decoder skips what it does not know; only a text that it would write itself is accepted.
function decodeCanonical(text: string, encoding: 'base64' | 'base64url'): Uint8Array {
  const decoded = Buffer.from(text, encoding)
  const again = decoded.toString(encoding)
  if (again !== text) {
    let position = 0
    while (position < again.length && again[position] === text[position]) position++
    throw new TrustholdError('BYTES_ENCODING', { encoding, position, length: text.length })
  }
  return copyOf(decoded)
}

/**
 * Text of UTF-8 bytes; a byte order mark is a character of it.
 * @throws BYTES_ENCODING for bytes that are not UTF-8
 */
export function fromUtf8(bytes: Uint8Array): string {
  const text = viewOf(bytes).toString('utf8')
  if (!isUtf8(bytes)) {
    const again = Buffer.from(text)
    const position = bytes.findIndex((byte, i) => byte !== again[i])
    throw new TrustholdError('BYTES_ENCODING', { encoding: 'utf-8', position, length: bytes.length })
  }
  return text
}
