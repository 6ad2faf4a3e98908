import { equalBytes } from '@trusthold/core/bytes'
import { type TpmtPublic, tpm2bName, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import {
  type Creation,
  type CreationInput,
  checkCreation,
  creationParameters,
  creationResponse,
  toCreation,
  toCreationParameters,
} from './creation.js'
import { type NamedEntity, objectName } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_CreatePrimary', {
  handles: { primaryHandle: 'user' },
  parameters: creationParameters,
  returnsHandle: true,
  response: { outPublic: tpm2bPublic, ...creationResponse, name: tpm2bName },
  check: (_, values) =>
    equalBytes(objectName(values.outPublic), values.name)
      ? checkCreation(values.outPublic, values)
      : 'the name is not that of the public area',
})

/** What {@link createPrimary} takes. */
export interface CreatePrimaryInput extends CreationInput {
  /** Handle of a hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
}

/** A key that the TPM made and holds. */
export interface PrimaryKey extends NamedEntity {
  readonly publicArea: TpmtPublic
  readonly creation: Creation
}

/** TPM2_CreatePrimary: a key from the hierarchy's seed, the same one for the same template. Part 3, section 24.1. */
export async function createPrimary(runner: CommandRunner, input: CreatePrimaryInput): Promise<PrimaryKey> {
  const { handle, values } = await runner.run(command, {
    handles: { primaryHandle: input.hierarchy },
    sessions: [input.session],
    parameters: toCreationParameters(input),
  })
  return { handle, name: values.name, publicArea: values.outPublic, creation: toCreation(values) }
}
