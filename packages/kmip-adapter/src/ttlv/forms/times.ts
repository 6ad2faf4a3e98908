/** Seconds of the years 0000 to 9999, which four digits can say. */
const firstSecond = -62_167_219_200n
const lastSecond = 253_402_300_799n

const pattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|([+-])((?:0\d|1[0-3]):[0-5]\d|14:00))$/

/** A moment: seconds since 1970-01-01T00:00:00Z, and microseconds of the second from 0. */
export interface Moment {
  readonly seconds: bigint
  readonly microseconds: bigint
}

/**
 * A time as ISO 8601 has it, in UTC, such as `2008-03-14T11:56:40+00:00`; undefined for years that four digits cannot say.
 * @param microseconds of the second; absent, no fraction is shown
 */
export function formatTime(seconds: bigint, microseconds?: bigint): string | undefined {
  if (seconds < firstSecond || seconds > lastSecond) return undefined
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  const fraction = microseconds === undefined ? '' : `.${String(microseconds).padStart(6, '0')}`
  return `${text}${fraction}+00:00`
}

/** Reads a time as ISO 8601 and XML Schema have it, with its offset from UTC; undefined when it is none. */
export function parseTime(text: string): Moment | undefined {
  const [, local = '', fraction = '', sign, offset] = pattern.exec(text) ?? []
  const date = new Date(`${local}Z`)
  // There is no 30 February, and Date would not say so.
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 19) !== local) return undefined
  const [hours = 0, minutes = 0] = (offset ?? '').split(':').map(Number)
  const ahead = (hours * 60 + minutes) * 60 * (sign === '-' ? -1 : 1)
  return {
    seconds: BigInt(date.getTime() / 1000 - ahead),
    microseconds: BigInt(fraction.padEnd(6, '0')),
  }
}
