import { createHash } from 'node:crypto'
import { concatBytes, utf8 } from '../bytes/index.js'
import { decode, encode, u16, Writer } from '../codec/index.js'
import { eventTypes, tcgLogHeader, uefiVariableData } from '../measured-boot/index.js'
import { type HashAlgorithm, hashFacts, tpmiAlgHash } from '../tpm2/index.js'

/** What {@link eventLog} takes. */
export interface EventLogOptions {
  /** Banks that the header declares and that events have digests for; SHA-256 alone by default. */
  banks?: readonly HashAlgorithm[]
}

/** One event to be added to a log. */
export interface BuiltEvent {
  pcr: number
  /** Number of the type; see `eventTypes`. */
  type: number
  /** What the event says of itself; a text stands for its UTF-8 bytes. */
  data: Uint8Array | string
  /** What was measured, when that is not the data; by default nothing for EV_NO_ACTION, whose digests are zeros. */
  digestOf?: Uint8Array | string
  /** What was measured and is written, when it is no digest of anything; banks that are not named are left out. */
  digests?: Partial<Record<HashAlgorithm, Uint8Array>>
  /** Whether the PCR is extended; by default for all types but EV_NO_ACTION. */
  extend?: boolean
}

/** Members of the header that can be set otherwise than the builder would. */
export interface SpecIdOptions {
  platformClass?: number
  vendorInfo?: Uint8Array
  /** Declared algorithms, when they are not those of the banks. */
  algorithms?: readonly { id: number; size: number }[]
}

/** A log and the PCRs of a TPM that measured it. */
export interface BuiltEventLog {
  readonly bytes: Uint8Array
  /** Values of PCRs 0 to 23 by bank. */
  readonly pcrs: ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>>
  /** Where each record starts in `bytes`, the header first. */
  readonly offsets: readonly number[]
}

/** Builds a log step by step; each method returns the builder. */
export interface EventLogBuilder {
  /** The header. A log without it is no crypto-agile log; tests may want that. */
  specId(options?: SpecIdOptions): EventLogBuilder
  /** States the locality of TPM2_Startup, which is where PCR 0 begins. */
  startupLocality(locality: number): EventLogBuilder
  event(event: BuiltEvent): EventLogBuilder
  /** A separator: 0 for a boot that goes on, 1 for an error, 0xffffffff as some firmware writes. */
  separator(pcr: number, value?: number): EventLogBuilder
  /** A variable of UEFI's own, as firmware measures it. */
  variable(name: string, data: Uint8Array, options?: { pcr?: number; type?: number }): EventLogBuilder
  /** Bytes as they are; no PCR is extended. */
  raw(bytes: Uint8Array): EventLogBuilder
  build(): BuiltEventLog
}

/** EFI_GLOBAL_VARIABLE as it stands in memory. */
const globalVendor = Uint8Array.of(
  0x61,
  0xdf,
  0xe4,
  0x8b,
  0xca,
  0x93,
  0xd2,
  0x11,
  0xaa,
  0x0d,
  0,
  0xe0,
  0x98,
  3,
  0x2b,
  0x8c,
)

/**
 * Builds any crypto-agile event log, good or bad, with the PCRs that a TPM would then have. The PCRs are computed here,
 * not by the code that tests want to judge.
 */
export function eventLog({ banks = ['sha256'] }: EventLogOptions = {}): EventLogBuilder {
  const records: Uint8Array[] = []
  const pcrs = new Map(banks.map((bank) => [bank, startValues(hashFacts(bank).size)]))
  const add = (record: Uint8Array): EventLogBuilder => {
    records.push(record)
    return builder
  }
  const builder: EventLogBuilder = {
    specId: (options) => add(headerRecord(banks, options)),
    startupLocality(locality) {
      for (const values of pcrs.values()) (values.get(0) as Uint8Array).fill(locality, -1)
      const data = concatBytes(utf8('StartupLocality\0'), Uint8Array.of(locality))
      return builder.event({ pcr: 0, type: eventTypes.EV_NO_ACTION, data })
    },
    event(event) {
      const digests = digestsOf(event, banks)
      const extend = event.extend ?? event.type !== eventTypes.EV_NO_ACTION
      for (const [bank, digest] of extend ? digests : []) {
        const values = pcrs.get(bank)
        const value = values?.get(event.pcr)
        if (value !== undefined) values?.set(event.pcr, hash(bank, value, digest))
      }
      return add(eventRecord(event, digests))
    },
    separator(pcr, value = 0) {
      const data = new Uint8Array(4)
      new DataView(data.buffer).setUint32(0, value, true)
      return builder.event({ pcr, type: eventTypes.EV_SEPARATOR, data })
    },
    variable(name, data, { pcr = 7, type = eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG } = {}) {
      return builder.event({
        pcr,
        type,
        data: encode(uefiVariableData, { vendor: globalVendor, name, data }),
      })
    },
    raw: add,
    build() {
      let end = 0
      const offsets = records.map((record) => {
        end += record.length
        return end - record.length
      })
      return { bytes: concatBytes(...records), pcrs: new Map(pcrs), offsets }
    },
  }
  return builder
}

function headerRecord(banks: readonly HashAlgorithm[], options: SpecIdOptions = {}): Uint8Array {
  const algorithms =
    options.algorithms ?? banks.map((bank) => ({ id: idOf(bank), size: hashFacts(bank).size }))
  return encode(tcgLogHeader, {
    pcrIndex: 0,
    eventType: eventTypes.EV_NO_ACTION,
    digest: new Uint8Array(20),
    event: {
      signature: utf8('Spec ID Event03\0'),
      platformClass: options.platformClass ?? 0,
      specVersionMinor: 0,
      specVersionMajor: 2,
      specErrata: 0,
      uintnSize: 2,
      digestSizes: algorithms.map(({ id, size }) => ({ algorithmId: id, digestSize: size })),
      vendorInfo: options.vendorInfo ?? new Uint8Array(0),
    },
  })
}

function eventRecord(event: BuiltEvent, digests: ReadonlyMap<HashAlgorithm, Uint8Array>): Uint8Array {
  const writer = new Writer()
  writer.u32(event.pcr, true)
  writer.u32(event.type, true)
  writer.u32(digests.size, true)
  for (const [bank, digest] of digests) {
    writer.u16(idOf(bank), true)
    writer.bytes(digest)
  }
  const data = toBytes(event.data)
  writer.u32(data.length, true)
  writer.bytes(data)
  return writer.finish()
}

function digestsOf(event: BuiltEvent, banks: readonly HashAlgorithm[]): Map<HashAlgorithm, Uint8Array> {
  const given = event.digests
  const digests = new Map<HashAlgorithm, Uint8Array>()
  for (const bank of banks) {
    const digest = given === undefined ? measuredDigest(event, bank) : given[bank]
    if (digest !== undefined) digests.set(bank, digest)
  }
  return digests
}

function measuredDigest({ type, data, digestOf }: BuiltEvent, bank: HashAlgorithm): Uint8Array {
  return digestOf === undefined && type === eventTypes.EV_NO_ACTION
    ? new Uint8Array(hashFacts(bank).size)
    : hash(bank, toBytes(digestOf ?? data))
}

function startValues(size: number): Map<number, Uint8Array> {
  const start = (pcr: number): Uint8Array => new Uint8Array(size).fill(pcr >= 17 && pcr <= 22 ? 0xff : 0)
  return new Map(Array.from({ length: 24 }, (_, pcr) => [pcr, start(pcr)]))
}

function hash(bank: HashAlgorithm, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = createHash(hashFacts(bank).node)
  for (const part of parts) state.update(part)
  return Uint8Array.from(state.digest())
}

/** TPM_ALG_ID of a bank. */
function idOf(bank: HashAlgorithm): number {
  return decode(u16, encode(tpmiAlgHash, bank))
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? utf8(data) : data
}
