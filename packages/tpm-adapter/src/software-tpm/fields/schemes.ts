import type {
  TpmtEccScheme,
  TpmtKdfScheme,
  TpmtKeyedHashScheme,
  TpmtRsaScheme,
  TpmtSigScheme,
  TpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import { algorithm, type Hash, hashAlgorithm, implementedAesBits } from './algorithms.js'
import type { CommandReader } from './command-reader.js'
import { type Field, oneOf, u16 } from './field.js'

const aesKeyBits = oneOf(u16, implementedAesBits, 'VALUE')
const symObject = algorithm(['aes', 'null'], 'SYMMETRIC')
const symAny = algorithm(['aes', 'xor', 'null'], 'SYMMETRIC')
const symMode = algorithm(['ctr', 'ofb', 'cbc', 'cfb', 'ecb', 'null'], 'MODE')

/** TPMT_SYM_DEF_OBJECT+. Part 2, section 11.1.7. */
export const symDefObject: Field<TpmtSymDefObject> = {
  read(r) {
    const name = symObject.read(r)
    return name === 'null'
      ? { algorithm: name }
      : { algorithm: name, keyBits: aesKeyBits.read(r), mode: symMode.read(r) }
  },
}

/** How a session encrypts parameters: TPMT_SYM_DEF+. Part 2, section 11.1.6. */
export type SessionSymmetric =
  | { readonly algorithm: 'null' }
  | { readonly algorithm: 'xor'; readonly hash: Hash }
  | { readonly algorithm: 'aes'; readonly keyBits: number; readonly mode: string }

/** Codec of {@link SessionSymmetric}. */
export const symDef: Field<SessionSymmetric> = {
  read(r) {
    const name = symAny.read(r)
    if (name === 'null') return { algorithm: name }
    if (name === 'xor') return { algorithm: name, hash: hashAlgorithm.read(r) }
    return { algorithm: name, keyBits: aesKeyBits.read(r), mode: symMode.read(r) }
  },
}

const rsaSchemeName = algorithm(['rsassa', 'rsapss', 'rsaes', 'oaep', 'null'], 'VALUE')
const rsaDecryptName = algorithm(['rsaes', 'oaep', 'null'], 'VALUE')

function hashed<S extends string>(
  scheme: S,
  r: CommandReader,
): { readonly scheme: S; readonly hashAlg: Hash } {
  return { scheme, hashAlg: hashAlgorithm.read(r) }
}

/** TPMT_RSA_SCHEME+. Part 2, section 11.2.4.2. */
export const rsaScheme: Field<TpmtRsaScheme> = {
  read(r) {
    const scheme = rsaSchemeName.read(r)
    return scheme === 'null' || scheme === 'rsaes' ? { scheme } : hashed(scheme, r)
  },
}

/** TPMT_RSA_DECRYPT+. Part 2, section 11.2.4.4. */
export const rsaDecryptScheme: Field<TpmtRsaScheme> = {
  read(r) {
    const scheme = rsaDecryptName.read(r)
    return scheme === 'oaep' ? hashed(scheme, r) : { scheme }
  },
}

const eccSchemeName = algorithm(['ecdsa', 'ecdh', 'null'], 'SCHEME')

/** TPMT_ECC_SCHEME+. Part 2, section 11.2.5.6. */
export const eccScheme: Field<TpmtEccScheme> = {
  read(r) {
    const scheme = eccSchemeName.read(r)
    return scheme === 'null' ? { scheme } : hashed(scheme, r)
  },
}

const kdfName = algorithm(['mgf1', 'kdf1_sp800_56a', 'kdf1_sp800_108', 'null'], 'KDF')

/** TPMT_KDF_SCHEME+. Part 2, section 11.2.3.3. */
export const kdfScheme: Field<TpmtKdfScheme> = {
  read(r) {
    const scheme = kdfName.read(r)
    return scheme === 'null' ? { scheme } : hashed(scheme, r)
  },
}

const keyedHashName = algorithm(['hmac', 'xor', 'null'], 'VALUE')

/** TPMT_KEYEDHASH_SCHEME+. Part 2, section 11.1.23. */
export const keyedHashScheme: Field<TpmtKeyedHashScheme> = {
  read(r) {
    const scheme = keyedHashName.read(r)
    if (scheme === 'null') return { scheme }
    const hashAlg = hashAlgorithm.read(r)
    if (scheme === 'hmac') return { scheme, hashAlg }
    const kdf = kdfName.read(r)
    return kdf === 'null' ? refuse('KDF') : { scheme, hashAlg, kdf }
  },
}

const signatureName = algorithm(['rsassa', 'rsapss', 'ecdsa', 'hmac', 'null'], 'SCHEME')

/** TPMT_SIG_SCHEME+. Part 2, section 11.2.1.5. */
export const signatureScheme: Field<TpmtSigScheme> = {
  read(r) {
    const scheme = signatureName.read(r)
    return scheme === 'null' ? { scheme } : hashed(scheme, r)
  },
}
