import {
  type TpmtSigScheme,
  tpm2bData,
  tpm2bDigest,
  tpmtSigScheme,
  tpmtTkCreation,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Creation } from './creation.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { type SignedStatement, schemeOfKey, statementResponse, toStatement } from './statement.js'

const command = defineCommand('TPM2_CertifyCreation', {
  handles: { signHandle: 'user', objectHandle: 'none' },
  parameters: {
    qualifyingData: tpm2bData,
    creationHash: tpm2bDigest,
    inScheme: tpmtSigScheme,
    creationTicket: tpmtTkCreation,
  },
  response: statementResponse,
})

/** What {@link certifyCreation} takes. */
export interface CertifyCreationInput {
  /** A signing key. */
  readonly key: Entity
  readonly session: Session
  /** The loaded object whose creation is certified. */
  readonly object: Entity
  /** What the TPM said when it made the object. */
  readonly creation: Pick<Creation, 'hash' | 'ticket'>
  readonly qualifyingData: Uint8Array
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_CertifyCreation: states that this TPM made an object, with this creation data. Part 3, section 18.3. */
export async function certifyCreation(
  runner: CommandRunner,
  input: CertifyCreationInput,
): Promise<SignedStatement> {
  const { qualifyingData, creation, scheme = schemeOfKey } = input
  const { values } = await runner.run(command, {
    handles: { signHandle: input.key, objectHandle: input.object },
    sessions: [input.session],
    parameters: {
      qualifyingData,
      creationHash: creation.hash,
      inScheme: scheme,
      creationTicket: creation.ticket,
    },
  })
  return toStatement(values)
}
