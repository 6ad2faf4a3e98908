import type { EnumerationName } from '../enumerations.js'
import type { VersionRange } from '../version.js'
import { type Gate, tagGates, valueGates } from './gates.js'

function rangeIn(gates: readonly Gate[], number: number): VersionRange {
  const gate = gates.find(([from, to]) => number >= from && number <= to)
  if (gate === undefined) return {}
  const [, , since, until] = gate
  return until === undefined ? { since } : { since, until }
}

/** The versions that have a tag; all for one that no version names, such as a vendor's. */
export function tagVersions(tag: number): VersionRange {
  return rangeIn(tagGates, tag)
}

/** The versions that have an enumeration's value; all for one that no version names, such as a vendor's. */
export function valueVersions(enumeration: EnumerationName, value: number): VersionRange {
  const gates = valueGates[enumeration]
  return gates === undefined ? {} : rangeIn(gates, value)
}
