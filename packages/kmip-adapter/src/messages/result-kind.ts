import type { ErrorContexts } from '@trusthold/core/errors'
import type { OperationName } from '../operations/index.js'
import type { Enumerated } from '../ttlv/index.js'
import type { Failure } from './failure.js'

/** What a failure means to the caller, whatever server says it in whatever words. */
export type ResultKind = ErrorContexts['KMIP_RESULT']['kind']

type Reason = Exclude<Enumerated<'ResultReason'>, number>

/** Reasons by what they mean; those that are not here are `other`. KMIP 2.1, section 11.50, and 1.4, section 9.1.3.2.29. */
const reasonsByKind: Readonly<Record<Exclude<ResultKind, 'other'>, readonly Reason[]>> = {
  notFound: ['ItemNotFound', 'ObjectDestroyed', 'ObjectNotFound', 'WrappingObjectNotFound'],
  denied: [
    'PermissionDenied',
    'NotAuthorised',
    'Sensitive',
    'NotExtractable',
    'UsageLimitExceeded',
    'ConstraintViolation',
  ],
  state: [
    'IllegalOperation',
    'WrongKeyLifecycleState',
    'ObjectArchived',
    'WrappingObjectArchived',
    'WrappingObjectDestroyed',
    'KeyValueNotPresent',
  ],
  unsupported: [
    'OperationNotSupported',
    'FeatureNotSupported',
    'ApplicationNamespaceNotSupported',
    'KeyFormatTypeNotSupported',
    'KeyCompressionTypeNotSupported',
    'KeyWrapTypeNotSupported',
    'UnknownMessageExtension',
    'UnsupportedAttribute',
    'UnsupportedCryptographicParameters',
    'UnsupportedProtocolVersion',
    'PKCS_11InvalidFunction',
    'PKCS_11InvalidInterface',
  ],
  authentication: [
    'AuthenticationNotSuccessful',
    'InvalidTicket',
    'BadPassword',
    'AttestationRequired',
    'AttestationFailed',
  ],
  tooLarge: ['ResponseTooLarge'],
  invalid: [
    'InvalidMessage',
    'MissingData',
    'InvalidField',
    'IndexOutOfBounds',
    'EncodingOptionError',
    'NumericRange',
    'InvalidDataType',
    'ReadOnlyAttribute',
    'MultiValuedAttribute',
    'AttributeInstanceNotFound',
    'AttributeNotFound',
    'AttributeReadOnly',
    'AttributeSingleValued',
    'BadCryptographicParameters',
    'CodecError',
    'CryptographicFailure',
    'DuplicateProcessRequest',
    'IllegalObjectType',
    'IncompatibleCryptographicUsageMask',
    'InvalidAsynchronousCorrelationValue',
    'InvalidAttribute',
    'InvalidAttributeValue',
    'InvalidCorrelationValue',
    'InvalidCSR',
    'InvalidObjectType',
    'MissingInitializationVector',
    'NonUniqueNameAttribute',
    'ObjectAlreadyExists',
    'PKCS_11CodecError',
    'UnknownEnumeration',
    'UnknownObjectGroup',
    'UnknownTag',
  ],
  transient: [
    'InternalServerError',
    'ServerLimitExceeded',
    'ProtectionStorageUnavailable',
    'PrivateProtectionStorageUnavailable',
    'PublicProtectionStorageUnavailable',
  ],
}

const kinds: ReadonlyMap<unknown, ResultKind> = new Map(
  Object.entries(reasonsByKind).flatMap(([kind, reasons]) =>
    reasons.map((reason): [Reason, ResultKind] => [reason, kind as ResultKind]),
  ),
)

/** Operations for which servers say Permission Denied when the object is in the wrong state (PyKMIP, CipherTrust). */
const lifeCycle: ReadonlySet<OperationName> = new Set<OperationName>(['Activate', 'Revoke', 'Destroy'])

/** What some servers put into the text of a General Failure instead of a reason (CipherTrust Manager). */
const generalFailures: readonly { readonly text: RegExp; readonly kind: ResultKind }[] = [
  { text: /NCERRInsufficientPermissions/, kind: 'denied' },
  { text: /NCERRUnauthorizedAccess|token has been revoked|invalid token/i, kind: 'transient' },
]

/**
 * What a failure means. For Activate, Revoke and Destroy a Permission Denied is `state`, which is what it mostly is;
 * the object's State attribute tells for sure. A message that a server cannot read is one that it does not support:
 * some do not know a later operation by its number, and say so of the message as a whole.
 */
export function resultKind(operation: OperationName, { reason, message, ofMessage }: Failure): ResultKind {
  if (reason === 'InvalidMessage' && ofMessage) return 'unsupported'
  if (reason === 'PermissionDenied' && lifeCycle.has(operation)) return 'state'
  if (reason === 'GeneralFailure' && message !== undefined) {
    return generalFailures.find(({ text }) => text.test(message))?.kind ?? 'other'
  }
  return kinds.get(reason) ?? 'other'
}
