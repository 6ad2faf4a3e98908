import { toHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf } from '../../tpm2/index.js'
import type { ImaLog } from './ima-log.js'
import { type ImaLogOptions, parseFrom } from './parse-ima-log.js'
import type { ImaReplayState } from './replay-state.js'

/** What {@link continueImaLog} takes besides list and state. */
export interface ContinueOptions extends ImaLogOptions {
  /** Whether `bytes` has only the entries after the state, as a host may send them; by default it is the whole list. */
  readonly onlyNew?: boolean
}

/**
 * Reads those entries of a list that come after a state; those before cost nothing. A whole list must still have the
 * state's last entry in its place: after a reboot it has another, and has to be verified from its start. That what is
 * before has not changed, the match with a quote proves afterwards: {@link matchImaLog} goes on from the state's value.
 * @throws EVENT_LOG_INVALID when the list does not continue the state
 * @throws as {@link parseImaLog}
 */
export function continueImaLog(
  bytes: Uint8Array,
  state: ImaReplayState,
  options: ContinueOptions = {},
): ImaLog {
  const { onlyNew = false, ...rest } = options
  const { count: first, offset } = state
  if (onlyNew) return parseFrom(bytes, { first, offset: 0, base: offset }, rest)
  checkContinues(bytes, state)
  return parseFrom(bytes, { first, offset: Math.min(offset, bytes.length), base: 0 }, rest)
}

function checkContinues(bytes: Uint8Array, { last, count }: ImaReplayState): void {
  if (last === undefined) return
  const { offset, length, sha256 } = last
  const record = bytes.subarray(offset, offset + length)
  if (record.length === length && toHex(digestOf('sha256', record)) === sha256) return
  throw new TrustholdError('EVENT_LOG_INVALID', {
    event: count - 1,
    offset,
    field: 'record',
    expected: 'the entry that was verified there last',
    actual: record.length < length ? `a list of ${bytes.length} bytes` : 'another',
  })
}
