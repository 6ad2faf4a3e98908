import { algorithmValues } from './registry/algorithm-values.js'
import { messageValues } from './registry/message-values.js'
import { objectValues } from './registry/object-values.js'
import { profileValues } from './registry/profile-values.js'
import { serverValues } from './registry/server-values.js'

/**
 * Values of every enumeration of KMIP 1.0 to 2.1, by the names that the XML and JSON forms give them; each table has
 * the name of the tag that carries it, where one does. KMIP 2.1, section 11; values that later versions dropped are
 * from those that had them.
 */
export const enumerations = {
  ...messageValues,
  ...objectValues,
  ...algorithmValues,
  ...serverValues,
  ...profileValues,
} as const

/** An enumeration of the registry, by name. */
export type EnumerationName = keyof typeof enumerations

const names: ReadonlyMap<string, ReadonlyMap<number, string>> = new Map(
  Object.entries(enumerations).map(([name, values]) => [
    name,
    new Map(Object.entries(values).map(([value, number]) => [number as number, value])),
  ]),
)

/** The names of an enumeration's values by their numbers. */
export function valueNames(enumeration: EnumerationName): ReadonlyMap<number, string> {
  return names.get(enumeration) ?? new Map()
}

/** The name of an enumeration's value; undefined for a number that is no value, such as a vendor's. */
export function valueName(enumeration: EnumerationName, value: number): string | undefined {
  return names.get(enumeration)?.get(value)
}

/** The number of an enumeration's value; undefined when it has none of that name. */
export function valueNumber(enumeration: EnumerationName, name: string): number | undefined {
  const values: Readonly<Record<string, number>> = enumerations[enumeration]
  return Object.hasOwn(values, name) ? values[name] : undefined
}
