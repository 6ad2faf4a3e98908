import { type ResponseCodeName, refuse } from '../response-codes.js'
import type { CommandReader } from './command-reader.js'

/** A type of parameter. */
export interface Field<T> {
  /** Whether it starts with a size field (TPM2B), so that it can be encrypted when it comes first. */
  readonly sized?: boolean
  read(reader: CommandReader): T
}

/** What a field reads. */
export type FieldValue<F> = F extends Field<infer T> ? T : never

/** Fields one after the other. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What fields read. */
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: FieldValue<F[K]> }

/** UINT8. */
export const u8: Field<number> = { read: (r) => r.u8() }
/** UINT16. */
export const u16: Field<number> = { read: (r) => r.u16() }
/** UINT32. */
export const u32: Field<number> = { read: (r) => r.u32() }
/** UINT64. */
export const u64: Field<bigint> = { read: (r) => r.u64() }

/** A number of which only some values are allowed. */
export function oneOf<const V extends number>(
  base: Field<number>,
  values: readonly V[],
  otherwise: ResponseCodeName,
): Field<V> {
  const allowed: ReadonlySet<number> = new Set(values)
  return {
    read(r) {
      const value = base.read(r)
      return allowed.has(value) ? (value as V) : refuse(otherwise)
    },
  }
}

/** A number whose values have names. */
export function named<const N extends string>(
  base: Field<number>,
  names: Readonly<Record<N, number>>,
  otherwise: ResponseCodeName,
): Field<N> {
  const byValue = new Map<number, N>(Object.entries<number>(names).map(([name, value]) => [value, name as N]))
  return { read: (r) => byValue.get(base.read(r)) ?? refuse(otherwise) }
}

/** TPMI_YES_NO. Part 2, section 9.2. */
export const yesNo: Field<boolean> = {
  read(r) {
    const value = r.u8()
    return value > 1 ? refuse('VALUE') : value === 1
  },
}

/** TPM2B of bytes, at most `max`. Part 2, section 10.4. */
export function buffer(max: number): Field<Uint8Array> {
  return {
    sized: true,
    read(r) {
      const size = r.u16()
      return size > max ? refuse('SIZE') : r.bytes(size)
    },
  }
}

/**
 * TPM2B of a structure, which has to take up exactly the size that is given. As in the reference code the structure is
 * read from the whole rest of the command first, so that a size that is too small is TPM_RC_SIZE.
 */
export function sized<T>(inner: Field<T>): Field<T> {
  return {
    sized: true,
    read(r) {
      const size = r.u16()
      if (size === 0) refuse('SIZE')
      const start = r.offset
      const value = inner.read(r)
      return r.offset - start === size ? value : refuse('SIZE')
    },
  }
}

/** As {@link sized}, or nothing: size 0. */
export function sizedOrEmpty<T>(inner: Field<T>): Field<T | undefined> {
  return {
    sized: true,
    read(r) {
      const size = r.u16()
      if (size === 0) return undefined
      const start = r.offset
      const value = inner.read(r)
      return r.offset - start === size ? value : refuse('SIZE')
    },
  }
}

/** A TPML: a count within limits and that many values. */
export function list<T>(inner: Field<T>, most: number, fewest = 0): Field<readonly T[]> {
  return {
    read(r) {
      const count = r.u32()
      if (count < fewest || count > most) refuse('SIZE')
      return Array.from({ length: count }, () => inner.read(r))
    },
  }
}

/** Fields one after the other. */
export function structure<const F extends Fields>(fields: F): Field<FieldValues<F>> {
  const entries = Object.entries(fields)
  return {
    read: (r) => Object.fromEntries(entries.map(([name, field]) => [name, field.read(r)])) as FieldValues<F>,
  }
}
