import { encode } from '@trusthold/core/codec'
import { tpmsTimeInfo } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { timeInfo } from '../machine/clock.js'

/** TPM2_ReadClock. Part 3, section 29.1. */
export const clockCommands = [
  defineCommand('TPM2_ReadClock', {
    handles: {},
    parameters: {},
    run: (machine) => ({ parameters: [encode(tpmsTimeInfo, timeInfo(machine))] }),
  }),
]
