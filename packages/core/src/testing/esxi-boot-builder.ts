import { concatBytes, utf8 } from '../bytes/index.js'
import { encode } from '../codec/index.js'
import { type EsxiVersion, eventTypes, tcgTaggedEvent, vmVersionRecord } from '../measured-boot/index.js'
import type { BuiltEvent } from './event-log-builder.js'

/** A file that a boot loads. */
export interface EsxiBootFile {
  /** Path as the boot loader is told it, such as `/k.b00`. */
  path: string
  /** What is in it, decompressed; a text stands for its UTF-8 bytes. */
  contents: Uint8Array | string
  /** What its version record says; `b` and `k` have one on ESXi 8. */
  version?: Omit<EsxiVersion, 'file'>
}

/** What {@link esxiBootEvents} takes. */
export interface EsxiBootPlan {
  /** All files in the order in which they are loaded, the kernel first. */
  files: readonly EsxiBootFile[]
  /** Certificates and keys that the files were verified with. */
  signers?: readonly Uint8Array[]
  /** Options of the kernel; its file's path comes before them. */
  options?: string
  assetTag?: Uint8Array
  /** Options that the VMkernel states, `KEY=VALUE`. */
  securityOptions?: readonly string[]
  /** PCRs that the VMkernel closes with Boot Complete; none by default, as before ESXi 8.0.1. */
  completePcrs?: readonly number[]
}

const [updatePcr, corePcr, staticPcr, variablePcr] = [11, 12, 13, 14]

/**
 * The events that ESXi's boot loader and kernel make of a boot, in their order: to be added to a log, or to be changed
 * first. Where an event goes is told here and not by the code that tests want to judge.
 */
export function esxiBootEvents(plan: EsxiBootPlan): BuiltEvent[] {
  const { files, signers = [], options = '', assetTag, securityOptions = [], completePcrs = [] } = plan
  const commandLine = [files[0]?.path ?? '', options].filter((part) => part !== '').join(' ')
  return [
    ...files.flatMap(fileEvents),
    ...signers.map((signer) => esxiEvent(variablePcr, 7, signer)),
    esxiEvent(variablePcr, 4, commandLine),
    ...(assetTag === undefined ? [] : [esxiEvent(variablePcr, 6, assetTag)]),
    ...securityOptions.map((option) => ({ pcr: variablePcr, type: 0x6000_0002, data: option })),
    ...completePcrs.map((pcr) => ({ pcr, type: 0x6000_0004, data: 'Boot Complete\0' })),
  ]
}

/** One tagged event; its digest is over the data, or over `digestOf` where that is given. */
export function esxiEvent(
  pcr: number,
  tag: number,
  data: Uint8Array | string,
  digestOf: Uint8Array | string = data,
): BuiltEvent {
  const taggedEventData = typeof data === 'string' ? utf8(data) : data
  return {
    pcr,
    type: eventTypes.EV_EVENT_TAG,
    data: encode(tcgTaggedEvent, { taggedEventId: tag, taggedEventData }),
    digestOf,
  }
}

/** A version record, its texts one after the other and ended by a NUL each, as boot modules have it. */
export function esxiVersionRecord({ component, product, version, file }: EsxiVersion): Uint8Array {
  const headSize = 32
  const texts = [component, product, version, file].map((text) => utf8(`${text}\0`))
  const places = texts.map((text, i) => ({
    offset: headSize + concatBytes(...texts.slice(0, i)).length,
    length: text.length,
  }))
  const [first, second, third, last] = places as [Place, Place, Place, Place]
  return encode(vmVersionRecord, {
    totalSize: last.offset + last.length,
    formatVersion: 1,
    flags: 0n,
    componentNameOffset: first.offset,
    componentNameLen: first.length,
    productNameOffset: second.offset,
    productNameLen: second.length,
    productVersionOffset: third.offset,
    productVersionLen: third.length,
    fileNameOffset: last.offset,
    fileNameLen: last.length,
    strings: concatBytes(...texts),
  })
}

interface Place {
  readonly offset: number
  readonly length: number
}

function fileEvents({ path, contents, version }: EsxiBootFile): BuiltEvent[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const [stem] = name.split('.', 1)
  // A file of no bytes is measured as one zero.
  const measured = contents.length === 0 ? Uint8Array.of(0) : contents
  const record = version === undefined ? undefined : esxiVersionRecord({ ...version, file: path })
  const versions = record === undefined ? [] : [esxiEvent(staticPcr, 8, record)]
  if (['b', 'k', 's', 'sb'].includes(stem ?? '')) {
    return [...versions, esxiEvent(corePcr, 2, `${name}\0`, measured)]
  }
  if (stem === 'esxupdt') return [esxiEvent(updatePcr, 2, `${name}\0`, measured)]
  return name.endsWith('.gz')
    ? [esxiEvent(variablePcr, 3, `${name}\0`, measured)]
    : [esxiEvent(staticPcr, 2, `${name}\0`, measured)]
}
