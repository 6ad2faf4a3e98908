import {
  type Duplicate,
  type InnerWrapper,
  tpm2bData,
  tpm2bPrivate,
  tpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'
import { wholeBuffer } from './whole-buffer.js'

const command = defineCommand('TPM2_Import', {
  handles: { parentHandle: 'user' },
  parameters: {
    encryptionKey: tpm2bData,
    objectPublic: wholeBuffer('TPM2B_PUBLIC', 4096),
    duplicate: wholeBuffer('TPM2B_PRIVATE', 8192),
    inSymSeed: wholeBuffer('TPM2B_ENCRYPTED_SECRET', 2048),
    symmetricAlg: tpmtSymDefObject,
  },
  response: { outPrivate: tpm2bPrivate },
})

/** What {@link importObject} takes; `makeDuplicate` of `@trusthold/core/tpm2` makes the duplicate. */
export interface ImportInput extends Duplicate {
  /** The loaded storage key that the duplicate is for. */
  readonly parent: Entity
  /** Authorises the parent. */
  readonly session: Session
  /** How the duplicate is wrapped on the inside, and with which key; not at all by default. */
  readonly innerWrapper?: InnerWrapper
}

/** TPM2_Import; returns the private area (TPM2B_PRIVATE's content) that {@link load} takes. Part 3, section 13.3. */
export async function importObject(runner: CommandRunner, input: ImportInput): Promise<Uint8Array> {
  const { objectPublic, duplicate, inSymSeed, innerWrapper } = input
  const { values } = await runner.run(command, {
    handles: { parentHandle: input.parent },
    sessions: [input.session],
    parameters: {
      encryptionKey: innerWrapper?.key ?? new Uint8Array(),
      objectPublic,
      duplicate,
      inSymSeed,
      symmetricAlg: innerWrapper?.symmetric ?? { algorithm: 'null' },
    },
  })
  return values.outPrivate
}
