import { hexByte, refuse } from './failure.js'

/** Identifier octets (X.690 section 8.1.2) that are told apart here. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const

/** A departure from DER that leaves the meaning unambiguous and that certificates in the field have. */
export type DerDeviation =
  /** The members of a SET OF are not in ascending order (Nuvoton). */
  | 'set-order'
  /** A DEFAULT value is written out (Intel). */
  | 'encoded-default'
  /** A named bit list ends in zero bits (Infineon). */
  | 'trailing-bits'
  /** KeyUsage has bits that nobody defined; they are ignored and allow nothing (STMicroelectronics). */
  | 'unknown-usage'
  /** An ECDSA signature algorithm has a NULL where nothing belongs (Intel). */
  | 'null-parameters'
  /** A date before 2050 is written as GeneralizedTime. */
  | 'time-form'

const maxDepth = 24

/** Checking state: what is checked, how errors name it, and where deviations go. */
interface Context {
  readonly bytes: Uint8Array
  readonly path: string
  readonly deviations: Set<DerDeviation>
}

/**
 * Checks that the bytes are one element by the distinguished encoding rules (X.690 sections 10 and 11), which the
 * library that decodes them does not: definite and minimal lengths, low tag numbers, canonical booleans, integers, bit
 * strings and object identifiers, no constructed strings, nothing behind the end, at most 24 levels.
 * @param deviations receives `set-order` when a SET is not sorted
 * @throws CERTIFICATE_INVALID
 */
export function checkDer(bytes: Uint8Array, path: string, deviations: Set<DerDeviation> = new Set()): void {
  const end = measureDer(bytes, path)
  if (end !== bytes.length) refuse(path, `${end} bytes`, `${bytes.length - end} more`)
  checkElement({ bytes, path, deviations }, 0, end, 0)
}

/**
 * Length in bytes of the DER element that the bytes start with; what is behind it is not looked at.
 * @throws CERTIFICATE_INVALID when no whole element is there
 */
export function measureDer(bytes: Uint8Array, path: string): number {
  return measure(bytes, 0, bytes.length, path).end
}

/** Checks the element at `start`, which must end at `limit` or before; gives its end. */
function checkElement(context: Context, start: number, limit: number, depth: number): number {
  const { bytes, path } = context
  if (depth > maxDepth) refuse(path, `at most ${maxDepth} levels`, 'more')
  const { content, end } = measure(bytes, start, limit, path)
  const tag = bytes[start] ?? 0
  const constructed = (tag & 0x20) !== 0
  if (tag < 0x40 && constructed !== (tag === Tag.sequence || tag === Tag.set)) {
    refuse(path, 'a primitive value, SEQUENCE or SET', `identifier ${hexByte(tag)}`)
  }
  if (constructed) checkMembers(context, content, end, depth, tag === Tag.set)
  else if (canonical[tag]?.(bytes.subarray(content, end)) === false) {
    refuse(path, 'a canonical value', `one that is not (${hexByte(tag)})`)
  }
  return end
}

function checkMembers(context: Context, start: number, end: number, depth: number, ordered: boolean): void {
  const { bytes, deviations } = context
  let before: Uint8Array | undefined
  for (let at = start; at < end; ) {
    const next = checkElement(context, at, end, depth + 1)
    const member = bytes.subarray(at, next)
    if (ordered && before !== undefined && Buffer.compare(before, member) > 0) deviations.add('set-order')
    before = member
    at = next
  }
}

function measure(bytes: Uint8Array, start: number, limit: number, path: string) {
  if (start + 2 > limit) refuse(path, 'an element', 'the end of the bytes')
  const [tag = 0, first = 0] = bytes.subarray(start, start + 2)
  if ((tag & 0x1f) === 0x1f) refuse(path, 'a low tag number', 'a high one')
  let content = start + 2
  let length = first
  if (first >= 0x80) {
    const octets = first & 0x7f
    if (octets === 0 || octets > 4) refuse(path, 'a definite length of at most 4 octets', hexByte(first))
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[content + i] ?? 0)
    content += octets
    if (length < 0x80 || length < 2 ** (8 * (octets - 1)))
      refuse(path, 'a minimal length', `${octets} octets`)
  }
  const end = content + length
  if (end > limit) refuse(path, `${length} bytes of content`, `${Math.max(0, limit - content)}`)
  return { content, end }
}

/** The longest object identifier that is read; longer ones would only cost time. */
const maxOidLength = 64

/** Primitive values that have one form only; 0x10 and 0x11 would be a primitive SEQUENCE and SET. */
const canonical: Readonly<Record<number, (content: Uint8Array) => boolean>> = {
  [Tag.boolean]: (c) => c.length === 1 && (c[0] === 0 || c[0] === 0xff),
  [Tag.integer]: isMinimalInteger,
  [Tag.bitString]: isCanonicalBitString,
  [Tag.null]: (c) => c.length === 0,
  [Tag.oid]: isCanonicalOid,
  [Tag.enumerated]: isMinimalInteger,
  16: () => false,
  17: () => false,
}

function isMinimalInteger(c: Uint8Array): boolean {
  const [first, second] = c
  if (first === undefined || second === undefined) return first !== undefined
  return !(first === 0 && second < 0x80) && !(first === 0xff && second >= 0x80)
}

function isCanonicalBitString(c: Uint8Array): boolean {
  const unused = c[0]
  if (unused === undefined || unused > 7) return false
  if (c.length === 1) return unused === 0
  return ((c.at(-1) ?? 0) & ((1 << unused) - 1)) === 0
}

function isCanonicalOid(c: Uint8Array): boolean {
  if (c.length === 0 || c.length > maxOidLength || (c.at(-1) ?? 0x80) >= 0x80) return false
  return c.every((octet, i) => octet !== 0x80 || (c[i - 1] ?? 0) >= 0x80)
}
