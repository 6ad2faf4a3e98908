import type { Codec, Infer } from './codec.js'
import { within } from './failure.js'
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

/** The fields of a structure, in wire order. */
export type Fields = Readonly<Record<string, Codec<unknown>>>

/** The value of each field. */
export type Values<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

type FieldList = readonly (readonly [string, Codec<unknown>])[]
type Target = Record<string, unknown>

function readFields(fields: FieldList, reader: Reader, into: Target): void {
  let i = 0
  try {
    for (; i < fields.length; i++) {
      const [name, codec] = fields[i] as FieldList[number]
      into[name] = codec.read(reader)
    }
  } catch (error) {
    throw within(error, (fields[i] as FieldList[number])[0])
  }
}

function writeFields(fields: FieldList, writer: Writer, from: Target): void {
  for (const [name, codec] of fields) {
    try {
      codec.write(writer, from[name])
    } catch (error) {
      throw within(error, name)
    }
  }
}

/** Fields one after the other. */
export function struct<const F extends Fields>(name: string, fields: F): Codec<Values<F>> {
  const list: FieldList = Object.entries(fields)
  return {
    name,
    read(r: Reader) {
      const value: Target = {}
      readFields(list, r, value)
      return value as Values<F>
    },
    write(w: Writer, v) {
      writeFields(list, w, v as Target)
    },
  }
}

type Variant<H extends Fields, K extends keyof H, A extends Readonly<Record<string, Fields>>> = {
  [T in keyof A & string]: Omit<Values<H>, K> & { readonly [P in K]: T } & Values<A[T]>
}[keyof A & string]

/** Arms may be named only after values that the selector can have. */
type OnlyFor<S, A> = Readonly<Record<Exclude<keyof A, S & string>, never>>

/**
 * Fields whose tail depends on one of them: the value is a union that narrows on the selector. A selector value that
 * has no arm is refused. Covers every tagged union of TPM 2.0 Part 2, where the selector always comes first and the
 * union last.
 */
export function variant<
  const H extends Fields,
  const K extends keyof H & string,
  const A extends Readonly<Record<string, Fields>>,
>(name: string, head: H, selector: K, arms: A & OnlyFor<Infer<H[K]>, A>): Codec<Variant<H, K, A>> {
  const headList: FieldList = Object.entries(head)
  const split = headList.findIndex(([field]) => field === selector)
  const [before, fromSelector] = [headList.slice(0, split), headList.slice(split)]
  const armLists = new Map<unknown, FieldList>(
    Object.entries<Fields>(arms).map(([key, fields]) => [key, Object.entries(fields)]),
  )
  const expected = `one of ${Object.keys(arms).join(', ')}`

  function armOf(value: Target, reject: (expected: string, actual: string) => never): FieldList {
    try {
      return armLists.get(value[selector]) ?? reject(expected, String(value[selector]))
    } catch (error) {
      throw within(error, selector)
    }
  }

  return {
    name,
    read(r: Reader) {
      const value: Target = {}
      readFields(before, r, value)
      const at = r.offset
      readFields(fromSelector, r, value)
      const arm = armOf(value, (wanted, actual) => r.reject(wanted, actual, at))
      readFields(arm, r, value)
      return value as Variant<H, K, A>
    },
    write(w: Writer, v) {
      const value = v as Target
      const arm = armOf(value, (wanted, actual) => w.reject(wanted, actual))
      writeFields(headList, w, value)
      writeFields(arm, w, value)
    },
  }
}

/** What an error may say of a value: numbers and truth values as they are, of anything else nothing. */
function describeValue(value: unknown): string {
  const plain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  return plain ? String(value) : 'a value that does not meet it'
}

/**
 * Adds a condition. `check` returns what was expected when the value does not meet it.
 */
export function refine<T>(inner: Codec<T>, check: (value: T) => string | undefined): Codec<T> {
  return {
    name: inner.name,
    read(r: Reader) {
      const at = r.offset
      const value = inner.read(r)
      const expected = check(value)
      if (expected !== undefined) r.reject(expected, describeValue(value), at)
      return value
    },
    write(w: Writer, v) {
      const expected = check(v)
      if (expected !== undefined) w.reject(expected, describeValue(v))
      inner.write(w, v)
    },
  }
}
