import type { Guid } from '../events/guid.js'
import { imageSecurityDatabase, readVariableValue, shimLock } from '../events/variable-value.js'
import { eventTypes } from '../tcg/event-types.js'
import type { PolicyEvent, PolicyVariable } from './policy-log.js'

/**
 * Where the signature that let an image run stands.
 * - `db`: in the firmware's database, as it was measured.
 * - `vendor`: in shim itself, by its maker.
 * - `mok`: in the machine owner's list, which shim keeps and to which it adds its maker's certificate.
 * - `unknown`: in none of them, although the event says so.
 */
export type AuthoritySource = 'db' | 'vendor' | 'mok' | 'unknown'

/** Variables by which firmware and shim vouch for an image, with what they stand for. */
const vouchers: readonly (readonly [vendor: Guid, names: RegExp, source: AuthoritySource])[] = [
  [imageSecurityDatabase, /^db$/, 'db'],
  [imageSecurityDatabase, /^vendor_db$/, 'vendor'],
  [shimLock, /^(Shim|vendor_db)$/, 'vendor'],
  [shimLock, /^MokList(RT)?$/, 'mok'],
]

/** What a variable vouches by; undefined for one that vouches for nothing. */
export function voucherOf({ vendor, name }: PolicyVariable): AuthoritySource | undefined {
  return vouchers.find(([owner, names]) => owner === vendor && names.test(name))?.[2]
}

/**
 * Whether an event of the firmware's part vouches for an image, with one signature of db, and does not state db. Its
 * type decides only where its data cannot be db: what is measured as db counts as db under every label.
 */
export function isVouching({ event, variable }: PolicyEvent): boolean {
  if (variable === undefined || voucherOf(variable) === undefined) return false
  if (event.type !== eventTypes.EV_EFI_VARIABLE_AUTHORITY) return false
  return readVariableValue(variable.vendor, variable.name, variable.data).kind !== 'signature-database'
}
