/**
 * KMIP: a client for key servers, and the key server port of Trusthold.
 * @module
 */
export { KmipClient } from './client.js'
export type { KmipClientOptions } from './client-options.js'
export type { CallOptions, CircuitState, EndpointHealth } from './cluster/index.js'
export {
  type AsymmetricKeyForm,
  type AuthenticationTag,
  aesCbc,
  aesGcm,
  type CheckedUse,
  type CipherOptions,
  type CipherPart,
  type Command,
  type CommandResult,
  type CreateKey,
  type CreateKeyPair,
  type CustomValue,
  certificateObject,
  commands,
  customAttribute,
  type Decrypted,
  type DeriveKey,
  type Encrypted,
  type ExportedObject,
  type ImportObject,
  type IntendedUse,
  type KeyDescription,
  type KeyPairIds,
  type Lease,
  type Located,
  type LocateFilter,
  lastObject,
  type ObjectDescription,
  type ObjectForm,
  type ObjectRef,
  opaqueObject,
  privateKeyObject,
  publicKeyObject,
  type Replacement,
  type Revocation,
  type SignedInput,
  secretDataObject,
  symmetricKeyObject,
  unwrapKey,
  type WrappedKey,
  type Wrapping,
} from './commands/index.js'
export {
  type ClientIdentity,
  type KmipProxy,
  type KmipTlsOptions,
  readClientPkcs12,
  type ServerAddress,
} from './connection/index.js'
export type { CreatedKeyPair, CreatedObject } from './created.js'
export { CryptographicClient } from './cryptographic-client.js'
export { type KmipKeyServerOptions, kmip } from './key-server/index.js'
export type { ManagedKey } from './managed-key.js'
export {
  type BatchSettings,
  type RequestMessage,
  type ResponseMessage,
  requestMessage,
  responseMessage,
} from './messages/index.js'
export type {
  AttributeKey,
  CancellationResult,
  DerivationParameters,
  Instance,
  Operation,
  OperationName,
  QueryFunction,
  QueryResponse,
  RevocationReasonCode,
} from './operations/index.js'
export {
  type Attribute,
  type AttributeName,
  type AttributeSet,
  type Credential,
  type CryptographicParameters,
  type CustomAttribute,
  type DeviceCredential,
  deviceCredential,
  type KeyBlock,
  type KeyMaterial,
  type KeyValue,
  type KeyWrappingData,
  type ManagedObject,
  type OtherAttribute,
  plainName,
  type TransparentKey,
  toSecretInteger,
  type UsageBit,
  userCredential,
  type VendorReference,
} from './protocol/index.js'
export type { BatchResults, Deferred, KmipCallOptions, PagedFilter, Polled } from './run/index.js'
export type { KmipVersion } from './ttlv/index.js'
