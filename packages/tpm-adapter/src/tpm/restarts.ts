import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import type { CommandRunner } from '../commands/run-command.js'

/** A handle or session that the command just made is not there: TPM_RC_REFERENCE_H0 and those after it. */
const lostReference = /^TPM_RC_REFERENCE_[HS]\d$/

function lost(reason: string, cause?: unknown): TrustholdError {
  return new TrustholdError('TPM_NOT_AVAILABLE', { what: 'the TPM', reason }, { cause })
}

/** Says that the TPM lost what was loaded, where the error means that; other errors pass. */
export function explainLoss(error: unknown): unknown {
  if (!isTrustholdError(error, 'TPM_RESPONSE')) return error
  const { command, name } = error.context
  const isLoss = lostReference.test(name) || (command === 'TPM2_FlushContext' && name === 'TPM_RC_HANDLE')
  return isLoss ? lost('it lost what was loaded for this call: it was restarted, or flushed', error) : error
}

/** Notices when the connection to the TPM is another one. */
export interface Restarts {
  /** Does work as one piece: it fails as soon as the connection that it began on is lost. */
  whole<T>(runner: CommandRunner, work: (runner: CommandRunner) => Promise<T>): Promise<T>
}

const reason = 'the connection was lost in the middle of this call, and the TPM may have been restarted'

/**
 * Makes it, for one piece of work at a time.
 * @param noticed called each time when there is another connection
 */
export function noticeRestarts(transport: TpmTransport, noticed: () => void): Restarts {
  let state: 'new' | 'begun' | 'broken' = 'new'
  transport.onReconnect?.(() => {
    noticed()
    if (state === 'begun') state = 'broken'
  })
  return {
    async whole(runner, work) {
      state = 'new'
      return await work({
        async run(command, input) {
          const output = await runner.run(command, input)
          if (state === 'broken') throw lost(reason)
          state = 'begun'
          return output
        },
      })
    },
  }
}
