import { valueName, valueNumber } from '../enumerations.js'
import { maskBits } from '../registry/masks.js'
import { isKnownTag, tagName, tagNumber } from '../tags.js'
import type { Scope } from './scope.js'

/** A number in hexadecimal, with as many digits as its type has. */
export function toHexNumber(value: number | bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}

/** An enumeration's value by its name, or in hexadecimal when it has none. */
export function formatEnumeration(value: number, { enumeration }: Scope): string {
  const name =
    enumeration === 'Tag'
      ? isKnownTag(value)
        ? tagName(value)
        : undefined
      : enumeration && valueName(enumeration, value)
  return name ?? toHexNumber(value, 8)
}

/** The number of an enumeration's value by its name; undefined when it has none of that name. */
export function parseEnumerationName(name: string, { enumeration }: Scope): number | undefined {
  if (enumeration === undefined) return undefined
  return enumeration === 'Tag' ? tagNumber(name) : valueNumber(enumeration, name)
}

const bitsOf = ({ mask }: Scope): Readonly<Record<string, number>> =>
  mask === undefined ? {} : maskBits[mask]

/**
 * A mask by the names of its bits, and in hexadecimal what has no name; undefined when none is set, or for an integer
 * that is no mask.
 * @param separator what stands between the names: `|` in JSON, a space in XML
 */
export function formatMask(value: number, scope: Scope, separator: string): string | undefined {
  if (scope.mask === undefined || value === 0) return undefined
  const bits = Object.entries(bitsOf(scope)).filter(([, bit]) => (value & bit) !== 0)
  const rest = bits.reduce((left, [, bit]) => left & ~bit, value) >>> 0
  const names = bits.map(([name]) => name)
  return [...names, ...(rest === 0 ? [] : [toHexNumber(rest, 8)])].join(separator)
}

const hexBits = /^0x[0-9a-f]{1,8}$/i

/** The mask that names and hexadecimal numbers make; undefined when one of them is neither. */
export function parseMask(text: string, scope: Scope): number | undefined {
  const bits = bitsOf(scope)
  let mask = 0
  for (const part of text.split(/[| ]+/)) {
    const bit = hexBits.test(part) ? Number(part) : Object.hasOwn(bits, part) ? bits[part] : undefined
    if (bit === undefined) return undefined
    mask |= bit
  }
  return mask
}
