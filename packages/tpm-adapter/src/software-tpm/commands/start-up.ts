import { defineCommand } from '../engine/command.js'
import { oneOf, u16 } from '../fields/field.js'
import type { Machine } from '../machine/machine.js'
import { restart, resume, suspend } from '../machine/power.js'
import type { SuspendedState } from '../machine/stored-state.js'
import { refuse, refuseParameter } from '../response-codes.js'

/** TPM_SU. Part 2, section 6.10. */
const [clear, state] = [0, 1]
const startupType = oneOf(u16, [clear, state], 'VALUE')

function start(machine: Machine, type: number): void {
  const { volatile } = machine
  if (volatile.locality !== 0 && volatile.locality !== 3) refuse('LOCALITY')
  if (type === clear) restart(machine)
  else resume(machine, suspendedState(machine))
}

function suspendedState({ stored }: Machine): SuspendedState {
  const { leftBy, suspended } = stored
  return leftBy === 'state' && suspended !== undefined ? suspended : refuseParameter(1, 'VALUE')
}

/** TPM2_Startup, TPM2_Shutdown. Part 3, section 9. */
export const startUpCommands = [
  defineCommand('TPM2_Startup', {
    handles: {},
    parameters: { startupType },
    nv: true,
    beforeStartup: true,
    noSessions: true,
    run(machine, input) {
      start(machine, input.startupType)
      return {}
    },
  }),
  defineCommand('TPM2_Shutdown', {
    handles: {},
    parameters: { shutdownType: startupType },
    nv: true,
    run(machine, { shutdownType }) {
      suspend(machine, shutdownType === state)
      return {}
    },
  }),
]
