import { inspect } from 'node:util'
import { writeBigInteger } from './big-integer.js'
import { describeItem } from './describe.js'
import type { Frame } from './frame.js'
import { type ItemType, itemTypeNames, itemTypes, typeSet } from './item-type.js'
import type { Kind } from './kind.js'
import {
  boolean,
  bytes,
  dateTime,
  dateTimeExtended,
  integer,
  interval,
  longInteger,
  readSigned,
  text,
} from './kinds.js'
import type { TtlvWriter } from './writer.js'

interface Node<T extends ItemType, V> {
  /** The tag's number. */
  readonly tag: number
  readonly type: T
  readonly value: V
}

/** A number of any length and the bytes that it took, which may be more than it needs. */
export interface BigIntegerValue {
  readonly number: bigint
  /** A multiple of 8. */
  readonly width: number
}

/** What each type of item holds but a structure. Times as in the kinds of the same names. */
interface LeafValues {
  Integer: number
  LongInteger: bigint
  BigInteger: BigIntegerValue
  Enumeration: number
  Boolean: boolean
  TextString: string
  ByteString: Uint8Array
  DateTime: bigint
  Interval: number
  DateTimeExtended: bigint
}

type LeafItem = { [T in keyof LeafValues]: Node<T, LeafValues[T]> }[keyof LeafValues]
/** An item that holds items. */
export interface StructureItem extends Node<'Structure', readonly TtlvItem[]> {}

/**
 * An item of any tag, without a schema. It holds its value in the clear; printing, inspection and JSON show only the
 * tags and types.
 */
export type TtlvItem = LeafItem | StructureItem

/** What each type of item holds. */
export interface ItemValues extends LeafValues {
  Structure: readonly TtlvItem[]
}

class ItemNode<T extends ItemType> implements Node<T, ItemValues[T]> {
  // Private, so that no way of printing objects reaches it.
  readonly #value: ItemValues[T]

  constructor(
    readonly tag: number,
    readonly type: T,
    value: ItemValues[T],
  ) {
    this.#value = value
  }

  get value(): ItemValues[T] {
    return this.#value
  }

  toString(): string {
    return describeItem(this as TtlvItem)
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/** Makes an item. */
export function item<const T extends ItemType>(tag: number, type: T, value: ItemValues[T]): TtlvItem {
  return new ItemNode(tag, type, value) as unknown as TtlvItem
}

const bigIntegerValue: Kind<BigIntegerValue> = {
  types: typeSet('BigInteger'),
  read: (frame, _type, at, length) => ({
    number: readSigned(frame, at, length),
    width: Math.max(8, length + (-length & 7)),
  }),
  write: (writer, tag, value) => writer.bytes(tag, 'BigInteger', writeBigInteger(value.number, value.width)),
}

const enumerationValue: Kind<number> = {
  types: typeSet('Enumeration'),
  read: (frame, _type, at) => frame.view.getUint32(at),
  write(writer, tag, value) {
    if (value !== value >>> 0) writer.reject('an unsigned integer of 32 bits', String(value))
    writer.word(tag, 'Enumeration', value)
  },
}

function readItems(frame: Frame, at: number, end: number): TtlvItem[] {
  const items: TtlvItem[] = []
  frame.enter(at)
  for (let next = at; next < end; ) {
    const start = next
    next = frame.header(start, end)
    items.push(readItem(frame, start))
  }
  frame.leave()
  return items
}

const structureValue: Kind<readonly TtlvItem[]> = {
  types: typeSet('Structure'),
  read: (frame, _type, at, length) => readItems(frame, at, at + length),
  write(writer, tag, items) {
    const started = writer.begin(tag)
    for (const child of items) writeItem(writer, child)
    writer.end(started)
  },
}

const kinds: { readonly [T in ItemType]: Kind<ItemValues[T]> } = {
  Structure: structureValue,
  Integer: integer,
  LongInteger: longInteger,
  BigInteger: bigIntegerValue,
  Enumeration: enumerationValue,
  Boolean: boolean,
  TextString: text,
  ByteString: bytes,
  DateTime: dateTime,
  Interval: interval,
  DateTimeExtended: dateTimeExtended,
}

/** Reads the item at `at`, whose header the frame has just checked. */
export function readItem(frame: Frame, at: number): TtlvItem {
  const { tag, type, length } = frame
  return readValue(frame, tag, type, at + 8, length)
}

function readValue(frame: Frame, tag: number, type: number, at: number, length: number): TtlvItem {
  const name = itemTypeNames[type] as ItemType
  return item(tag, name, kinds[name].read(frame, type, at, length))
}

/** Writes an item under its own tag. */
export function writeItem(writer: TtlvWriter, value: TtlvItem): void {
  const kind = kinds[value.type] as Kind<unknown>
  kind.write(writer, value.tag, value.value)
}

/** Items of a tag, of whatever type: for values that no schema knows. */
export function anyItem(tag: number): Kind<TtlvItem> {
  return {
    types: typeSet(...(Object.keys(itemTypes) as ItemType[])),
    read: (frame, type, at, length) => readValue(frame, tag, type, at, length),
    write(writer, as, value) {
      if (value.tag !== as)
        writer.reject(`an item of tag 0x${as.toString(16)}`, `0x${value.tag.toString(16)}`)
      writeItem(writer, value)
    },
  }
}
