import { u16 } from '@trusthold/core/codec'
import { type TpmtSigScheme, tpm2bData, tpmtSigScheme } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { type SignedStatement, schemeOfKey, statementResponse, toStatement } from './statement.js'

const command = defineCommand('TPM2_NV_Certify', {
  handles: { signHandle: 'user', authHandle: 'user', nvIndex: 'none' },
  parameters: { qualifyingData: tpm2bData, inScheme: tpmtSigScheme, size: u16, offset: u16 },
  response: statementResponse,
})

/** What {@link nvCertify} takes. */
export interface NvCertifyInput {
  /** A signing key. */
  readonly key: Entity
  readonly keySession: Session
  /** Whose authorisation to read is used: the index itself, or a hierarchy. */
  readonly authorization: Entity
  readonly session: Session
  readonly index: Entity
  readonly qualifyingData: Uint8Array
  /** In bytes; 0, with offset 0, for a digest of the whole content where the TPM can do that. */
  readonly size: number
  readonly offset: number
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
}

/** TPM2_NV_Certify: states the content of an NV index. Part 3, section 31.16. */
export async function nvCertify(runner: CommandRunner, input: NvCertifyInput): Promise<SignedStatement> {
  const { qualifyingData, size, offset, scheme = schemeOfKey } = input
  const { values } = await runner.run(command, {
    handles: { signHandle: input.key, authHandle: input.authorization, nvIndex: input.index },
    sessions: [input.keySession, input.session],
    parameters: { qualifyingData, inScheme: scheme, size, offset },
  })
  return toStatement(values)
}
