import { ReadFailure, rejectRead } from './failure.js'
import { fixedLengths, itemTypeNames, itemTypes, lastItemType } from './item-type.js'
import type { TtlvLimits } from './limits.js'
import { tagName } from './tags.js'

const headerLength = 8

function rejectLength(at: number, type: number, length: number): never {
  const fixed = fixedLengths[type] as number
  const expected = fixed === 0 ? 'a multiple of 8' : String(fixed)
  rejectRead(at, `a length of ${expected} of an item of type ${itemTypeNames[type]}`, String(length))
}

/**
 * One message while it is read. {@link Frame.header} checks an item's header and leaves what it says in `tag`, `type`
 * and `length`, which hold until the next call: reading makes no object for an item but its value.
 */
export class Frame {
  /** The whole message; a plain Uint8Array, whose `slice` copies. */
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly limits: TtlvLimits
  tag = 0
  type = 0
  length = 0
  #items = 0
  #depth = 0

  constructor(bytes: Uint8Array, limits: TtlvLimits) {
    // Buffer's slice would hand out views of a frame that is wiped later.
    this.bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.limits = limits
    if (bytes.length > limits.maxBytes) this.#exceed(0, limits.maxBytes, bytes.length)
  }

  /**
   * Reads the header of the item at `at`, which has to end by `end`, and checks its type, its length and its padding.
   * Its value starts 8 bytes later.
   * @returns where the item ends, padding included
   */
  header(at: number, end: number): number {
    const available = end - at
    if (available < headerLength) {
      throw new ReadFailure({ kind: 'underflow', needed: headerLength, available }, at)
    }
    const word = this.view.getUint32(at)
    const length = this.view.getUint32(at + 4)
    const type = word & 0xff
    if (!this.limits.acceptAnyTag) this.#checkTag(at, word >>> 24)
    this.#checkType(at, type, length)
    const valueEnd = at + headerLength + length
    const itemEnd = valueEnd + (-length & 7)
    if (itemEnd > end) {
      throw new ReadFailure({ kind: 'underflow', needed: itemEnd - at, available }, at)
    }
    if (itemEnd !== valueEnd) this.#checkPadding(valueEnd, itemEnd)
    if (++this.#items > this.limits.maxItems) this.#exceed(at, this.limits.maxItems, this.#items)
    this.tag = word >>> 8
    this.type = type
    this.length = length
    return itemEnd
  }

  /** Enters the structure whose value starts at `at`; {@link Frame.leave} has to follow. */
  enter(at: number): void {
    if (++this.#depth > this.limits.maxDepth) {
      this.#exceed(at - headerLength, this.limits.maxDepth, this.#depth)
    }
  }

  /** Leaves the structure that was entered last. */
  leave(): void {
    this.#depth--
  }

  #checkType(at: number, type: number, length: number): void {
    if (type < 1 || type > lastItemType) {
      const name = tagName(this.view.getUint32(at) >>> 8)
      rejectRead(at, `an item type of 1 to ${lastItemType} for ${name}`, String(type))
    }
    const fixed = fixedLengths[type]
    if (fixed !== 0) {
      if (length !== fixed) rejectLength(at, type, length)
    } else if (type === itemTypes.Structure) {
      if ((length & 7) !== 0) rejectLength(at, type, length)
    } else if (type === itemTypes.BigInteger && ((length & 7) !== 0 || length === 0)) {
      if (!this.limits.acceptRaggedIntegers) rejectLength(at, type, length)
    }
  }

  /** KMIP 2.1, section 9.1.1.1: tags begin with 42, those of extensions with 54. */
  #checkTag(at: number, first: number): void {
    if (first !== 0x42 && first !== 0x54) {
      rejectRead(at, 'a tag that begins with 42 or 54', `0x${first.toString(16).padStart(2, '0')}`)
    }
  }

  #checkPadding(from: number, to: number): void {
    if (this.limits.acceptPadding) return
    for (let at = from; at < to; at++) {
      if (this.bytes[at] !== 0) rejectRead(at, 'padding of zeros', 'another byte')
    }
  }

  #exceed(at: number, limit: number, actual: number): never {
    throw new ReadFailure({ kind: 'limit', limit, actual }, at)
  }
}
