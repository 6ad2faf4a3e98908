import { toHex } from '../bytes/index.js'
import { refuse } from './failure.js'

/** The value of an INTEGER's content, which must not be negative. */
export function unsigned(content: ArrayBuffer, path: string): bigint {
  const octets = new Uint8Array(content)
  if ((octets[0] ?? 0x80) >= 0x80) refuse(path, 'a non-negative integer', 'a negative one')
  return BigInt(`0x${toHex(octets)}`)
}

/** An INTEGER as asn1-schema reads it, text when it is long, from 0 to `max`. */
export function smallNumber(value: number | string, max: number, path: string): number {
  if (typeof value === 'number' && value >= 0 && value <= max) return value
  return refuse(path, `an integer from 0 to ${max}`, 'another one')
}
