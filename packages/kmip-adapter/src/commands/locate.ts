import { type LocateBounds, locate as locateOperation, locateRequest } from '../operations/index.js'
import { type Attribute, type AttributeSet, listAttributes, plainName } from '../protocol/index.js'
import { type Enumerated, isAtLeast } from '../ttlv/index.js'
import { type Command, command, unsupported } from './command.js'

/** What to look for: objects that meet all that is given. */
export interface LocateFilter extends LocateBounds {
  readonly name?: string
  readonly objectType?: Exclude<Enumerated<'ObjectType'>, number>
  readonly algorithm?: Exclude<Enumerated<'CryptographicAlgorithm'>, number>
  /** Length in bits. */
  readonly length?: number
  readonly state?: Exclude<Enumerated<'State'>, number>
  /** Further attributes; two values of one date are a range. */
  readonly attributes?: AttributeSet
  /** Ranges of dates: from and to, both included. */
  readonly between?: Readonly<Partial<Record<DateName, readonly [from: Date, to: Date]>>>
}

type DateName = 'InitialDate' | 'ActivationDate' | 'DeactivationDate' | 'LastChangeDate'

function rangeOf(name: DateName, [from, to]: readonly [Date, Date]): readonly Attribute[] {
  return [from, to].map((time) => ({ name, value: BigInt(Math.floor(time.getTime() / 1000)) }))
}

function filterAttributes(filter: LocateFilter): readonly Attribute[] {
  const { name, objectType, algorithm, length, state, attributes = {}, between = {} } = filter
  const list: Attribute[] = []
  if (name !== undefined) list.push({ name: 'Name', value: plainName(name) })
  if (objectType !== undefined) list.push({ name: 'ObjectType', value: objectType })
  if (algorithm !== undefined) list.push({ name: 'CryptographicAlgorithm', value: algorithm })
  if (length !== undefined) list.push({ name: 'CryptographicLength', value: length })
  if (state !== undefined) list.push({ name: 'State', value: state })
  const ranges = Object.entries(between).flatMap(([key, range]) => rangeOf(key as DateName, range))
  return [...list, ...ranges, ...listAttributes(attributes)]
}

function boundsOf(filter: LocateFilter): LocateBounds {
  const { maximumItems, offsetItems, storageStatusMask, objectGroupMember } = filter
  return {
    ...(maximumItems === undefined ? {} : { maximumItems }),
    ...(offsetItems === undefined ? {} : { offsetItems }),
    ...(storageStatusMask === undefined ? {} : { storageStatusMask }),
    ...(objectGroupMember === undefined ? {} : { objectGroupMember }),
  }
}

/** Objects that were found. */
export interface Located {
  readonly ids: readonly string[]
  /** How many there are, those that were not returned included; some servers do not say. KMIP 1.3 and later. */
  readonly total?: number
}

/** Looks for objects; comes to their ids, and how many there are. */
export function locateWithTotal(filter: LocateFilter): Command<Located> {
  const attributes = filterAttributes(filter)
  const bounds = boundsOf(filter)
  return command(
    locateOperation,
    null,
    (version) => {
      if (bounds.offsetItems !== undefined && !isAtLeast(version, '1.3')) {
        throw unsupported('Locate', 'leaving out the first objects needs KMIP 1.3')
      }
      return locateRequest(attributes, bounds, version)
    },
    ({ uniqueIdentifier: ids = [], locatedItems }) => {
      const wanted = bounds.maximumItems === undefined ? ids : ids.slice(0, bounds.maximumItems)
      return { ids: wanted, ...(locatedItems === undefined ? {} : { total: locatedItems }) }
    },
  )
}

/** Looks for objects; comes to their ids. */
export function locate(filter: LocateFilter): Command<readonly string[]> {
  const found = locateWithTotal(filter)
  return { ...found, read: (payload) => found.read(payload).ids }
}
