import { type TpmtPublic, tpm2bPrivate, tpm2bPublic } from '@trusthold/core/tpm2'
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
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_Create', {
  handles: { parentHandle: 'user' },
  parameters: creationParameters,
  response: { outPrivate: tpm2bPrivate, outPublic: tpm2bPublic, ...creationResponse },
  check: (_, values) => checkCreation(values.outPublic, values),
})

/** What {@link create} takes. */
export interface CreateInput extends CreationInput {
  /** A loaded storage key. */
  readonly parent: Entity
  /** Authorises the parent. */
  readonly session: Session
}

/** A key that is not loaded: its private part is encrypted by its parent. */
export interface WrappedKey {
  /** TPM2B_PRIVATE's content. */
  readonly privateArea: Uint8Array
  readonly publicArea: TpmtPublic
}

/** TPM2_Create: a new object under a parent. Part 3, section 12.1. */
export async function create(
  runner: CommandRunner,
  input: CreateInput,
): Promise<WrappedKey & { readonly creation: Creation }> {
  const { values } = await runner.run(command, {
    handles: { parentHandle: input.parent },
    sessions: [input.session],
    parameters: toCreationParameters(input),
  })
  return { privateArea: values.outPrivate, publicArea: values.outPublic, creation: toCreation(values) }
}
