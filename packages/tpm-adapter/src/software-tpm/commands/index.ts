import type { Command } from '../engine/command.js'
import type { CommandTable } from '../engine/execute.js'
import { asymmetricCommands } from './asymmetric.js'
import { attestationCommands } from './attestation.js'
import { capabilityCommands } from './capability.js'
import { clockCommands } from './clock.js'
import { contextCommands } from './contexts.js'
import { createLoadedCommands } from './create-loaded.js'
import { credentialCommands } from './credentials.js'
import { duplicationCommands } from './duplication.js'
import { hashingCommands } from './hashing.js'
import { hierarchyCommands } from './hierarchies.js'
import { nvCommands } from './nv.js'
import { objectCommands } from './objects.js'
import { pcrCommands } from './pcrs.js'
import { policyCommands } from './policies.js'
import { sessionCommands } from './sessions.js'
import { startUpCommands } from './start-up.js'
import { testingCommands } from './testing.js'

/** All commands of the TPM, by code. */
export function createCommandTable(): CommandTable {
  const table = new Map<number, Command>()
  const all: readonly Command[] = [
    ...startUpCommands,
    ...testingCommands,
    ...sessionCommands,
    ...objectCommands,
    ...createLoadedCommands,
    ...credentialCommands,
    ...duplicationCommands,
    ...asymmetricCommands,
    ...hashingCommands,
    ...attestationCommands,
    ...pcrCommands,
    ...policyCommands((code) => table.has(code)),
    ...hierarchyCommands,
    ...contextCommands,
    ...clockCommands,
    ...nvCommands,
    ...capabilityCommands(() => table.values()),
  ]
  for (const command of all) table.set(command.code, command)
  return table
}
