import { fromHex, toHex } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { extendPcr, initialValue } from '../measured-boot/index.js'
import { type HashAlgorithm, hashFacts, isHashAlgorithm } from '../tpm2/index.js'
import { type BaseImage, baseImageVersion, type ReferenceEvent, type ReferencePcr } from './base-image.js'
import { isBlank, whyUnfit } from './pcr-rules.js'

/** Longest name and texts, in UTF-16 units; a description of an event is its type and 200 characters. */
const maxName = 128
const maxText = 1024
const maxEvents = 16_384

/**
 * Reads a base image from a parsed JSON value: every member is checked, none may be missing or unknown, the PCRs are
 * ascending and fit to rest on, and the events of each replay to its value. The result is a new, frozen document whose
 * members are in canonical order.
 * @throws BASE_IMAGE_INVALID with the path of the first thing that is wrong
 */
export function readBaseImage(value: unknown): BaseImage {
  const image = members(value, '$', ['version', 'name', 'bank', 'pcrs'], ['description'])
  if (image['version'] !== baseImageVersion) {
    throw invalid('version', String(baseImageVersion), show(image['version']))
  }
  const name = text(image['name'], 'name', maxName)
  if (name === '' || name.trim() !== name || name.normalize('NFC') !== name) {
    throw invalid('name', 'a name in Unicode form C without white space at its ends', show(name))
  }
  const bank = text(image['bank'], 'bank', maxName)
  if (!isHashAlgorithm(bank)) throw invalid('bank', 'the name of a hash algorithm', show(bank))
  const pcrs = list(image['pcrs'], 'pcrs', 1, 24).map((pcr, i) => readPcr(pcr, `pcrs[${i}]`, bank))
  pcrs.forEach(({ pcr }, i) => {
    if (pcr <= (pcrs[i - 1]?.pcr ?? -1)) throw invalid(`pcrs[${i}].pcr`, 'ascending PCRs', String(pcr))
  })
  const description = image['description']
  return Object.freeze({
    version: baseImageVersion,
    name,
    ...(description === undefined ? {} : { description: text(description, 'description', maxText) }),
    bank,
    pcrs: Object.freeze(pcrs),
  })
}

function readPcr(value: unknown, path: string, bank: HashAlgorithm): ReferencePcr {
  const entry = members(value, path, ['pcr', 'value', 'events'], ['startupLocality'])
  const pcr = entry['pcr']
  if (typeof pcr !== 'number') throw invalid(`${path}.pcr`, 'a number', show(pcr))
  const unfit = whyUnfit(pcr)
  if (unfit !== undefined) throw invalid(`${path}.pcr`, unfit, String(pcr))
  const reference = digest(entry['value'], `${path}.value`, bank)
  if (isBlank(fromHex(reference))) {
    throw invalid(`${path}.value`, 'a value into which something was extended', reference)
  }
  const startupLocality = entry['startupLocality']
  if (startupLocality !== undefined && (pcr !== 0 || (startupLocality !== 3 && startupLocality !== 4))) {
    throw invalid(`${path}.startupLocality`, '3 or 4, in PCR 0 only', show(startupLocality))
  }
  const events = list(entry['events'], `${path}.events`, 1, maxEvents).map((event, i) =>
    readEvent(event, `${path}.events[${i}]`, bank),
  )
  const first = initialValue(pcr, hashFacts(bank).size, startupLocality)
  const replayed = toHex(extendPcr(bank, first, digestsOf(events)))
  if (replayed !== reference) throw invalid(`${path}.events`, `events that replay to ${reference}`, replayed)
  return Object.freeze({
    pcr,
    value: reference,
    ...(startupLocality === undefined ? {} : { startupLocality }),
    events: Object.freeze(events),
  })
}

function* digestsOf(events: readonly ReferenceEvent[]): Generator<Uint8Array> {
  for (const event of events) yield fromHex(event.digest)
}

function readEvent(value: unknown, path: string, bank: HashAlgorithm): ReferenceEvent {
  const entry = members(value, path, ['digest', 'type', 'description'], [])
  return Object.freeze({
    digest: digest(entry['digest'], `${path}.digest`, bank),
    type: text(entry['type'], `${path}.type`, maxName),
    description: text(entry['description'], `${path}.description`, maxText),
  })
}

function digest(value: unknown, path: string, bank: HashAlgorithm): string {
  const { size } = hashFacts(bank)
  if (typeof value === 'string' && value.length === 2 * size && /^[0-9a-f]+$/.test(value)) return value
  throw invalid(path, `${2 * size} lower-case hexadecimal digits`, show(value))
}

function text(value: unknown, path: string, max: number): string {
  if (typeof value !== 'string') throw invalid(path, 'a text', show(value))
  if (value.length > max) throw invalid(path, `at most ${max} characters`, `${value.length} characters`)
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(value)) throw invalid(path, 'printable characters', 'a control character')
  return value
}

function list(value: unknown, path: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(path, 'a list', show(value))
  if (value.length < min || value.length > max) {
    throw invalid(path, `${min} to ${max} members`, `${value.length} members`)
  }
  return value
}

function members(
  value: unknown,
  path: string,
  required: readonly string[],
  optional: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, 'an object', show(value))
  }
  const missing = required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) throw invalid(path, `a member ${missing}`, 'none')
  const unknown = Object.keys(value).find((name) => !required.includes(name) && !optional.includes(name))
  if (unknown !== undefined) throw invalid(path, 'no other members', show(unknown))
  return value as Readonly<Record<string, unknown>>
}

/** A value as it may stand in an error: short, on one line. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  // Not written out: a value that was parsed can be nested too deeply for that.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const json = JSON.stringify(value) ?? typeof value
  return json.length > 60 ? `${json.slice(0, 60)}…` : json
}

function invalid(path: string, expected: string, actual: string): TrustholdError {
  return new TrustholdError('BASE_IMAGE_INVALID', { path, expected, actual })
}
