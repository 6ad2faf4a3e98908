import { concatBytes } from '@trusthold/core/bytes'
import type { Enumerated } from '../../ttlv/index.js'
import { refuse } from '../exchange/refusal.js'

interface Padding {
  /** The bytes that fill `count` places. */
  fill(count: number): Uint8Array
  /** Whether what is before the last byte is as `fill` makes it. */
  isFilled(filling: Uint8Array): boolean
}

const pkcs5: Padding = {
  fill: (count) => new Uint8Array(count).fill(count),
  isFilled: (filling) => filling.every((byte) => byte === filling.length),
}

const ansiX923: Padding = {
  fill(count) {
    const filling = new Uint8Array(count)
    filling[count - 1] = count
    return filling
  },
  isFilled: (filling) => filling.subarray(0, -1).every((byte) => byte === 0),
}

const paddings: Readonly<Partial<Record<Enumerated<'PaddingMethod'>, Padding>>> = {
  PKCS5: pkcs5,
  ANSIX9_23: ansiX923,
}

function paddingOf(method: Enumerated<'PaddingMethod'>): Padding {
  return (
    paddings[method] ??
    refuse('UnsupportedCryptographicParameters', `padding by ${method} is not supported for this algorithm`)
  )
}

/** Fills data up to whole blocks; data without a padding method has to be of whole blocks. @throws Refusal */
export function pad(
  method: Enumerated<'PaddingMethod'> | undefined,
  data: Uint8Array,
  block: number,
): Uint8Array {
  if (method === undefined || method === 'None') {
    if (data.length % block === 0) return data
    return refuse('InvalidField', `without padding, data has to be a multiple of ${block} bytes`)
  }
  return concatBytes(data, paddingOf(method).fill(block - (data.length % block)))
}

/**
 * Takes the padding off. That the padding is wrong and that the key is wrong are one refusal.
 * @throws Refusal
 */
export function unpad(
  method: Enumerated<'PaddingMethod'> | undefined,
  data: Uint8Array,
  block: number,
): Uint8Array {
  if (method === undefined || method === 'None') return data
  const { isFilled } = paddingOf(method)
  const count = data.at(-1) ?? 0
  const fits = count >= 1 && count <= block && count <= data.length
  if (!fits || !isFilled(data.subarray(data.length - count))) {
    data.fill(0)
    return refuse('CryptographicFailure', 'the data does not decrypt')
  }
  return data.slice(0, data.length - count)
}
