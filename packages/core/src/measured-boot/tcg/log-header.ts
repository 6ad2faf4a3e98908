import {
  bytesOf,
  type Codec,
  decode,
  decodePrefix,
  encode,
  type Infer,
  listOf,
  sized,
  sizedBytes,
  struct,
  u8,
  u16,
  u16le,
  u32le,
} from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashAlgorithms, hashFacts, tpmiAlgHash } from '../../tpm2/index.js'
import { pcrCount } from '../record.js'
import type { DeclaredAlgorithm } from './event-log.js'
import { eventTypeName, eventTypes } from './event-types.js'

/** Algorithms that a header can declare at most; TPMs have two to five banks. */
export const maxDeclaredAlgorithms = 16
/** The header's event is at most this long: 16 algorithms and 255 bytes of vendor information fit. */
const maxHeaderEvent = 512
/** Signature of the header of a crypto-agile log: 16 characters, the last one NUL. */
const agileSignature = 'Spec ID Event03\0'
const signatureOffset = 32

/** Hash algorithms by TPM_ALG_ID, which logs write in little-endian order and TPMs in big-endian. */
const hashNames: ReadonlyMap<number, HashAlgorithm> = new Map(
  hashAlgorithms.map((name) => [decode(u16, encode(tpmiAlgHash, name)), name]),
)

const algorithmSize = struct('TCG_EfiSpecIdEventAlgorithmSize', { algorithmId: u16le, digestSize: u16le })

const specIdEventDef = struct('TCG_EfiSpecIDEvent', {
  signature: bytesOf(agileSignature.length),
  platformClass: u32le,
  specVersionMinor: u8,
  specVersionMajor: u8,
  specErrata: u8,
  uintnSize: u8,
  digestSizes: listOf(u32le, algorithmSize, maxDeclaredAlgorithms),
  vendorInfo: sizedBytes(u8, 0xff),
})
/** TCG_EfiSpecIDEvent. PC Client Platform Firmware Profile, section 10.4.5.1. */
export interface TcgEfiSpecIdEvent extends Infer<typeof specIdEventDef> {}
/** Codec of {@link TcgEfiSpecIdEvent}. */
export const tcgEfiSpecIdEvent: Codec<TcgEfiSpecIdEvent> = specIdEventDef

const headerDef = struct('TCG_PCClientPCREvent', {
  pcrIndex: u32le,
  eventType: u32le,
  digest: bytesOf(20),
  event: sized(u32le, tcgEfiSpecIdEvent, maxHeaderEvent),
})
/** What stands before the data of an event in the SHA-1 format. Same, section 10.2.1. */
const sha1Record = struct('TCG_PCClientPCREvent', {
  pcrIndex: u32le,
  eventType: u32le,
  digest: bytesOf(20),
  eventSize: u32le,
})

/** The first record of a crypto-agile log, in the form of the old logs. Same, section 10.2.1. */
export interface TcgLogHeader extends Infer<typeof headerDef> {}
/** Codec of {@link TcgLogHeader}. */
export const tcgLogHeader: Codec<TcgLogHeader> = headerDef

/** A header, and what the rest of the log needs of it. */
export interface ParsedHeader {
  readonly header: TcgLogHeader
  readonly algorithms: readonly DeclaredAlgorithm[]
  /** Of the header's record, in bytes. */
  readonly length: number
}

/**
 * Reads the header of a crypto-agile log.
 * @throws CODEC_* for bytes that are no header, EVENT_LOG_INVALID for a log in the SHA-1 format or a header that
 *   contradicts itself
 */
export function readHeader(bytes: Uint8Array): ParsedHeader {
  refuseOtherFormats(bytes)
  const { value: header, length } = decodePrefix(tcgLogHeader, bytes)
  if (header.pcrIndex !== 0)
    throw invalid('pcrIndex', 0, '0, as in the log of a TPM', String(header.pcrIndex))
  if (header.eventType !== eventTypes.EV_NO_ACTION) {
    throw invalid('eventType', 4, 'EV_NO_ACTION', `0x${header.eventType.toString(16)}`)
  }
  return { header, algorithms: declaredAlgorithms(header.event), length }
}

/**
 * A log whose first record is not the Spec ID event of the crypto-agile format is of the SHA-1 format when that record
 * could be one of its events, and otherwise no log.
 */
function refuseOtherFormats(bytes: Uint8Array): void {
  if (bytes.length < signatureOffset + agileSignature.length) return
  const signature = String.fromCharCode(
    ...bytes.subarray(signatureOffset, signatureOffset + agileSignature.length),
  )
  if (signature === agileSignature) return
  const { value: first } = decodePrefix(sha1Record, bytes)
  const plausible =
    first.pcrIndex < pcrCount &&
    eventTypeName(first.eventType) !== undefined &&
    first.eventSize <= bytes.length - signatureOffset
  const actual = plausible ? 'a log in the SHA-1 format' : 'no event log'
  throw invalid('format', 0, 'the header of a crypto-agile log (Spec ID Event03)', actual)
}

function declaredAlgorithms(event: TcgEfiSpecIdEvent): readonly DeclaredAlgorithm[] {
  const declared: DeclaredAlgorithm[] = []
  // Sizes start after signature, class, versions and count.
  let offset = signatureOffset + agileSignature.length + 12
  for (const { algorithmId: id, digestSize: size } of event.digestSizes) {
    const name = hashNames.get(id)
    if (declared.some((other) => other.id === id)) {
      throw invalid('algorithmId', offset, 'each algorithm once', `0x${id.toString(16)} again`)
    }
    if (name !== undefined && hashFacts(name).size !== size) {
      throw invalid('digestSize', offset + 2, `${hashFacts(name).size} for ${name}`, String(size))
    }
    declared.push({ id, name, size })
    offset += 4
  }
  if (declared.length === 0) throw invalid('numberOfAlgorithms', offset - 4, 'at least one algorithm', '0')
  return declared
}

function invalid(field: string, offset: number, expected: string, actual: string): TrustholdError {
  return new TrustholdError('EVENT_LOG_INVALID', { event: 0, offset, field, expected, actual })
}
