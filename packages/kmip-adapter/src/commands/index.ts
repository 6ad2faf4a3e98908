/**
 * What a client can ask, one function an operation: for one request, or for several in a batch.
 * @module
 */
export {
  type CustomValue,
  customAttribute,
  type KeyDescription,
  type ObjectDescription,
} from './attributes.js'
export type { AuthenticationTag } from './authentication-tag.js'
export { type Command, type CommandResult, lastObject, type ObjectRef } from './command.js'
export { commands } from './commands.js'
export type {
  CreateKey,
  CreateKeyPair,
  DeriveKey,
  KeyPairIds,
  Replacement,
} from './create.js'
export {
  aesCbc,
  aesGcm,
  type CipherOptions,
  type CipherPart,
  type Decrypted,
  type Encrypted,
} from './encryption.js'
export type {
  ExportedObject,
  ObjectForm,
  WrappedKey,
  Wrapping,
} from './get.js'
export type {
  CheckedUse,
  IntendedUse,
  Lease,
  Revocation,
} from './life-cycle.js'
export type { Located, LocateFilter } from './locate.js'
export {
  type AsymmetricKeyForm,
  certificateObject,
  opaqueObject,
  privateKeyObject,
  publicKeyObject,
  secretDataObject,
  symmetricKeyObject,
} from './new-objects.js'
export type { ImportObject } from './register.js'
export type { SignedInput } from './signatures.js'
export { unwrapKey } from './unwrap-key.js'
