import { struct } from '@trusthold/core/codec'
import {
  type TpmtPublic,
  tpm2bCreationData,
  tpm2bData,
  tpm2bDigest,
  tpm2bPrivate,
  tpm2bPublic,
  tpm2bSensitiveCreate,
  tpmlPcrSelection,
  tpmtTkCreation,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'
import { emptySensitive } from './sensitive.js'
import type { Session } from './sessions.js'

const command = defineCommand(
  'TPM2_Create',
  struct('Create', {
    inSensitive: tpm2bSensitiveCreate,
    inPublic: tpm2bPublic,
    outsideInfo: tpm2bData,
    creationPCR: tpmlPcrSelection,
  }),
  struct('Create', {
    outPrivate: tpm2bPrivate,
    outPublic: tpm2bPublic,
    creationData: tpm2bCreationData,
    creationHash: tpm2bDigest,
    creationTicket: tpmtTkCreation,
  }),
)

/** What {@link create} takes. */
export interface CreateInput {
  /** Handle of a loaded storage key. */
  readonly parent: number
  /** Authorises the parent. */
  readonly session: Session
  readonly template: TpmtPublic
}

/** A key that is not loaded: its private part is encrypted by its parent. */
export interface WrappedKey {
  /** TPM2B_PRIVATE's content. */
  readonly privateArea: Uint8Array
  readonly publicArea: TpmtPublic
}

/** TPM2_Create: a new key under a parent, with the empty password. Part 3, section 12.1. */
export async function create(
  runner: CommandRunner,
  { parent, session, template }: CreateInput,
): Promise<WrappedKey> {
  const { values } = await runner.run(command, {
    handles: [parent],
    sessions: [session],
    parameters: {
      inSensitive: emptySensitive,
      inPublic: template,
      outsideInfo: new Uint8Array(),
      creationPCR: [],
    },
  })
  return { privateArea: values.outPrivate, publicArea: values.outPublic }
}
