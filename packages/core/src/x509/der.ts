import { hexByte, refuse } from './failure.js'

/** Identifier octets (X.690 section 8.1.2) that certificates use. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** Identifier octet of a context-specific, constructed element: `[n] EXPLICIT`, or `[n] IMPLICIT` of a SEQUENCE. */
export const contextConstructed = (n: number): number => 0xa0 | n
/** Identifier octet of a context-specific, primitive element: `[n] IMPLICIT` of a simple type. */
export const contextPrimitive = (n: number): number => 0x80 | n

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

/** One element of DER: its bytes as they were received, and its members when it is constructed. */
export interface DerElement {
  /** Identifier octet. */
  readonly tag: number
  /** Identifier, length and content. */
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  /** Members of a constructed element; empty for a primitive one. */
  readonly members: readonly DerElement[]
  /** Where it stands, for errors. */
  readonly path: string
}

const maxDepth = 24

/** Reading state: where deviations go, and where the bytes stand. */
interface Context {
  readonly path: string
  readonly deviations: Set<DerDeviation>
}

/**
 * Reads one element that takes up all the bytes, strictly by the distinguished encoding rules (X.690 section 10 and
 * 11): definite and minimal lengths, low tag numbers, canonical booleans, integers, bit strings and object identifiers,
 * no constructed strings, nothing behind the end, at most 24 levels.
 * @param deviations receives the departures that were let pass
 * @throws CERTIFICATE_INVALID
 */
export function readDer(
  bytes: Uint8Array,
  path: string,
  deviations: Set<DerDeviation> = new Set(),
): DerElement {
  const context = { path, deviations }
  const end = measure(bytes, 0, path).end
  if (end !== bytes.length) refuse(path, `${end} bytes`, `${bytes.length - end} more`)
  return readAt(bytes, 0, 0, context)
}

/**
 * Length in bytes of the DER element that the bytes start with; what is behind it is not looked at.
 * @throws CERTIFICATE_INVALID when no whole element is there
 */
export function measureDer(bytes: Uint8Array, path: string): number {
  return measure(bytes, 0, path).end
}

function readAt(bytes: Uint8Array, start: number, depth: number, context: Context): DerElement {
  const { path } = context
  if (depth > maxDepth) refuse(path, `at most ${maxDepth} levels`, 'more')
  const { content, end } = measure(bytes, start, path)
  const tag = bytes[start] ?? 0
  const element = {
    tag,
    bytes: bytes.subarray(start, end),
    content: bytes.subarray(content, end),
    members: (tag & 0x20) === 0 ? [] : readMembers(bytes, content, end, depth, context),
    path,
  }
  checkUniversal(element, context)
  return element
}

function readMembers(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  context: Context,
): DerElement[] {
  const members: DerElement[] = []
  const inner = bytes.subarray(0, end)
  for (let at = start; at < end; ) {
    const member = readAt(inner, at, depth + 1, context)
    members.push(member)
    at += member.bytes.length
  }
  return members
}

function measure(bytes: Uint8Array, start: number, path: string): { content: number; end: number } {
  const tag = bytes[start]
  const first = bytes[start + 1]
  if (tag === undefined || first === undefined) refuse(path, 'an element', 'the end of the bytes')
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
  if (end > bytes.length) refuse(path, `${length} bytes of content`, `${Math.max(0, bytes.length - content)}`)
  return { content, end }
}

const canonical: Readonly<Record<number, (content: Uint8Array) => boolean>> = {
  [Tag.boolean]: (c) => c.length === 1 && (c[0] === 0 || c[0] === 0xff),
  [Tag.integer]: isMinimalInteger,
  [Tag.bitString]: isCanonicalBitString,
  [Tag.null]: (c) => c.length === 0,
  [Tag.oid]: isCanonicalOid,
  10: isMinimalInteger,
}

function checkUniversal(element: DerElement, { path, deviations }: Context): void {
  const { tag, content } = element
  if (tag >= 0x40) return
  const constructed = (tag & 0x20) !== 0
  if (constructed !== (tag === Tag.sequence || tag === Tag.set) || tag === 0x10 || tag === 0x11) {
    refuse(path, 'a primitive value, SEQUENCE or SET', `identifier ${hexByte(tag)}`)
  }
  if (canonical[tag]?.(content) === false)
    refuse(path, 'a canonical value', `one that is not (${hexByte(tag)})`)
  if (tag === Tag.set && !isOrdered(element.members)) deviations.add('set-order')
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
  if (c.length === 0 || (c.at(-1) ?? 0x80) >= 0x80) return false
  return c.every((octet, i) => octet !== 0x80 || (c[i - 1] ?? 0) >= 0x80)
}

function isOrdered(members: readonly DerElement[]): boolean {
  return members.every((member, i) => {
    const before = members[i - 1]
    return before === undefined || Buffer.compare(before.bytes, member.bytes) <= 0
  })
}
