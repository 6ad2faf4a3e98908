/**
 * Sessions with a TPM over a bus that is not to be trusted: salted to a key that is checked, bound, with HMACs and
 * parameter encryption.
 * @module
 */
export { encryptParameters } from './encrypt-parameters.js'
export { openSession, type SaltKey, type SessionOptions, type TpmSession } from './open-session.js'
export type { AesKeyBits } from './parameter-cipher.js'
export type { PasswordProof } from './session-use.js'
