import { struct } from '@trusthold/core/codec'
import {
  type TpmtPublic,
  tpm2bCreationData,
  tpm2bData,
  tpm2bDigest,
  tpm2bName,
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
  'TPM2_CreatePrimary',
  struct('CreatePrimary', {
    inSensitive: tpm2bSensitiveCreate,
    inPublic: tpm2bPublic,
    outsideInfo: tpm2bData,
    creationPCR: tpmlPcrSelection,
  }),
  struct('CreatePrimary', {
    outPublic: tpm2bPublic,
    creationData: tpm2bCreationData,
    creationHash: tpm2bDigest,
    creationTicket: tpmtTkCreation,
    name: tpm2bName,
  }),
  { returnsHandle: true },
)

/** What {@link createPrimary} takes. */
export interface CreatePrimaryInput {
  /** Handle of a hierarchy. */
  readonly hierarchy: number
  /** Authorises the hierarchy. */
  readonly session: Session
  readonly template: TpmtPublic
}

/** TPM2_CreatePrimary: a key from the hierarchy's seed, the same one for the same template. Part 3, section 24.1. */
export async function createPrimary(
  runner: CommandRunner,
  { hierarchy, session, template }: CreatePrimaryInput,
): Promise<{ handle: number; publicArea: TpmtPublic }> {
  const { handle, values } = await runner.run(command, {
    handles: [hierarchy],
    sessions: [session],
    parameters: {
      inSensitive: emptySensitive,
      inPublic: template,
      outsideInfo: new Uint8Array(),
      creationPCR: [],
    },
  })
  return { handle, publicArea: values.outPublic }
}
