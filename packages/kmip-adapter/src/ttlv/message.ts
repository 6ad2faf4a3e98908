import { type DescribeOptions, describeItem } from './describe.js'
import { ReadFailure, rejectRead, toReadError, toWriteError } from './failure.js'
import { Frame } from './frame.js'
import { readItem, type TtlvItem, writeItem } from './item.js'
import { itemTypes } from './item-type.js'
import { resolveLimits, type TtlvReadOptions } from './limits.js'
import type { StructureKind } from './structure.js'
import { tagName, tags } from './tags.js'
import type { KmipVersion } from './version.js'
import { TtlvWriter } from './writer.js'

/** Reads what one item holds that takes up all the bytes. */
function readWhole<T>(bytes: Uint8Array, options: TtlvReadOptions | undefined, read: (frame: Frame) => T): T {
  const limits = resolveLimits(options)
  try {
    const frame = new Frame(bytes, limits)
    const end = frame.header(0, bytes.length)
    const trailing = bytes.length - end
    if (trailing > 0) throw new ReadFailure({ kind: 'trailing', trailing }, end)
    return read(frame)
  } catch (error) {
    throw toReadError(error, bytes)
  }
}

/**
 * Reads any item with all that is in it. What is read and written again gives the same bytes.
 * @throws CODEC_UNDERFLOW, CODEC_TRAILING, CODEC_VALUE, CODEC_LIMIT with the path of tags and the offset;
 * ARGUMENT_INVALID for bad options
 */
export function decodeItem(bytes: Uint8Array, options?: TtlvReadOptions): TtlvItem {
  return readWhole(bytes, options, (frame) => readItem(frame, 0))
}

/**
 * Reads items that follow each other, such as the messages of a recording. What `options` limit holds for all of them
 * together; offsets in errors count from the start of the first.
 * @returns at least one item
 * @throws as {@link decodeItem}
 */
export function decodeItems(bytes: Uint8Array, options?: TtlvReadOptions): readonly TtlvItem[] {
  const limits = resolveLimits(options)
  const items: TtlvItem[] = []
  try {
    const frame = new Frame(bytes, limits)
    let at = 0
    do {
      const end = frame.header(at, bytes.length)
      items.push(readItem(frame, at))
      at = end
    } while (at < bytes.length)
    return items
  } catch (error) {
    throw toReadError(error, bytes)
  }
}

/**
 * Writes an item with all that is in it.
 * @throws CODEC_RANGE
 */
export function encodeItem(item: TtlvItem): Uint8Array {
  const writer = new TtlvWriter()
  try {
    writeItem(writer, item)
    return writer.finish()
  } catch (error) {
    throw toWriteError(error, tagName(item.tag))
  }
}

/**
 * Reads a message into the type of its schema. Byte strings are copies, and secrets are `SecretBytes`: the
 * caller may overwrite `bytes` afterwards.
 * @throws as {@link decodeItem}
 */
export function decodeMessage<T>(schema: StructureKind<T>, bytes: Uint8Array, options?: TtlvReadOptions): T {
  return readWhole(bytes, options, (frame) => {
    if (frame.tag !== tags[schema.tag]) rejectRead(0, schema.tag, tagName(frame.tag))
    if (frame.type !== itemTypes.Structure) rejectRead(0, 'a Structure', String(frame.type))
    return schema.read(frame, frame.type, 8, frame.length)
  })
}

/**
 * Writes a message by its schema.
 * @param version refuses fields that this version does not have; absent, all may be written
 * @throws CODEC_RANGE with the path of fields
 */
export function encodeMessage<T>(schema: StructureKind<T>, value: T, version?: KmipVersion): Uint8Array {
  const writer = new TtlvWriter(version)
  try {
    schema.write(writer, tags[schema.tag], value)
    return writer.finish()
  } catch (error) {
    throw toWriteError(error, schema.tag)
  }
}

/**
 * A message's tags, types and lengths as an indented text, one line an item, without values unless `options` asks for
 * some that are never secret; safe to log.
 * @throws as {@link decodeItem}
 */
export function describeMessage(bytes: Uint8Array, options?: DescribeOptions & TtlvReadOptions): string {
  const { values, ...limits } = options ?? {}
  return describeItem(decodeItem(bytes, limits), values === undefined ? {} : { values })
}

/** Length of a message's header, in bytes. */
export const messageHeaderLength = 8

/**
 * Length of a whole message in bytes, header included, as the header says it.
 * @param header at least 8 bytes
 */
export function messageLength(header: Uint8Array): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  return messageHeaderLength + Math.ceil(view.getUint32(4) / 8) * 8
}
