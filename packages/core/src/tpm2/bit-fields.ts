import type { Codec, Writer } from '../codec/index.js'

/**
 * A part of a word: the position of a flag's bit, or position and width of a number, which may have names for its
 * values.
 */
export type BitField =
  | number
  | {
      readonly at: number
      readonly width: number
      readonly names?: Readonly<Record<string, number>>
    }

type BitFieldValue<F> = F extends number
  ? boolean
  : F extends { readonly names: infer N }
    ? keyof N & string
    : number

/** The value of each bit field: flags are truth values, numbers are numbers or, where they have names, names. */
export type BitFieldValues<F extends Readonly<Record<string, BitField>>> = {
  readonly [K in keyof F]: BitFieldValue<F[K]>
}

/** How the bits of one field, shifted down, and its value become each other; undefined when there is no such value. */
interface Part {
  readonly key: string
  readonly shift: number
  readonly mask: number
  toValue(bits: number): unknown
  toBits(value: unknown): number | undefined
}

function flagPart(key: string, shift: number): Part {
  return { key, shift, mask: 1, toValue: (bits) => bits === 1, toBits: (value) => (value === true ? 1 : 0) }
}

function numberPart(key: string, shift: number, mask: number): Part {
  const toBits = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mask ? value : undefined
  return { key, shift, mask, toValue: (bits) => bits, toBits }
}

function namedPart(key: string, shift: number, mask: number, names: Readonly<Record<string, number>>): Part {
  const byBits = new Map(Object.entries(names).map(([name, bits]) => [bits, name]))
  const byName = new Map<unknown, number>(Object.entries(names))
  return { key, shift, mask, toValue: (bits) => byBits.get(bits), toBits: (value) => byName.get(value) }
}

function partOf(key: string, field: BitField): Part {
  if (typeof field === 'number') return flagPart(key, field)
  const mask = 2 ** field.width - 1
  return field.names === undefined
    ? numberPart(key, field.at, mask)
    : namedPart(key, field.at, mask, field.names)
}

const hex = (value: number): string => `0x${value.toString(16)}`

/**
 * A word of up to 32 bits that holds flags and small numbers (the TPMA_* types of Part 2, section 8). Bits that no field
 * covers are reserved and refused, and so are numbers without a name where the values have names.
 */
export function bitFields<const F extends Readonly<Record<string, BitField>>>(
  name: string,
  base: Codec<number>,
  fields: F,
): Codec<BitFieldValues<F>> {
  const parts = Object.entries(fields).map(([key, field]) => partOf(key, field))
  const known = parts.reduce((all, { mask, shift }) => (all | (mask << shift)) >>> 0, 0)
  return {
    name,
    read(r) {
      const at = r.offset
      const word = base.read(r)
      const reserved = (word & ~known) >>> 0
      if (reserved !== 0) r.reject(`reserved bits of ${name} clear`, hex(reserved), at)
      const values: Record<string, unknown> = {}
      for (const { key, shift, mask, toValue } of parts) {
        const bits = (word >>> shift) & mask
        values[key] = toValue(bits) ?? r.reject(`a value of ${name}.${key}`, hex(bits), at)
      }
      return values as BitFieldValues<F>
    },
    write(w: Writer, v) {
      const values: Readonly<Record<string, unknown>> = v
      let word = 0
      for (const { key, shift, toBits } of parts) {
        const bits = toBits(values[key])
        if (bits === undefined) w.reject(`a value of ${name}.${key}`, String(values[key]))
        word = (word | (bits << shift)) >>> 0
      }
      base.write(w, word)
    },
  }
}
