import { toHex } from '../../bytes/index.js'
import { bytesOf, type Codec, type Infer, sizedBytes, struct, u8, u16 } from '../../codec/index.js'
import { isMalformed, readOrExplain } from '../events/malformed.js'
import { imaHashById } from './hash-algorithms.js'

/** Longest signature, in bytes: of an RSA key of 16,384 bits. */
const maxSignature = 2048

const headerDefinition = struct('signature_v2_hdr', {
  type: u8,
  version: u8,
  hashAlgorithm: u8,
  keyId: bytesOf(4),
  signature: sizedBytes(u16, maxSignature),
})

/** An extended attribute with a signature: `security.ima`, or `security.evm`. Kernel: `integrity.h`. */
export interface SignatureV2Hdr extends Infer<typeof headerDefinition> {}

/** Codec of {@link SignatureV2Hdr}. */
export const signatureV2Hdr: Codec<SignatureV2Hdr> = headerDefinition

/** What a signature of a file is over. */
export interface FileSignature {
  /** `digest`: the file's digest itself (version 2); `file-id`: that with type and algorithm before it (version 3). */
  readonly over: 'digest' | 'file-id'
  /** Of what the digest is: the file's content, or its fs-verity Merkle tree. */
  readonly of: 'ima' | 'verity'
  /** Number of the attribute's type, which a `file-id` has in it. */
  readonly type: number
  /** The kernel's name of the digest's algorithm. */
  readonly algorithm: string
  /** The kernel's number of it. */
  readonly algorithmId: number
  /** Last four bytes of the key's identifier; lower-case hexadecimal. */
  readonly keyId: string
  readonly signature: Uint8Array
}

/** Types of extended attributes. Kernel: enum evm_ima_xattr_type. */
const attributeTypes = { digest: 3, portable: 5, verity: 6 } as const

/**
 * Reads the attribute that an entry has in its field `sig`.
 * @returns the signature, or why it is none, or none that can be verified by what a list says
 */
export function readFileSignature(
  attribute: Uint8Array,
): FileSignature | { readonly unsupported: string } | { readonly malformed: string } {
  const { digest, portable, verity } = attributeTypes
  const [type, version] = attribute
  if (type === portable)
    return unsupported('a portable signature of EVM, which is over more than the list has')
  if (type !== digest && type !== verity) return unsupported(`an attribute of type ${type}, which is none`)
  if (version !== 3 && (version !== 2 || type === verity)) {
    return unsupported(`a signature of version ${version} for an attribute of type ${type}`)
  }
  const header = readOrExplain(signatureV2Hdr, attribute)
  if (isMalformed(header)) return { malformed: header.reason }
  const algorithm = imaHashById(header.hashAlgorithm)
  if (algorithm === undefined) {
    return unsupported(`a signature over a digest of algorithm ${header.hashAlgorithm}`)
  }
  return {
    over: version === 2 ? 'digest' : 'file-id',
    of: type === verity ? 'verity' : 'ima',
    type,
    algorithm: algorithm.name,
    algorithmId: header.hashAlgorithm,
    keyId: toHex(header.keyId),
    signature: header.signature,
  }
}

function unsupported(reason: string): { readonly unsupported: string } {
  return { unsupported: reason }
}
