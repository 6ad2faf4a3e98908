import { TrustholdError } from '@trusthold/core/errors'
import { protocolError } from '../messages/index.js'
import type { DecryptResponse, EncryptResponse } from '../operations/index.js'
import type { CryptographicParameters } from '../protocol/index.js'

/**
 * Where the tag of an authenticated mode is: by itself, or at the end of the data. Servers that put it there are known
 * to expect it there.
 */
export type AuthenticationTag = Uint8Array | 'appended'

/** Whether a mode authenticates what it encrypts, and so has a tag. */
export function isAuthenticated({
  blockCipherMode: mode,
  cryptographicAlgorithm,
}: CryptographicParameters): boolean {
  return mode === 'GCM' || mode === 'CCM' || mode === 'AEAD' || cryptographicAlgorithm === 'ChaCha20Poly1305'
}

function invalid(name: string, reason: string): TrustholdError<'ARGUMENT_INVALID'> {
  return new TrustholdError('ARGUMENT_INVALID', { name, reason })
}

const defaultTagLength = 16

/** Bytes of an authenticated mode's tag; 16 unless the parameters say otherwise. NIST SP 800-38D, section 5.2.1.2. */
function tagLengthOf({ tagLength = defaultTagLength }: CryptographicParameters): number {
  if (Number.isInteger(tagLength) && tagLength >= 4 && tagLength <= 16) return tagLength
  throw invalid('parameters', `expected a tag length of 4 to 16 bytes, found ${tagLength}`)
}

/** Refuses parameters by which nothing would be authenticated. @throws ARGUMENT_INVALID */
export function requireTagLength(parameters: CryptographicParameters): void {
  if (isAuthenticated(parameters)) tagLengthOf(parameters)
}

/**
 * Refuses a tag that is missing or of another length: of a cut one, some servers check what is left.
 * @throws ARGUMENT_INVALID
 */
export function requireTag(parameters: CryptographicParameters, tag: AuthenticationTag | undefined): void {
  if (!isAuthenticated(parameters)) return
  const length = tagLengthOf(parameters)
  if (tag === 'appended' || tag?.length === length) return
  throw invalid(
    'tag',
    `expected the ${length} bytes that the mode authenticates by, found ${tag?.length ?? 0}`,
  )
}

/**
 * The tag that an authenticated mode has to have: without it what was encrypted could never be decrypted. One that came
 * by the mode that the key has of its own is kept.
 * @param length of what was encrypted
 * @param isWhole whether it was sent in one part
 * @throws KMIP_PROTOCOL
 */
export function tagOf(
  { authenticatedEncryptionTag: tag, data }: EncryptResponse,
  length: number,
  isWhole: boolean,
  parameters: CryptographicParameters,
): { tag?: AuthenticationTag } {
  if (!isAuthenticated(parameters)) return tag === undefined ? {} : { tag }
  const tagLength = tagLengthOf(parameters)
  if (tag === undefined && isWhole && data?.length === length + tagLength) return { tag: 'appended' }
  if (tag?.length !== tagLength) throw protocolError('Encrypt', `no tag of ${tagLength} bytes came back`)
  if (isWhole && data?.length !== length) throw protocolError('Encrypt', 'the data have another length')
  return { tag }
}

/**
 * Refuses what an authenticated mode cannot have decrypted to: with a tag at the end of the data it has their length
 * when the server took the tag for data, and checked nothing.
 * @throws KMIP_PROTOCOL
 */
export function requireOpened(
  { data }: DecryptResponse,
  sealed: Uint8Array,
  tag: AuthenticationTag | undefined,
  parameters: CryptographicParameters,
): void {
  if (!isAuthenticated(parameters)) return
  const length = sealed.length - (tag === 'appended' ? tagLengthOf(parameters) : 0)
  if (data?.length === length) return
  throw protocolError('Decrypt', `${length} bytes were encrypted, and others came back`)
}
