import type { KeyObject } from 'node:crypto'
import { decode } from '../codec/index.js'
import {
  computeName,
  hashFacts,
  publicKeyOf,
  type TpmaObject,
  type TpmtPublic,
  tpmtPublic,
} from '../tpm2/index.js'
import { type Check, fail, pass } from '../verdict/index.js'

/** An attestation key's public area, read once. */
export interface PreparedKey {
  /** TPMT_PUBLIC as received. */
  readonly publicArea: Uint8Array
  readonly public: TpmtPublic
  /** TPM2B_NAME's content. */
  readonly name: Uint8Array
  readonly key: KeyObject
}

/**
 * Reads an attestation key's public area.
 * @param publicArea TPMT_PUBLIC
 * @throws CODEC_* when it is malformed, TPM_KEY_INVALID when it is weak, TPM_ALGORITHM_UNSUPPORTED
 */
export function prepareAttestationKey(publicArea: Uint8Array): PreparedKey {
  const area = decode(tpmtPublic, publicArea)
  return { publicArea, public: area, name: computeName(publicArea), key: publicKeyOf(area) }
}

const mustBeSet: readonly (keyof TpmaObject)[] = [
  'fixedTPM',
  'fixedParent',
  'sensitiveDataOrigin',
  'restricted',
  'sign',
]

/**
 * Checks that a key is one that a TPM uses for attestation only: made inside the TPM, unable to leave it, and
 * restricted to sign what the TPM itself states (Part 1, section 23.5). Any other key could have signed anything.
 */
export function checkAttestationKey(area: TpmtPublic): Check {
  const id = 'attestation-key.attributes'
  const missing = mustBeSet.filter((name) => !area.objectAttributes[name])
  if (missing.length > 0) return fail(id, `expected the attributes ${missing.join(', ')} to be set`)
  if (area.objectAttributes.decrypt) return fail(id, 'expected the attribute decrypt to be clear')
  if (area.type !== 'rsa' && area.type !== 'ecc')
    return fail(id, `expected an RSA or ECC key, found ${area.type}`)
  // The credential binds the key by its name: whoever finds two public areas of one name has two keys.
  if (area.nameAlg === 'null' || hashFacts(area.nameAlg).signing !== 'yes') {
    return fail(id, `expected a name algorithm from SHA-256, found ${area.nameAlg}`)
  }
  const { scheme } = area.parameters.scheme
  if (scheme !== 'rsassa' && scheme !== 'rsapss' && scheme !== 'ecdsa') {
    return fail(id, `expected the scheme rsassa, rsapss or ecdsa, found ${scheme}`)
  }
  return pass(id, 'the key is restricted to signing and fixed to its TPM')
}
