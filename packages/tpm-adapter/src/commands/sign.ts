import { rest } from '@trusthold/core/codec'
import {
  type TpmtSigScheme,
  type TpmtTkHashcheck,
  tpm2bDigest,
  tpmtSigScheme,
  tpmtTkHashcheck,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { schemeOfKey } from './statement.js'

const command = defineCommand('TPM2_Sign', {
  handles: { keyHandle: 'user' },
  parameters: { digest: tpm2bDigest, inScheme: tpmtSigScheme, validation: tpmtTkHashcheck },
  response: { signature: rest },
})

/** For keys that are not restricted: nothing says who made the digest. */
const noTicket: TpmtTkHashcheck = { tag: 0x8024, hierarchy: 'null', digest: new Uint8Array() }

/** What {@link sign} takes. */
export interface SignInput {
  /** A signing key. */
  readonly key: Entity
  readonly session: Session
  readonly digest: Uint8Array
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: TpmtSigScheme
  /** That the TPM itself made the digest, for restricted keys. */
  readonly validation?: TpmtTkHashcheck
}

/** TPM2_Sign; returns TPMT_SIGNATURE. Part 3, section 20.2. */
export async function sign(runner: CommandRunner, input: SignInput): Promise<Uint8Array> {
  const { digest, scheme = schemeOfKey, validation = noTicket } = input
  const { values } = await runner.run(command, {
    handles: { keyHandle: input.key },
    sessions: [input.session],
    parameters: { digest, inScheme: scheme, validation },
  })
  return values.signature
}
