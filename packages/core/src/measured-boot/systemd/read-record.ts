import { fromHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../../tpm2/index.js'
import { printable } from '../printable.js'
import { noPcr, pcrCount } from '../record.js'
import type { SystemdEvent } from './systemd-log.js'

/** Where a record stands, for errors. */
export interface RecordPlace {
  readonly index: number
  readonly offset: number
}

/** A record with its digests for the algorithms that are known here. */
export interface SystemdRecord
  extends Pick<
    SystemdEvent,
    'contentType' | 'eventType' | 'string' | 'bootId' | 'timestamp' | 'nvIndex' | 'nvIndexName' | 'pcr'
  > {
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
}

type Members = Readonly<Record<string, unknown>>

/** More digests than a TPM has banks. */
const maxDigests = 16

/**
 * Reads a record of systemd's log. Members that are not known are passed over, as the format grows by them.
 * @throws EVENT_LOG_INVALID with the record's place and the member
 */
export function readRecord(value: unknown, place: RecordPlace): SystemdRecord {
  const record = objectIn(value, 'record', place)
  const nvIndex = wholeNumber(record['nv_index'], 'nv_index', 0xffff_ffff, place)
  const pcr = wholeNumber(record['pcr'], 'pcr', pcrCount - 1, place)
  if ((pcr === undefined) === (nvIndex === undefined)) {
    throw invalid(place, 'pcr', 'a PCR or an NV index', pcr === undefined ? 'neither' : 'both')
  }
  const contentType = text(record['content_type'], 'content_type', place)
  const content = contentType === 'systemd' ? objectIn(record['content'], 'content', place) : ({} as Members)
  return {
    pcr: pcr ?? noPcr,
    nvIndex,
    nvIndexName: text(content['nvIndexName'], 'content.nvIndexName', place),
    digests: readDigests(record['digests'], place),
    contentType,
    eventType: text(content['eventType'], 'content.eventType', place),
    string: text(content['string'], 'content.string', place),
    bootId: readBootId(content['bootId'], place),
    timestamp: readTimestamp(content['timestamp'], place),
  }
}

function readDigests(value: unknown, place: RecordPlace): ReadonlyMap<HashAlgorithm, Uint8Array> {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxDigests) {
    throw invalid(place, 'digests', `1 to ${maxDigests} digests`, show(value))
  }
  const digests = new Map<HashAlgorithm, Uint8Array>()
  const seen = new Set<string>()
  for (const [i, entry] of value.entries()) {
    const path = `digests[${i}]`
    const members = objectIn(entry, path, place)
    const algorithm = text(members['hashAlg'], `${path}.hashAlg`, place)
    const digest = text(members['digest'], `${path}.digest`, place)
    if (algorithm === undefined || digest === undefined) {
      throw invalid(place, path, 'an algorithm and a digest', 'not both')
    }
    if (seen.has(algorithm)) throw invalid(place, `${path}.hashAlg`, 'each algorithm once', show(algorithm))
    seen.add(algorithm)
    if (isHashAlgorithm(algorithm)) digests.set(algorithm, readDigest(digest, algorithm, path, place))
  }
  return digests
}

function readDigest(digest: string, algorithm: HashAlgorithm, path: string, place: RecordPlace): Uint8Array {
  const { size } = hashFacts(algorithm)
  if (digest.length !== 2 * size || !/^[0-9a-f]*$/.test(digest)) {
    throw invalid(place, `${path}.digest`, `${2 * size} hexadecimal digits`, `${digest.length} characters`)
  }
  return fromHex(digest)
}

/** 32 hexadecimal digits, or the same as a UUID. */
function readBootId(value: unknown, place: RecordPlace): string | undefined {
  const id = text(value, 'content.bootId', place)
  if (id === undefined) return undefined
  const digits = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id.replaceAll('-', '') : id
  if (!/^[0-9a-f]{32}$/.test(digits)) {
    throw invalid(place, 'content.bootId', '32 hexadecimal digits', show(id))
  }
  return digits
}

function readTimestamp(value: unknown, place: RecordPlace): bigint | undefined {
  const stated = wholeNumber(value, 'content.timestamp', Number.MAX_SAFE_INTEGER, place)
  return stated === undefined ? undefined : BigInt(stated)
}

function objectIn(value: unknown, field: string, place: RecordPlace): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members
  throw invalid(place, field, 'an object', show(value))
}

function text(value: unknown, field: string, place: RecordPlace): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw invalid(place, field, 'a text', show(value))
}

function wholeNumber(value: unknown, field: string, max: number, place: RecordPlace): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
  throw invalid(place, field, `a whole number of at most ${max}`, show(value))
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${printable(value)}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}

/** The error for a record that cannot be. */
export function invalid(
  { index, offset }: RecordPlace,
  field: string,
  expected: string,
  actual: string,
): TrustholdError {
  return new TrustholdError('EVENT_LOG_INVALID', { event: index, offset, field, expected, actual })
}
