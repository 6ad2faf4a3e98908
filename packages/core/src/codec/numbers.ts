import type { Codec } from './codec.js'
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** Unsigned 8-bit integer. */
export const u8: Codec<number> = { name: 'u8', read: (r) => r.u8(), write: (w, v) => w.u8(v) }
/** Unsigned 16-bit integer, big-endian. */
export const u16: Codec<number> = { name: 'u16', read: (r) => r.u16(), write: (w, v) => w.u16(v) }
/** Unsigned 32-bit integer, big-endian. */
export const u32: Codec<number> = { name: 'u32', read: (r) => r.u32(), write: (w, v) => w.u32(v) }
/** Unsigned 64-bit integer, big-endian. */
export const u64: Codec<bigint> = { name: 'u64', read: (r) => r.u64(), write: (w, v) => w.u64(v) }
/** Unsigned 16-bit integer, little-endian. */
export const u16le: Codec<number> = {
  name: 'u16le',
  read: (r) => r.u16(true),
  write: (w, v) => w.u16(v, true),
}
/** Unsigned 32-bit integer, little-endian. */
export const u32le: Codec<number> = {
  name: 'u32le',
  read: (r) => r.u32(true),
  write: (w, v) => w.u32(v, true),
}
/** Unsigned 64-bit integer, little-endian. */
export const u64le: Codec<bigint> = {
  name: 'u64le',
  read: (r) => r.u64(true),
  write: (w, v) => w.u64(v, true),
}

/** One byte that is 0 or 1 and nothing else (TPMI_YES_NO). */
export const yesNo: Codec<boolean> = {
  name: 'yesNo',
  read(r: Reader) {
    const at = r.offset
    const value = r.u8()
    if (value > 1) r.reject('0 or 1', String(value), at)
    return value === 1
  },
  write: (w, v) => w.u8(v ? 1 : 0),
}

const hex = (value: number): string => `0x${value.toString(16)}`

/** A number that is always the same. */
export function constant<const V extends number>(base: Codec<number>, value: V): Codec<V> {
  return {
    name: 'constant',
    read(r: Reader) {
      const at = r.offset
      const found = base.read(r)
      if (found !== value) r.reject(hex(value), hex(found), at)
      return value
    },
    write(w: Writer, v) {
      if (v !== value) w.reject(hex(value), String(v))
      base.write(w, value)
    },
  }
}

/** A number with a name for each value; a value without a name is refused. */
export function enumOf<const E extends Readonly<Record<string, number>>>(
  name: string,
  base: Codec<number>,
  values: E,
): Codec<keyof E & string> {
  const names = new Map(Object.entries(values).map(([key, value]) => [value, key]))
  return {
    name,
    read(r: Reader) {
      const at = r.offset
      const value = base.read(r)
      const found = names.get(value)
      if (found === undefined) r.reject(`a value of ${name}`, hex(value), at)
      return found
    },
    write(w: Writer, v) {
      const value = Object.hasOwn(values, v) ? values[v] : undefined
      if (value === undefined) w.reject(`a name of ${name}`, String(v))
      base.write(w, value)
    },
  }
}

/** A number of up to 32 bits, each with a name by its position. Bits without a name are reserved and refused. */
export function flags<const B extends Readonly<Record<string, number>>>(
  name: string,
  base: Codec<number>,
  bits: B,
): Codec<{ readonly [K in keyof B]: boolean }> {
  const entries = Object.entries(bits).map(([key, bit]) => [key, 2 ** bit] as const)
  const known = entries.reduce((all, [, mask]) => (all | mask) >>> 0, 0)
  return {
    name,
    read(r: Reader) {
      const at = r.offset
      const value = base.read(r)
      const reserved = (value & ~known) >>> 0
      if (reserved !== 0) r.reject(`reserved bits of ${name} clear`, hex(reserved), at)
      const set: Record<string, boolean> = {}
      for (const [key, mask] of entries) set[key] = (value & mask) !== 0
      return set as { readonly [K in keyof B]: boolean }
    },
    write(w: Writer, v) {
      let value = 0
      for (const [key, mask] of entries) if (v[key]) value = (value | mask) >>> 0
      base.write(w, value)
    },
  }
}
