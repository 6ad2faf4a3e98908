import {
  type DecodedEvent,
  decodeEvent,
  type EventTypeName,
  eventTypes,
  parseEventLog,
  type TcgEvent,
} from '../../../src/measured-boot/index.js'
import { eventLog } from '../../../src/testing/index.js'

export const banks = ['sha256', 'sha384'] as const

/** An event of a log with two banks. @param digestOf what was measured; the data if nothing else is said */
export function eventOf(
  type: EventTypeName | number,
  data: Uint8Array | string,
  digestOf?: Uint8Array | string,
): TcgEvent {
  const { bytes } = eventLog({ banks })
    .specId()
    .event({
      pcr: 4,
      type: typeof type === 'number' ? type : eventTypes[type],
      data,
      ...(digestOf === undefined ? {} : { digestOf }),
    })
    .build()
  return parseEventLog(bytes).events[1] as TcgEvent
}

/** What the data of an event of this type says, and what of it is covered when it is what was measured. */
export function decodeData(
  type: EventTypeName | number,
  data: Uint8Array | string,
  digestOf?: Uint8Array | string,
): DecodedEvent {
  return decodeEvent(eventOf(type, data, digestOf), banks)
}
