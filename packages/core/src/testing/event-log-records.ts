import { utf8 } from '../bytes/index.js'
import { decode, encode, u16, Writer } from '../codec/index.js'
import { eventTypes, tcgEfiSpecIdEventStruct, tcgLogHeader } from '../measured-boot/index.js'
import { type HashAlgorithm, hashFacts, tpmiAlgHash } from '../tpm2/index.js'

/** Members of the header that can be set otherwise than the builder would. */
export interface SpecIdOptions {
  platformClass?: number
  vendorInfo?: Uint8Array
  /** Declared algorithms, when they are not those of the banks; not in the SHA-1 format. */
  algorithms?: readonly { id: number; size: number }[]
  /** PCR that the header stands in; 0 by default, 1 in the log of a confidential machine. */
  pcr?: number
  /** Number in the signature of a header in the SHA-1 format: 2 by default, 0 of firmware before UEFI. */
  event?: 0 | 2
}

/** One record with its digests made up. */
export interface EventRecord {
  readonly pcr: number
  readonly type: number
  readonly data: Uint8Array
  readonly digests: ReadonlyMap<HashAlgorithm, Uint8Array>
}

/** The header of a crypto-agile log. */
export function agileHeader(banks: readonly HashAlgorithm[], options: SpecIdOptions): Uint8Array {
  const algorithms =
    options.algorithms ?? banks.map((bank) => ({ id: idOf(bank), size: hashFacts(bank).size }))
  return encode(tcgLogHeader, {
    pcrIndex: options.pcr ?? 0,
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

/** The header that a log in the SHA-1 format may have. */
export function sha1Header({ event = 2, platformClass = 0, vendorInfo, pcr = 0 }: SpecIdOptions): Uint8Array {
  const data = encode(tcgEfiSpecIdEventStruct, {
    signature: utf8(`Spec ID Event0${event}\0`),
    platformClass,
    specVersionMinor: event === 2 ? 2 : 21,
    specVersionMajor: 1,
    specErrata: 0,
    uintnSize: event === 2 ? 2 : 0,
    vendorInfo: vendorInfo ?? new Uint8Array(0),
  })
  return sha1Record({ pcr, type: eventTypes.EV_NO_ACTION, data, digests: new Map() })
}

/** TCG_PCR_EVENT2. */
export function agileRecord({ pcr, type, data, digests }: EventRecord): Uint8Array {
  const writer = new Writer()
  writer.u32(pcr, true)
  writer.u32(type, true)
  writer.u32(digests.size, true)
  for (const [bank, digest] of digests) {
    writer.u16(idOf(bank), true)
    writer.bytes(digest)
  }
  writer.u32(data.length, true)
  writer.bytes(data)
  return writer.finish()
}

/** TCG_PCClientPCREvent: zeros where there is no digest. */
export function sha1Record({ pcr, type, data, digests }: EventRecord): Uint8Array {
  const writer = new Writer()
  writer.u32(pcr, true)
  writer.u32(type, true)
  writer.bytes(digests.get('sha1') ?? new Uint8Array(20))
  writer.u32(data.length, true)
  writer.bytes(data)
  return writer.finish()
}

/** TPM_ALG_ID of a bank. */
function idOf(bank: HashAlgorithm): number {
  return decode(u16, encode(tpmiAlgHash, bank))
}
