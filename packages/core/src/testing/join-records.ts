import { concatBytes } from '../bytes/index.js'

/** Puts records one after the other, and tells where each starts, in bytes. */
export function joinRecords(records: readonly Uint8Array[]): {
  readonly bytes: Uint8Array
  readonly offsets: readonly number[]
} {
  let end = 0
  const offsets = records.map((record) => {
    end += record.length
    return end - record.length
  })
  return { bytes: concatBytes(...records), offsets }
}
