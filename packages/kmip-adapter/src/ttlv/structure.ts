import { TrustholdError } from '@trusthold/core/errors'
import { rejectRead, within } from './failure.js'
import type { Frame } from './frame.js'
import { readItem, type TtlvItem, writeItem } from './item.js'
import { itemTypeNames, typeSet } from './item-type.js'
import type { Kind } from './kind.js'
import { tagVersions } from './registry/ranges.js'
import { type TagName, tagName, tags } from './tags.js'
import { intersectSpans, spanOf, type VersionRange, type VersionSpan } from './version.js'
import type { TtlvWriter } from './writer.js'

/** How often a field occurs. */
type Repeat = 'one' | 'maybe' | 'many'

/** A field of a structure. */
export interface Field<T, R extends Repeat> extends VersionRange {
  readonly tag: TagName
  readonly repeat: R
  /** Its kind, or how that follows from the fields that come before and after it. */
  readonly kind: Kind<T> | ((siblings: Siblings) => Kind<T>)
}

/** The fields of a structure that are known when a dependent field is read or written. */
export type Siblings = Readonly<Record<string, unknown>>

/** A field that has to occur. */
export function one<T>(tag: TagName, kind: Kind<T>, versions?: VersionRange): Field<T, 'one'> {
  return { tag, repeat: 'one', kind, ...versions }
}

/** A field that may be left out. */
export function maybe<T>(tag: TagName, kind: Kind<T>, versions?: VersionRange): Field<T, 'maybe'> {
  return { tag, repeat: 'maybe', kind, ...versions }
}

/** A field that occurs any number of times; when it never does, it is left out of the value. */
export function many<T>(tag: TagName, kind: Kind<T>, versions?: VersionRange): Field<T, 'many'> {
  return { tag, repeat: 'many', kind, ...versions }
}

/** A field that may be left out and whose kind follows from its siblings; at most one in a structure. */
export function dependent<T>(tag: TagName, kind: (siblings: Siblings) => Kind<T>): Field<T, 'maybe'> {
  return { tag, repeat: 'maybe', kind }
}

/** The fields of a structure, in the order in which they are written. At most 31. */
export type Fields = Readonly<Record<string, Field<unknown, Repeat>>>

type KeysOf<F extends Fields, R extends Repeat> = {
  [K in keyof F]: F[K] extends Field<unknown, infer Q> ? (Q extends R ? K : never) : never
}[keyof F]
type ValueOf<F> = F extends Field<infer T, Repeat> ? T : never

/** An item that the structure's schema does not know, and its place among all items of the structure, from 0. */
export interface UnknownItem {
  readonly position: number
  readonly item: TtlvItem
}

/** The value of a structure: its fields, and the items that its schema does not know. */
export type StructureValue<F extends Fields> = {
  readonly [K in KeysOf<F, 'one'>]: ValueOf<F[K]>
} & { readonly [K in KeysOf<F, 'maybe'>]?: ValueOf<F[K]> } & {
  readonly [K in KeysOf<F, 'many'>]?: readonly ValueOf<F[K]>[]
} & { readonly unknown?: readonly UnknownItem[] }

/** A kind that is a structure. */
export interface StructureKind<T> extends Kind<T> {
  /** The tag that the structure usually has. */
  readonly tag: TagName
}

interface Slot {
  readonly key: string
  readonly name: TagName
  readonly tag: number
  readonly many: boolean
  /** Absent for a dependent field. */
  readonly kind: Kind<unknown> | undefined
  readonly select: ((siblings: Siblings) => Kind<unknown>) | undefined
  readonly versions: VersionSpan
}

type Target = Record<string, unknown>

/** The fields that were read are bits of one integer. */
const mostFields = 31

function toSlot(key: string, field: Field<unknown, Repeat>): Slot {
  const isKind = typeof field.kind !== 'function'
  return {
    key,
    name: field.tag,
    tag: tags[field.tag],
    many: field.repeat === 'many',
    kind: isKind ? (field.kind as Kind<unknown>) : undefined,
    select: isKind ? undefined : (field.kind as (siblings: Siblings) => Kind<unknown>),
    versions: intersectSpans(spanOf(field), spanOf(tagVersions(tags[field.tag]))),
  }
}

/** The slot of a tag, looked for first where the order of the fields has it; -1 when there is none. */
function findSlot(slots: readonly Slot[], tag: number, from: number): number {
  for (let i = from; i < slots.length; i++) if ((slots[i] as Slot).tag === tag) return i
  for (let i = 0; i < from; i++) if ((slots[i] as Slot).tag === tag) return i
  return -1
}

function readField(frame: Frame, kind: Kind<unknown>, slot: Slot, type: number, at: number, length: number) {
  if (((kind.types >> type) & 1) === 0 && !isLike(frame, kind.types, type)) {
    rejectRead(at - 8, `an item type that ${slot.name} can have`, String(itemTypeNames[type]))
  }
  return kind.read(frame, type, at, length)
}

/** Types that hold the same, and that servers take for one another. */
const like: ReadonlyMap<number, number> = new Map([
  [typeSet('Interval'), typeSet('Integer')],
  [typeSet('Integer'), typeSet('Interval')],
  [typeSet('DateTime'), typeSet('LongInteger')],
  [typeSet('LongInteger'), typeSet('DateTime')],
])

function isLike(frame: Frame, types: number, type: number): boolean {
  return frame.limits.acceptLikeTypes && like.get(types) === 1 << type
}

function addTo(value: Target, key: string, member: unknown): void {
  const list = value[key] as unknown[] | undefined
  if (list === undefined) value[key] = [member]
  else list.push(member)
}

function nameMissing(slots: readonly Slot[], missing: number): string {
  return slots
    .filter((_, i) => ((missing >> i) & 1) === 1)
    .map((slot) => slot.name)
    .join(', ')
}

/** Refuses an item that is not in its place, or has none. */
function rejectPlace(slots: readonly Slot[], index: number, at: number, tag: number): never {
  const next = slots[index + 1]
  if (index === -1) rejectRead(at, 'an item that the structure has', tagName(tag))
  rejectRead(at, `${tagName(tag)} once and before ${next?.name ?? 'the end'}`, 'it after others')
}

function readStructure(
  frame: Frame,
  slots: readonly Slot[],
  required: number,
  at: number,
  length: number,
): Target {
  const value: Target = {}
  const end = at + length
  let seen = 0
  let position = 0
  let expected = 0
  let deferred: Slot | undefined
  let deferredAt = 0
  let deferredType = 0
  let deferredLength = 0
  frame.enter(at)
  for (let next = at; next < end; position++) {
    const start = next
    next = frame.header(start, end)
    const index = findSlot(slots, frame.tag, expected)
    if (index < expected && !frame.limits.acceptAnyItem) rejectPlace(slots, index, start, frame.tag)
    if (index === -1) {
      addTo(value, 'unknown', { position, item: readItem(frame, start) })
      continue
    }
    const slot = slots[index] as Slot
    if (!slot.many && ((seen >> index) & 1) === 1) rejectRead(start, `one ${slot.name}`, 'another')
    seen |= 1 << index
    expected = slot.many ? index : index + 1
    if (slot.kind === undefined) {
      deferred = slot
      deferredAt = start + 8
      deferredType = frame.type
      deferredLength = frame.length
      continue
    }
    const member = readField(frame, slot.kind, slot, frame.type, start + 8, frame.length)
    if (slot.many) addTo(value, slot.key, member)
    else value[slot.key] = member
  }
  if ((seen & required) !== required) {
    rejectRead(at - 8, nameMissing(slots, required & ~seen), 'a structure without it')
  }
  if (deferred?.select !== undefined) {
    const kind = deferred.select(value)
    value[deferred.key] = readField(frame, kind, deferred, deferredType, deferredAt, deferredLength)
  }
  frame.leave()
  return value
}

/** Writes a field and returns of how many items it consists. */
function writeField(writer: TtlvWriter, slot: Slot, member: unknown, from: Target): number {
  writer.require(slot.versions, slot.name)
  const kind = slot.kind ?? (slot.select as (siblings: Siblings) => Kind<unknown>)(from)
  if (!slot.many) {
    kind.write(writer, slot.tag, member)
    return 1
  }
  const list = member as readonly unknown[]
  for (let i = 0; i < list.length; i++) {
    try {
      kind.write(writer, slot.tag, list[i])
    } catch (error) {
      throw within(error, `[${i}]`)
    }
  }
  return list.length
}

const none: readonly UnknownItem[] = []

function writeStructure(writer: TtlvWriter, slots: readonly Slot[], required: number, from: Target): void {
  const unknown = (from['unknown'] ?? none) as readonly UnknownItem[]
  let written = 0
  let next = 0
  for (let i = 0; i < slots.length; i++) {
    for (; next < unknown.length && (unknown[next] as UnknownItem).position <= written; next++, written++) {
      writeItem(writer, (unknown[next] as UnknownItem).item)
    }
    const slot = slots[i] as Slot
    try {
      const member = from[slot.key]
      if (member !== undefined) written += writeField(writer, slot, member, from)
      else if (((required >> i) & 1) === 1) writer.reject(slot.name, 'undefined')
    } catch (error) {
      throw within(error, slot.key)
    }
  }
  for (; next < unknown.length; next++) writeItem(writer, (unknown[next] as UnknownItem).item)
}

/**
 * A structure of fields. It writes them in their order and refuses those that the version does not have, be it that the
 * field says so or that the version has no such tag; it reads them in any order, whatever the version, and keeps the
 * items that it does not know under `unknown`, so that a value that was read in order is written as the same bytes.
 * Read strictly, it refuses both.
 * @param tag the tag that the structure usually has
 * @throws ARGUMENT_INVALID for more than 31 fields
 */
export function structure<const F extends Fields>(tag: TagName, fields: F): StructureKind<StructureValue<F>> {
  const slots = Object.entries(fields).map(([key, field]) => toSlot(key, field))
  if (slots.length > mostFields) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: tag,
      reason: `it has more than ${mostFields} fields`,
    })
  }
  const required = Object.values(fields).reduce(
    (mask, field, i) => (field.repeat === 'one' ? mask | (1 << i) : mask),
    0,
  )
  return {
    tag,
    types: typeSet('Structure'),
    read: (frame, _type, at, length) =>
      readStructure(frame, slots, required, at, length) as StructureValue<F>,
    write(writer, as, value) {
      const started = writer.begin(as)
      writeStructure(writer, slots, required, value as Target)
      writer.end(started)
    },
  }
}
