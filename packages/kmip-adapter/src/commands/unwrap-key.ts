import { createDecipheriv } from 'node:crypto'
import { concatBytes, SecretBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import { plainKeyValue } from '../protocol/index.js'
import { decodeMessage } from '../ttlv/index.js'
import type { WrappedKey } from './get.js'

/** The ciphers of the two modes that wrap with AES, and their initial values. RFC 3394, section 2.2.3; RFC 5649, section 3. */
const modes: Readonly<Record<string, { readonly suffix: string; readonly iv: readonly number[] }>> = {
  NISTKeyWrap: { suffix: 'wrap', iv: [0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6] },
  AESKeyWrapPadding: { suffix: 'wrap-pad', iv: [0xa6, 0x59, 0x59, 0xa6] },
}

function refuse(reason: string): TrustholdError<'KMIP_PROTOCOL'> {
  return new TrustholdError('KMIP_PROTOCOL', { operation: 'Get', reason })
}

function decipher(key: WrappedKey, wrappingKey: SecretBytes): Uint8Array {
  const mode = modes[key.wrapping.mode]
  if (mode === undefined || ![16, 24, 32].includes(wrappingKey.length)) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'wrappingKey',
      reason: `expected an AES key that wraps by RFC 3394 or 5649, found ${key.wrapping.mode} of ${wrappingKey.length} bytes`,
    })
  }
  const cipher = `id-aes${wrappingKey.length * 8}-${mode.suffix}`
  try {
    return wrappingKey.use((bytes) => {
      const opener = createDecipheriv(cipher, bytes, Uint8Array.from(mode.iv))
      return concatBytes(opener.update(key.wrapped), opener.final())
    })
  } catch (cause) {
    const error = refuse('the wrapped key does not open with the key given')
    throw new TrustholdError(error.code, error.context, { cause })
  }
}

function materialOf(plain: Uint8Array): SecretBytes {
  const { keyMaterial } = decodeMessage(plainKeyValue, plain)
  if (keyMaterial instanceof SecretBytes) return keyMaterial
  throw refuse('the wrapped key value is no bytes')
}

/**
 * Opens a wrapped key with the key that wrapped it.
 * @param wrappingKey AES, 16, 24 or 32 bytes
 * @returns the key's bytes in the format that the wrapped key names; the caller wipes them
 * @throws KMIP_PROTOCOL when it does not open, or is not as long as the server says; ARGUMENT_INVALID for modes other
 * than NISTKeyWrap and AESKeyWrapPadding; CODEC codes
 */
export function unwrapKey(key: WrappedKey, wrappingKey: SecretBytes): SecretBytes {
  const plain = decipher(key, wrappingKey)
  const isEncoded = key.wrapping.encoding === 'TTLVEncoding'
  try {
    const material = isEncoded ? materialOf(plain) : SecretBytes.from(plain)
    const isLengthKnown =
      key.objectType === 'SymmetricKey' && key.format === 'Raw' && key.length !== undefined
    const isParityCounted = key.algorithm === 'DES' || key.algorithm === 'DES3'
    if (!isLengthKnown || isParityCounted || material.length * 8 === key.length) return material
    material.wipe()
    throw refuse(`the key has ${material.length * 8} bits and not ${key.length}`)
  } finally {
    plain.fill(0)
  }
}
