import { TrustholdError } from '@trusthold/core/errors'

/** Whether something is still open. */
export interface OpenState {
  /** @throws TPM_NOT_AVAILABLE once it was closed */
  assertOpen(): void
  close(): void
}

/** @param what names the thing in errors */
export function openState(what: string): OpenState {
  let closed = false
  return {
    assertOpen() {
      if (closed) throw new TrustholdError('TPM_NOT_AVAILABLE', { what, reason: 'it is closed' })
    },
    close() {
      closed = true
    },
  }
}
