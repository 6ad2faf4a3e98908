import { SecretBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { RandomSource, SealedBytes } from '@trusthold/core/ports'
import { decrypt, encrypt, type OperationName } from '../operations/index.js'
import type { CryptographicParameters } from '../protocol/index.js'
import { isAtLeast, type KmipVersion } from '../ttlv/index.js'
import type { KeyRequests } from './key-requests.js'

/** Lengths in bytes: the vector and the tag of NIST SP 800-38D in their usual form, and the most that is sealed. */
const lengths = { iv: 12, tag: 16, most: 4_096 } as const

/** Said in every request: what the key itself says of its parameters is not relied on. */
const parameters: CryptographicParameters = {
  blockCipherMode: 'GCM',
  cryptographicAlgorithm: 'AES',
  ivLength: lengths.iv * 8,
  tagLength: lengths.tag,
}

/** The first version that has additional data and the tag as fields of their own; before, servers lose the tag. */
export const sealedSince: KmipVersion = '1.4'

function requireLength(name: string, bytes: Uint8Array, least: number, most: number): void {
  if (bytes.length >= least && bytes.length <= most) return
  const expected = least === most ? `${least}` : `${least} to ${most}`
  const reason = `expected ${expected} bytes, found ${bytes.length}`
  throw new TrustholdError('ARGUMENT_INVALID', { name, reason })
}

/** Another server of the cluster may speak a later version. */
function requireVersion(operation: OperationName, version: KmipVersion): void {
  if (isAtLeast(version, sealedSince)) return
  const reason = `authenticated encryption needs KMIP ${sealedSince}, the server speaks ${version}`
  throw new TrustholdError('KMIP_RESULT', { operation, status: 'not asked', reason, kind: 'unsupported' })
}

function refuse(operation: OperationName, reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation, reason })
}

/** Additional data that is empty is left out: to the cipher the two are the same. */
function additional(data: Uint8Array): { authenticatedEncryptionAdditionalData?: Uint8Array } {
  return data.length === 0 ? {} : { authenticatedEncryptionAdditionalData: data }
}

/**
 * Encrypts in the server with AES-GCM. The vector is random and ours, so that asking another server makes the same.
 * @throws KMIP_PROTOCOL when no tag came back: what was encrypted could be changed without notice
 */
export async function seal(
  requests: KeyRequests,
  id: string,
  plaintext: Uint8Array,
  additionalData: Uint8Array,
  random: RandomSource,
): Promise<SealedBytes> {
  requireLength('plaintext', plaintext, 1, lengths.most)
  const iv = random.bytes(lengths.iv)
  const data = SecretBytes.from(plaintext)
  try {
    const answer = await requests.about(encrypt, id, (version) => {
      requireVersion('Encrypt', version)
      return {
        uniqueIdentifier: id,
        cryptographicParameters: parameters,
        data,
        ivCounterNonce: iv,
        ...additional(additionalData),
      }
    })
    const { data: ciphertext, authenticatedEncryptionTag: tag, ivCounterNonce: used = iv } = answer
    if (tag?.length !== lengths.tag) throw refuse('Encrypt', 'no tag of 16 bytes came back')
    if (ciphertext?.length !== plaintext.length) throw refuse('Encrypt', 'the ciphertext has another length')
    if (Buffer.compare(used, iv) !== 0) throw refuse('Encrypt', 'another initialization vector was used')
    return { iv, ciphertext, tag }
  } finally {
    data.wipe()
  }
}

/**
 * Decrypts in the server what {@link seal} made.
 * @throws KMIP_RESULT when something was changed, never to be tried again nor asked elsewhere: of kind `invalid` where the
 * server says Cryptographic Failure, `other` where it only says General Failure, as PyKMIP does: that may as well be the
 * server's own failure, so that nothing is made of it
 */
export async function unseal(
  requests: KeyRequests,
  id: string,
  { iv, ciphertext, tag }: SealedBytes,
  additionalData: Uint8Array,
): Promise<SecretBytes> {
  requireLength('iv', iv, lengths.iv, lengths.iv)
  requireLength('tag', tag, lengths.tag, lengths.tag)
  requireLength('ciphertext', ciphertext, 1, lengths.most)
  const { data } = await requests.about(decrypt, id, (version) => {
    requireVersion('Decrypt', version)
    return {
      uniqueIdentifier: id,
      cryptographicParameters: parameters,
      data: ciphertext,
      ivCounterNonce: iv,
      ...additional(additionalData),
      authenticatedEncryptionTag: tag,
    }
  })
  if (data?.length === ciphertext.length) return data
  data?.wipe()
  throw refuse('Decrypt', 'the plaintext has another length than the ciphertext')
}
