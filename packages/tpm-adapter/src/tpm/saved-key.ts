import { type Codec, decode, encode, type Infer, struct } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import { akTemplates, matchesTemplate, tpm2bPrivate, tpm2bPublic } from '@trusthold/core/tpm2'

const savedKey = struct('SavedAttestationKey', { privateArea: tpm2bPrivate, publicArea: tpm2bPublic })
/** An attestation key outside the TPM: TPM2B_PRIVATE and TPM2B_PUBLIC, as TPM2_Load takes them. */
export interface SavedKey extends Infer<typeof savedKey> {}
const savedKeyCodec: Codec<SavedKey> = savedKey

/** The bytes to keep. */
export function encodeSavedKey(key: SavedKey): Uint8Array {
  return encode(savedKeyCodec, key)
}

/**
 * Reads what {@link encodeSavedKey} wrote.
 * @throws CODEC_UNDERFLOW and others for other bytes, ARGUMENT_INVALID for a key that is no attestation key
 */
export function decodeSavedKey(bytes: Uint8Array): SavedKey {
  const key = decode(savedKeyCodec, bytes)
  const known = Object.values(akTemplates).some((template) => matchesTemplate(key.publicArea, template))
  if (!known) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'saved',
      reason: 'not a key of an attestation template',
    })
  }
  return key
}
