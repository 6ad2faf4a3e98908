import {
  type TcgEfiSpecIdEventStruct,
  tcgEfiSpecIdEvent,
  tcgEfiSpecIdEventStruct,
} from '../tcg/log-header.js'
import { decoderOf, type EventDecoder, onlyInforms } from './reading.js'

/** The header of a log. Informs only. */
export interface SpecIdEvent {
  readonly kind: 'spec-id'
  /** 0: firmware before UEFI, 2: UEFI with a TPM 1.2, 3: a log with several digests an event. */
  readonly format: 0 | 2 | 3
  /** 0: client, 1: server. */
  readonly platformClass: number
  /** Of the specification that the firmware follows. */
  readonly specVersion: { readonly major: number; readonly minor: number; readonly errata: number }
  /** Size of pointers in the log's structures: 1: 32 bits, 2: 64 bits. Reserved in format 0. */
  readonly uintnSize: number
  /** TPM_ALG_IDs and sizes in bytes of the digests that each event has; none in older formats. */
  readonly algorithms: readonly { readonly id: number; readonly digestSize: number }[]
  /** Firmware's own bytes. */
  readonly vendorInfo: Uint8Array
}

/** The formats before the one with several digests. TCG EFI Platform Specification 1.22, section 7.4. */
export function olderSpecId(format: 0 | 2): EventDecoder<SpecIdEvent> {
  return decoderOf(tcgEfiSpecIdEventStruct, (value) => ({
    data: specId(format, value, []),
    measured: onlyInforms,
  }))
}

/** TCG_EfiSpecIDEvent. PC Client Platform Firmware Profile, section 10.4.5.1. */
export const newestSpecId: EventDecoder<SpecIdEvent> = decoderOf(tcgEfiSpecIdEvent, (value) => ({
  data: specId(
    3,
    value,
    value.digestSizes.map(({ algorithmId, digestSize }) => ({ id: algorithmId, digestSize })),
  ),
  measured: onlyInforms,
}))

/** What both forms have. */
type Fields = Omit<TcgEfiSpecIdEventStruct, 'signature'>

function specId(format: 0 | 2 | 3, fields: Fields, algorithms: SpecIdEvent['algorithms']): SpecIdEvent {
  const { platformClass, specVersionMajor, specVersionMinor, specErrata, uintnSize, vendorInfo } = fields
  const specVersion = { major: specVersionMajor, minor: specVersionMinor, errata: specErrata }
  return { kind: 'spec-id', format, platformClass, specVersion, uintnSize, algorithms, vendorInfo }
}
