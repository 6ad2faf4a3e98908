import { toHex } from '../bytes/index.js'
import { type DerDeviation, type DerElement, Tag } from './der.js'
import { hexByte, refuse } from './failure.js'

/** Dotted text of an OBJECT IDENTIFIER's content (X.690 section 8.19), which {@link readDer} found canonical. */
export function oidText(content: Uint8Array): string {
  const arcs: bigint[] = []
  let arc = 0n
  for (const octet of content) {
    arc = arc * 128n + BigInt(octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const [first = 0n, ...more] = arcs
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...more].join('.')
}

/** The longest object identifier that is read; longer ones would only cost time. */
const maxOidLength = 64

/** Dotted text of an OBJECT IDENTIFIER. */
export function readOid(element: DerElement): string {
  if (element.content.length > maxOidLength) {
    refuse(element.path, `an identifier of at most ${maxOidLength} bytes`, `${element.content.length}`)
  }
  return oidText(element.content)
}

/** A non-negative INTEGER. */
export function readUnsigned(element: DerElement): bigint {
  if ((element.content[0] ?? 0x80) >= 0x80) refuse(element.path, 'a non-negative integer', 'a negative one')
  return BigInt(`0x${toHex(element.content)}`)
}

/** A non-negative INTEGER up to `max`. */
export function readSmall(element: DerElement, max: number): number {
  const value = element.content.length > 8 ? BigInt(max) + 1n : readUnsigned(element)
  if (value > BigInt(max)) refuse(element.path, `an integer up to ${max}`, 'a larger one')
  return Number(value)
}

/** A BIT STRING of whole octets. */
export function readOctetBits(element: DerElement): Uint8Array {
  if (element.content[0] !== 0) refuse(element.path, 'whole octets', `${element.content[0]} unused bits`)
  return element.content.subarray(1)
}

/** The numbers of the bits that are set in a named bit list (X.680 section 22), of at most 4 octets. */
export function readNamedBits(element: DerElement, deviations: Set<DerDeviation>): number[] {
  const [unused = 0, ...octets] = element.content
  const last = octets.at(-1)
  if (octets.length > 4) refuse(element.path, 'at most 32 bits', 'more')
  if (last !== undefined && ((last >> unused) & 1) === 0) deviations.add('trailing-bits')
  return octets.flatMap((octet, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((b) => octet & (0x80 >> b)).map((b) => i * 8 + b),
  )
}

const timePattern = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/

/**
 * A Time (RFC 5280 section 4.1.2.5), in milliseconds since 1970. Seconds and `Z` are obligatory; two-digit years are
 * of 1950 to 2049.
 */
export function readTime(element: DerElement, deviations: Set<DerDeviation>): number {
  const { tag, content, path } = element
  const text = Buffer.from(content).toString('latin1')
  const short = tag === Tag.utcTime
  if (!short && tag !== Tag.generalizedTime) refuse(path, 'a time', `identifier ${hexByte(tag)}`)
  const match = timePattern.exec(text)
  if (match === null || content.length !== (short ? 13 : 15)) {
    refuse(path, short ? 'YYMMDDHHMMSSZ' : 'YYYYMMDDHHMMSSZ', 'another form')
  }
  const [yy = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  const year = short ? (yy < 50 ? 2000 + yy : 1900 + yy) : yy
  const instant = new Date(0)
  instant.setUTCFullYear(year, month - 1, day)
  instant.setUTCHours(hour, minute, second)
  const written = instant.toISOString().replace(/[-:T]|\.\d+/g, '')
  if (written.slice(-text.length) !== text) refuse(path, 'a date that exists', text)
  if (!short && year >= 1950 && year < 2050) deviations.add('time-form')
  return instant.getTime()
}

/** X.680 section 41: PrintableString and IA5String. */
const alphabets: Readonly<Record<number, RegExp>> = {
  [Tag.printableString]: /^[A-Za-z0-9 '()+,\-./:=?]*$/,
  [Tag.ia5String]: /^\p{ASCII}*$/u,
}

type Decoder = (content: Uint8Array) => string

const decoders: Readonly<Record<number, Decoder>> = {
  [Tag.utf8String]: (c) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(c),
  [Tag.printableString]: (c) => Buffer.from(c).toString('latin1'),
  [Tag.teletexString]: (c) => Buffer.from(c).toString('latin1'),
  [Tag.ia5String]: (c) => Buffer.from(c).toString('latin1'),
  [Tag.bmpString]: (c) => new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }).decode(c),
}

/** The text of a string element, or undefined when it is not a string that we read. */
export function readString(element: DerElement): string | undefined {
  const decoder = decoders[element.tag]
  if (decoder === undefined) return undefined
  let text: string
  try {
    text = decoder(element.content)
  } catch {
    refuse(element.path, 'text in the encoding of its type', 'other bytes')
  }
  if (alphabets[element.tag]?.test(text) === false)
    refuse(element.path, 'the characters of its type', 'others')
  return text
}
