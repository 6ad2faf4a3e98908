import { TrustholdError } from '../../errors/index.js'

/** The error for an event that cannot be. */
export function invalidEvent(
  event: number,
  offset: number,
  field: string,
  expected: string,
  actual: string,
): TrustholdError {
  return new TrustholdError('EVENT_LOG_INVALID', { event, offset, field, expected, actual })
}

/**
 * Fails when the bytes end before a part of an event does.
 * @throws CODEC_UNDERFLOW
 */
export function need(view: DataView, event: number, field: string, offset: number, needed: number): void {
  const available = view.byteLength - offset
  if (needed > available) {
    const path = `TcgEventLog.events[${event}].${field}`
    throw new TrustholdError('CODEC_UNDERFLOW', { path, offset, needed, available: Math.max(0, available) })
  }
}
