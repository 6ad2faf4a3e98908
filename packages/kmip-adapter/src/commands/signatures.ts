import { protocolError } from '../messages/index.js'
import {
  hash as hashOperation,
  mac as macOperation,
  macVerify,
  type OperationName,
  signatureVerify,
  sign as signOperation,
} from '../operations/index.js'
import type { CryptographicParameters } from '../protocol/index.js'
import { type Enumerated, isAtLeast, type KmipVersion } from '../ttlv/index.js'
import { type Command, command, type ObjectRef, subjectField, unsupported } from './command.js'

/** What is signed: data, or their digest, which needs KMIP 1.4. */
export type SignedInput = { readonly data: Uint8Array } | { readonly digest: Uint8Array }

function signedFields(operation: OperationName, signed: SignedInput, version: KmipVersion) {
  if ('data' in signed) return { data: signed.data }
  if (isAtLeast(version, '1.4')) return { digestedData: signed.digest }
  throw unsupported(operation, `signatures of digests need KMIP 1.4, the server speaks ${version}`)
}

function requireBytes(operation: OperationName, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined && bytes.length > 0) return bytes
  throw protocolError(operation, 'the answer has no data')
}

/** Yes only for what the server calls valid; what it does not know is an error and no answer. */
function isValid(operation: OperationName, indicator: Enumerated<'ValidityIndicator'> | undefined): boolean {
  if (indicator === 'Valid') return true
  if (indicator === 'Invalid') return false
  throw protocolError(operation, `the server does not say whether it is valid: ${indicator ?? 'nothing'}`)
}

/** Signs in the server with a private key. */
export function sign(
  ref: ObjectRef,
  signed: SignedInput,
  parameters: CryptographicParameters,
): Command<Uint8Array> {
  return command(
    signOperation,
    ref,
    (version) => ({
      ...subjectField(ref),
      cryptographicParameters: parameters,
      ...signedFields('Sign', signed, version),
    }),
    ({ signatureData }) => requireBytes('Sign', signatureData),
  )
}

/** Whether a signature is of what it is said to be, by a public key in the server. */
export function verifySignature(
  ref: ObjectRef,
  signed: SignedInput,
  signature: Uint8Array,
  parameters: CryptographicParameters,
): Command<boolean> {
  return command(
    signatureVerify,
    ref,
    (version) => ({
      ...subjectField(ref),
      cryptographicParameters: parameters,
      ...signedFields('SignatureVerify', signed, version),
      signatureData: signature,
    }),
    ({ validityIndicator }) => isValid('SignatureVerify', validityIndicator),
  )
}

/** The message authentication code of data, by a key in the server. */
export function mac(
  ref: ObjectRef,
  data: Uint8Array,
  parameters: CryptographicParameters,
): Command<Uint8Array> {
  return command(
    macOperation,
    ref,
    () => ({ ...subjectField(ref), cryptographicParameters: parameters, data }),
    ({ macData }) => requireBytes('MAC', macData),
  )
}

/** Whether a message authentication code is of the data, by a key in the server. */
export function verifyMac(
  ref: ObjectRef,
  data: Uint8Array,
  code: Uint8Array,
  parameters: CryptographicParameters,
): Command<boolean> {
  return command(
    macVerify,
    ref,
    () => ({ ...subjectField(ref), cryptographicParameters: parameters, data, macData: code }),
    ({ validityIndicator }) => isValid('MACVerify', validityIndicator),
  )
}

/** The hash of data, computed in the server. */
export function hash(
  data: Uint8Array,
  algorithm: Exclude<Enumerated<'HashingAlgorithm'>, number>,
): Command<Uint8Array> {
  return command(
    hashOperation,
    null,
    () => ({ cryptographicParameters: { hashingAlgorithm: algorithm }, data }),
    ({ data: digest }) => requireBytes('Hash', digest),
  )
}
