import { type Codec, type Fields, type Infer, u16, variant } from '../codec/index.js'
import { algorithmOf, tpmiAlgHash } from './algorithms.js'

const hashScheme = { hashAlg: tpmiAlgHash } as const satisfies Fields
const eccSignatures = ['ecdsa', 'ecdaa', 'sm2', 'ecschnorr', 'eddsa', 'eddsa_ph'] as const
const eccSigningSchemes = {
  ecdsa: hashScheme,
  ecdaa: { hashAlg: tpmiAlgHash, count: u16 },
  sm2: hashScheme,
  ecschnorr: hashScheme,
  eddsa: hashScheme,
  eddsa_ph: hashScheme,
} as const satisfies Record<(typeof eccSignatures)[number], Fields>
const signatures = ['rsassa', 'rsapss', ...eccSignatures, 'hmac', 'null'] as const

/** TPMI_ALG_SIG_SCHEME+, which allows `null`. Part 2, section 9.33. */
export const tpmiAlgSigScheme: Codec<(typeof signatures)[number]> = algorithmOf(
  'TPMI_ALG_SIG_SCHEME',
  signatures,
)

const blockCipher = {
  keyBits: u16,
  mode: algorithmOf('TPMI_ALG_SYM_MODE', ['ctr', 'ofb', 'cbc', 'cfb', 'ecb', 'cmac', 'null']),
} as const satisfies Fields

const symDefObject = variant(
  'TPMT_SYM_DEF_OBJECT',
  { algorithm: algorithmOf('TPMI_ALG_SYM_OBJECT', ['aes', 'sm4', 'camellia', 'tdes', 'null']) },
  'algorithm',
  { aes: blockCipher, sm4: blockCipher, camellia: blockCipher, tdes: blockCipher, null: {} },
)
/** TPMT_SYM_DEF_OBJECT: how an object protects its children, or a symmetric key's algorithm. Part 2, 11.1.7. */
export type TpmtSymDefObject = Infer<typeof symDefObject>
/** Codec of {@link TpmtSymDefObject}. */
export const tpmtSymDefObject: Codec<TpmtSymDefObject> = symDefObject

const rsaScheme = variant(
  'TPMT_RSA_SCHEME',
  { scheme: algorithmOf('TPMI_ALG_RSA_SCHEME', ['rsassa', 'rsapss', 'rsaes', 'oaep', 'null']) },
  'scheme',
  { rsassa: hashScheme, rsapss: hashScheme, rsaes: {}, oaep: hashScheme, null: {} },
)
/** TPMT_RSA_SCHEME. Part 2, 11.2.4.2. */
export type TpmtRsaScheme = Infer<typeof rsaScheme>
/** Codec of {@link TpmtRsaScheme}. */
export const tpmtRsaScheme: Codec<TpmtRsaScheme> = rsaScheme

const eccScheme = variant(
  'TPMT_ECC_SCHEME',
  {
    scheme: algorithmOf('TPMI_ALG_ECC_SCHEME', [...eccSignatures, 'ecdh', 'ecmqv', 'null']),
  },
  'scheme',
  {
    ...eccSigningSchemes,
    ecdh: hashScheme,
    ecmqv: hashScheme,
    null: {},
  },
)
/** TPMT_ECC_SCHEME. Part 2, 11.2.5.6. */
export type TpmtEccScheme = Infer<typeof eccScheme>
/** Codec of {@link TpmtEccScheme}. */
export const tpmtEccScheme: Codec<TpmtEccScheme> = eccScheme

const kdfs = ['mgf1', 'kdf1_sp800_56a', 'kdf2', 'kdf1_sp800_108'] as const

const kdfScheme = variant(
  'TPMT_KDF_SCHEME',
  { scheme: algorithmOf('TPMI_ALG_KDF', [...kdfs, 'null']) },
  'scheme',
  { mgf1: hashScheme, kdf1_sp800_56a: hashScheme, kdf2: hashScheme, kdf1_sp800_108: hashScheme, null: {} },
)
/** TPMT_KDF_SCHEME. Part 2, 11.2.3.3. */
export type TpmtKdfScheme = Infer<typeof kdfScheme>
/** Codec of {@link TpmtKdfScheme}. */
export const tpmtKdfScheme: Codec<TpmtKdfScheme> = kdfScheme

const keyedHashScheme = variant(
  'TPMT_KEYEDHASH_SCHEME',
  { scheme: algorithmOf('TPMI_ALG_KEYEDHASH_SCHEME', ['hmac', 'xor', 'null']) },
  'scheme',
  {
    hmac: hashScheme,
    xor: { hashAlg: tpmiAlgHash, kdf: algorithmOf('TPMI_ALG_KDF', [...kdfs, 'null']) },
    null: {},
  },
)
/** TPMT_KEYEDHASH_SCHEME. Part 2, 11.1.23. */
export type TpmtKeyedHashScheme = Infer<typeof keyedHashScheme>
/** Codec of {@link TpmtKeyedHashScheme}. */
export const tpmtKeyedHashScheme: Codec<TpmtKeyedHashScheme> = keyedHashScheme

const sigScheme = variant(
  'TPMT_SIG_SCHEME',
  {
    scheme: tpmiAlgSigScheme,
  },
  'scheme',
  {
    rsassa: hashScheme,
    rsapss: hashScheme,
    ...eccSigningSchemes,
    hmac: hashScheme,
    null: {},
  },
)
/** TPMT_SIG_SCHEME: how a key without a scheme of its own shall sign. Part 2, 11.2.1.5. */
export type TpmtSigScheme = Infer<typeof sigScheme>
/** Codec of {@link TpmtSigScheme}. */
export const tpmtSigScheme: Codec<TpmtSigScheme> = sigScheme
