import { type TpmtRsaScheme, tpm2bData, tpm2bPublicKeyRsa, tpmtRsaScheme } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import type { Entity } from './entity.js'
import type { CommandRunner } from './run-command.js'
import type { Session } from './sessions.js'

const command = defineCommand('TPM2_RSA_Decrypt', {
  handles: { keyHandle: 'user' },
  parameters: { cipherText: tpm2bPublicKeyRsa, inScheme: tpmtRsaScheme, label: tpm2bData },
  response: { message: tpm2bPublicKeyRsa },
})

/** What {@link rsaDecrypt} takes. */
export interface RsaDecryptInput {
  /** A decryption key that is not restricted. */
  readonly key: Entity
  readonly session: Session
  readonly cipherText: Uint8Array
  /** For keys without a scheme of their own; the key's by default. */
  readonly scheme?: Extract<TpmtRsaScheme, { readonly scheme: 'rsaes' | 'oaep' | 'null' }>
  /** For OAEP, with its terminating zero; none by default. */
  readonly label?: Uint8Array
}

/** TPM2_RSA_Decrypt; the message belongs to the caller. Part 3, section 14.3. */
export async function rsaDecrypt(runner: CommandRunner, input: RsaDecryptInput): Promise<Uint8Array> {
  const { cipherText, scheme = { scheme: 'null' }, label = new Uint8Array() } = input
  const { values } = await runner.run(command, {
    handles: { keyHandle: input.key },
    sessions: [input.session],
    parameters: { cipherText, inScheme: scheme, label },
  })
  return values.message
}
