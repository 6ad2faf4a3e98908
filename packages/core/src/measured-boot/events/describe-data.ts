import { toHex } from '../../bytes/index.js'
import type { EventData } from './decode-event.js'
import type { DevicePath } from './device-path/device-path.js'
import type { EfiSignatureList } from './signature-list.js'
import { findText } from './text.js'
import type { VariableValue } from './variable-value.js'

/** Puts a text of the event in quotes; it may hold anything and must be made fit for a report. */
export type Quote = (text: string) => string

/** A value of at most this many bytes is shown in hexadecimal. */
const maxShownBytes = 8

type Describers<U extends { readonly kind: string }> = {
  readonly [K in U['kind']]: (data: Extract<U, { readonly kind: K }>, quote: Quote) => string
}

const dataDescribers: Describers<EventData> = {
  'spec-id': ({ format, specVersion: { major, minor, errata } }) =>
    `(format ${format}, specification ${major}.${minor}.${errata})`,
  'startup-locality': ({ locality }) => `(locality ${locality})`,
  'reference-manifest': ({ referenceManifest, platform }, quote) =>
    platform === undefined
      ? `(manifest ${referenceManifest})`
      : `${quote(`${platform.manufacturer} ${platform.model}`)} (manifest ${referenceManifest})`,
  'h-crtm-component': ({ description }, quote) => quote(description),
  'nv-index-instance': ({ version }) => `(NV index, version ${version})`,
  'nv-index-dynamic': ({ description }, quote) => quote(description),
  separator: ({ bytes }) => describeBytes(bytes),
  action: ({ text }, quote) => quote(text),
  text: ({ text }, quote) => quote(text),
  'crtm-guid': ({ guid }) => `(${guid})`,
  'firmware-blob': ({ description, base, length }, quote) =>
    [...quoted(description, quote), `(${length} bytes at 0x${base.toString(16)})`].join(' '),
  'handoff-tables': ({ description, tables }, quote) =>
    [...quoted(description, quote), `(${listed(tables.map(({ name, guid }) => name ?? guid))})`].join(' '),
  'uefi-variable': ({ name, value }, quote) => `${quote(name)} ${describeValue(value, quote)}`,
  gpt: ({ diskGuid, partitions }) => `(disk ${diskGuid}, ${count(partitions.length, 'partition')})`,
  'image-load': ({ devicePaths, length }, quote) =>
    devicePaths.length === 0 ? `(${length} bytes)` : quote(pathsText(devicePaths)),
  'tagged-events': ({ tags }, quote) => {
    const [only, ...others] = tags
    const single = only !== undefined && others.length === 0 && only.tags.length === 0
    const content = single ? [describeContent(only.bytes, quote)] : []
    return [`(${listed(tags.map(({ id }) => `0x${id.toString(16)}`))})`, ...content].join(' ')
  },
  'device-measurement': ({ devicePaths, statement }, quote) =>
    [...(devicePaths.length === 0 ? [] : [quote(pathsText(devicePaths))]), `(${statement.kind})`].join(' '),
  bytes: ({ bytes }, quote) => describeContent(bytes, quote),
  unknown: ({ bytes }, quote) => describeContent(bytes, quote),
  malformed: ({ bytes }, quote) => describeContent(bytes, quote),
}

const valueDescribers: Describers<VariableValue> = {
  boolean: ({ value }) => (value ? '= 01' : '= 00'),
  'signature-database': ({ lists }) => `(${count(signatureCount(lists), 'signature')})`,
  signature: ({ data }) => `(a signature of ${data.length} bytes)`,
  certificate: ({ certificate }) => `(a certificate of ${certificate.length} bytes)`,
  'boot-option': ({ description, devicePaths }, quote) =>
    ['=', quote(description), ...(devicePaths.length === 0 ? [] : [quote(pathsText(devicePaths))])].join(' '),
  'boot-order': ({ options }) => `= ${listed(options.map(optionText))}`,
  'boot-number': ({ option }) => `= ${optionText(option)}`,
  text: ({ text }, quote) => `= ${quote(text)}`,
  raw: ({ bytes }) => describeBytes(bytes),
  malformed: ({ bytes }) => describeBytes(bytes),
}

/** What an event's data says, in a few words: texts of the event in quotes, and remarks. */
export function describeData(data: EventData, quote: Quote): string {
  const describe = dataDescribers[data.kind] as (one: EventData, quote: Quote) => string
  return describe(data, quote)
}

function describeValue(value: VariableValue, quote: Quote): string {
  const describe = valueDescribers[value.kind] as (one: VariableValue, quote: Quote) => string
  return describe(value, quote)
}

/** Bytes as a text where they are one. */
function describeContent(bytes: Uint8Array, quote: Quote): string {
  const found = findText(bytes)
  return found === undefined || found.trailing !== undefined ? describeBytes(bytes) : quote(found.text)
}

function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)'
  return bytes.length <= maxShownBytes ? `= ${toHex(bytes)}` : `(${bytes.length} bytes)`
}

function quoted(text: string | undefined, quote: Quote): readonly string[] {
  return text === undefined ? [] : [quote(text)]
}

function pathsText(paths: readonly DevicePath[]): string {
  return paths.map(({ text }) => text).join(',')
}

function signatureCount(lists: readonly EfiSignatureList[]): number {
  return lists.reduce((total, { signatures }) => total + signatures.length, 0)
}

/** Number of a load option, as it stands in the variable's name. */
function optionText(option: number): string {
  return option.toString(16).toUpperCase().padStart(4, '0')
}

/** Of a longer list only the start is shown. */
const maxListed = 16

function listed(items: readonly string[]): string {
  return [...items.slice(0, maxListed), ...(items.length > maxListed ? ['…'] : [])].join(', ')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
