import { fromHex, SecretBytes, toHex, utf8 } from '@trusthold/core/bytes'
import { active, secret, talker } from './key-stage.js'
import { allUses, attr, type Payload } from './talker.js'

export const bytesOf = (value: unknown): Uint8Array =>
  value instanceof SecretBytes ? value.copy() : (value as Uint8Array)
export const hexOf = (value: unknown): string => toHex(bytesOf(value))

/** Registers a symmetric key, active. */
export async function key(
  algorithm: string,
  bytes: Uint8Array,
  uses = allUses,
  ...more: object[]
): Promise<string> {
  const { uniqueIdentifier } = await talker.ask('Register', {
    objectType: 'SymmetricKey',
    attributes: [attr('CryptographicUsageMask', uses), active, ...more],
    symmetricKey: {
      keyBlock: {
        keyFormatType: 'Raw',
        keyValue: { keyMaterial: secret(bytes) },
        cryptographicAlgorithm: algorithm,
        cryptographicLength: bytes.length * 8,
      },
    },
  })
  return String(uniqueIdentifier)
}

export const aesKey = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
export const text = utf8('a text that is longer than two blocks, and no whole number of them')

export const encrypt = (
  uniqueIdentifier: string,
  cryptographicParameters: object,
  more: object = {},
  data = text,
) => talker.ask('Encrypt', { uniqueIdentifier, cryptographicParameters, data: secret(data), ...more })

/** Decrypts what an Encrypt answered. */
export const decrypt = (
  uniqueIdentifier: string,
  cryptographicParameters: object,
  answer: Payload,
  more: object = {},
) => ({
  uniqueIdentifier,
  cryptographicParameters,
  data: answer['data'],
  ...('ivCounterNonce' in answer ? { ivCounterNonce: answer['ivCounterNonce'] } : {}),
  ...('authenticatedEncryptionTag' in answer
    ? { authenticatedEncryptionTag: answer['authenticatedEncryptionTag'] }
    : {}),
  ...more,
})
