import { equalBytes, utf8 } from '../../bytes/index.js'
import {
  bytesOf,
  type Codec,
  decode,
  decodePrefix,
  encode,
  type Fields,
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
import type { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashAlgorithms, hashFacts, tpmiAlgHash } from '../../tpm2/index.js'
import { pcrCount } from '../record.js'
import type { SpecId } from './event-log.js'
import { eventTypeName, eventTypes } from './event-types.js'
import { invalidEvent, need } from './failures.js'
import type { DeclaredAlgorithm } from './records.js'

/** Algorithms that a header can declare at most; TPMs have two to five banks. */
export const maxDeclaredAlgorithms = 16
/** The header's event is at most this long: 16 algorithms and 255 bytes of vendor information fit. */
const maxHeaderEvent = 512
/** Signature of the header of a crypto-agile log: 16 characters, the last one NUL. */
const agileSignature = 'Spec ID Event03\0'
/** Those of logs in the SHA-1 format: of UEFI, and of firmware before it. */
const sha1Signatures: ReadonlyMap<string, 0 | 2> = new Map([
  ['Spec ID Event02\0', 2],
  ['Spec ID Event00\0', 0],
])
/** Vendor information of td-shim, a firmware of confidential machines. */
const tdShim = utf8('td-shim')
/** PCR, type, digest and size of the header's record. */
const headerHead = 32

/** Hash algorithms by TPM_ALG_ID, which logs write in little-endian order and TPMs in big-endian. */
const hashNames: ReadonlyMap<number, HashAlgorithm> = new Map(
  hashAlgorithms.map((name) => [decode(u16, encode(tpmiAlgHash, name)), name]),
)

const algorithmSize = struct('TCG_EfiSpecIdEventAlgorithmSize', { algorithmId: u16le, digestSize: u16le })

/** How the data of a header begins in either format. */
const specIdHead = {
  signature: bytesOf(agileSignature.length),
  platformClass: u32le,
  specVersionMinor: u8,
  specVersionMajor: u8,
  specErrata: u8,
  uintnSize: u8,
} as const satisfies Fields

const specIdEventDef = struct('TCG_EfiSpecIDEvent', {
  ...specIdHead,
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

const sha1SpecIdEventDef = struct('TCG_EfiSpecIdEventStruct', {
  ...specIdHead,
  vendorInfo: sizedBytes(u8, 0xff),
})
/**
 * TCG_EfiSpecIdEventStruct, the data of the header that a log in the SHA-1 format may have. TCG EFI Protocol, version
 * 1.22, section 5.2; TCG_PCClientSpecIDEventStruct of firmware before UEFI has the same layout.
 */
export interface TcgEfiSpecIdEventStruct extends Infer<typeof sha1SpecIdEventDef> {}
/** Codec of {@link TcgEfiSpecIdEventStruct}. */
export const tcgEfiSpecIdEventStruct: Codec<TcgEfiSpecIdEventStruct> = sha1SpecIdEventDef

const sha1Header = struct('TCG_PCClientPCREvent', {
  pcrIndex: u32le,
  eventType: u32le,
  digest: bytesOf(20),
  event: sized(u32le, tcgEfiSpecIdEventStruct, maxHeaderEvent),
})

/** The first record of a crypto-agile log, in the form of the old logs. Same, section 10.2.1. */
export interface TcgLogHeader extends Infer<typeof headerDef> {}
/** Codec of {@link TcgLogHeader}. */
export const tcgLogHeader: Codec<TcgLogHeader> = headerDef

/** What the start of a log tells of the rest. */
export interface LogStart {
  /** Undefined for a log in the SHA-1 format without one. */
  readonly specId: SpecId | undefined
  /** Those of a crypto-agile log; undefined for one in the SHA-1 format. */
  readonly algorithms: readonly DeclaredAlgorithm[] | undefined
  /** Of the header of a crypto-agile log, in bytes; 0 otherwise: in the SHA-1 format it is an event like others. */
  readonly length: number
  /** Which field tells that the log is of a confidential machine's registers and not of PCRs. */
  readonly confidential: ConfidentialMark | undefined
}

/** Why a log is taken for that of a confidential machine. */
export interface ConfidentialMark {
  readonly field: 'pcrIndex' | 'vendorInfo'
  /** Where the field is, in bytes. */
  readonly offset: number
  readonly actual: string
}

/**
 * Reads the start of a log. A crypto-agile log starts with its Spec ID event; what starts with another event, or with
 * the Spec ID event of older specifications, is a log in the SHA-1 format.
 * @throws CODEC_* for a header that is none, EVENT_LOG_INVALID for one that contradicts itself, and for what is no log
 */
export function readStart(bytes: Uint8Array): LogStart {
  const signature = signatureOf(bytes)
  if (signature === agileSignature) return readAgileStart(bytes)
  const event = sha1Signatures.get(signature)
  if (event !== undefined) {
    return { specId: readSha1SpecId(bytes, event), algorithms: undefined, length: 0, confidential: undefined }
  }
  checkFirstEvent(bytes)
  return { specId: undefined, algorithms: undefined, length: 0, confidential: undefined }
}

/** The 16 characters with which the data of the first record starts. */
function signatureOf(bytes: Uint8Array): string {
  let signature = ''
  for (let i = headerHead; i < headerHead + agileSignature.length; i++) {
    signature += String.fromCharCode(bytes[i] ?? 0)
  }
  return signature
}

function readAgileStart(bytes: Uint8Array): LogStart {
  const { value: header, length } = decodePrefix(tcgLogHeader, bytes)
  if (header.pcrIndex > 1) throw invalid('pcrIndex', 0, '0, as in the log of a TPM', String(header.pcrIndex))
  if (header.eventType !== eventTypes.EV_NO_ACTION) {
    throw invalid('eventType', 4, 'EV_NO_ACTION', `0x${header.eventType.toString(16)}`)
  }
  const algorithms = declaredAlgorithms(header.event)
  return {
    specId: specIdOf(3, header.event),
    algorithms,
    length,
    confidential: confidentialMark(header, length),
  }
}

/** The header of a CCEL stands in register 1, that of a TPM's log in PCR 0; td-shim writes its name instead. */
function confidentialMark({ pcrIndex, event }: TcgLogHeader, length: number): ConfidentialMark | undefined {
  if (pcrIndex === 1) {
    return { field: 'pcrIndex', offset: 0, actual: '1, as in the log of a confidential machine' }
  }
  if (!equalBytes(event.vendorInfo, tdShim)) return undefined
  return { field: 'vendorInfo', offset: length - tdShim.length, actual: 'td-shim, of a confidential machine' }
}

function readSha1SpecId(bytes: Uint8Array, event: 0 | 2): SpecId {
  const { value: first } = decodePrefix(sha1Header, bytes)
  return specIdOf(event, first.event)
}

function specIdOf(
  event: SpecId['event'],
  stated: Omit<TcgEfiSpecIdEventStruct, 'signature' | 'uintnSize'>,
): SpecId {
  const { platformClass, specVersionMajor, specVersionMinor, specErrata, vendorInfo } = stated
  return {
    event,
    platformClass,
    specVersion: { major: specVersionMajor, minor: specVersionMinor, errata: specErrata },
    vendorInfo,
  }
}

/** Tells a log in the SHA-1 format without a header from what is no log at all: by PCR and type of its first event. */
function checkFirstEvent(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  need(view, 0, 'header', 0, headerHead)
  const pcr = view.getUint32(0, true)
  const type = view.getUint32(4, true)
  const blank = pcr === 0 && type === 0 && view.getUint32(28, true) === 0
  const possible = pcr < pcrCount || (pcr === 0xffff_ffff && type === eventTypes.EV_NO_ACTION)
  if (!possible || blank || eventTypeName(type) === undefined) {
    throw invalid('format', 0, 'an event log, crypto-agile (Spec ID Event03) or of SHA-1', 'no event log')
  }
}

function declaredAlgorithms(event: TcgEfiSpecIdEvent): readonly DeclaredAlgorithm[] {
  const declared: DeclaredAlgorithm[] = []
  // Sizes start after signature, class, versions and count.
  let offset = headerHead + agileSignature.length + 12
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
  return invalidEvent(0, offset, field, expected, actual)
}
