import { isAtLeast, type KmipVersion } from '../../ttlv/index.js'
import type { ResultReason } from './refusal.js'

interface LaterReason {
  readonly since: KmipVersion
  /** What versions that lack it are told. */
  readonly before: ResultReason
}

const in20 = (before: ResultReason): LaterReason => ({ since: '2.0', before })

/** Reasons that KMIP 1.0 lacks. KMIP 1.4, sections 9.1.3.2.29 and 11; KMIP 2.1, section 11.50. */
const laterReasons: Readonly<Partial<Record<ResultReason, LaterReason>>> = {
  EncodingOptionError: { since: '1.1', before: 'InvalidField' },
  KeyValueNotPresent: { since: '1.2', before: 'IllegalOperation' },
  Sensitive: { since: '1.4', before: 'PermissionDenied' },
  NotExtractable: { since: '1.4', before: 'PermissionDenied' },
  ObjectAlreadyExists: { since: '1.4', before: 'InvalidField' },
  UsageLimitExceeded: in20('PermissionDenied'),
  NumericRange: in20('InvalidField'),
  InvalidDataType: in20('InvalidField'),
  ReadOnlyAttribute: in20('PermissionDenied'),
  MultiValuedAttribute: in20('InvalidField'),
  UnsupportedAttribute: in20('InvalidField'),
  AttributeInstanceNotFound: in20('ItemNotFound'),
  AttributeNotFound: in20('ItemNotFound'),
  AttributeReadOnly: in20('PermissionDenied'),
  AttributeSingleValued: in20('InvalidField'),
  BadCryptographicParameters: in20('InvalidField'),
  CodecError: in20('InvalidMessage'),
  IllegalObjectType: in20('IllegalOperation'),
  IncompatibleCryptographicUsageMask: in20('PermissionDenied'),
  InternalServerError: in20('GeneralFailure'),
  InvalidAsynchronousCorrelationValue: in20('InvalidField'),
  InvalidAttribute: in20('InvalidField'),
  InvalidAttributeValue: in20('InvalidField'),
  InvalidCorrelationValue: in20('InvalidField'),
  InvalidObjectType: in20('InvalidField'),
  KeyWrapTypeNotSupported: in20('FeatureNotSupported'),
  MissingInitializationVector: in20('InvalidField'),
  NonUniqueNameAttribute: in20('InvalidField'),
  ObjectDestroyed: in20('ItemNotFound'),
  ServerLimitExceeded: in20('GeneralFailure'),
  UnknownEnumeration: in20('InvalidField'),
  UnknownMessageExtension: in20('FeatureNotSupported'),
  UnknownTag: in20('InvalidField'),
  UnsupportedCryptographicParameters: in20('InvalidField'),
  UnsupportedProtocolVersion: in20('InvalidMessage'),
  WrappingObjectArchived: in20('ObjectArchived'),
  WrappingObjectDestroyed: in20('ItemNotFound'),
  WrappingObjectNotFound: in20('ItemNotFound'),
  WrongKeyLifecycleState: in20('PermissionDenied'),
}

/** Reasons that KMIP 2.x lacks. */
const formerReasons: Readonly<Partial<Record<ResultReason, ResultReason>>> = {
  IllegalOperation: 'PermissionDenied',
  IndexOutOfBounds: 'AttributeInstanceNotFound',
}

/** The reason as a version has it: the older name where it lacks the newer, and the other way round. */
export function reasonFor(reason: ResultReason, version: KmipVersion): ResultReason {
  const former = formerReasons[reason]
  if (former !== undefined && isAtLeast(version, '2.0')) return former
  const later = laterReasons[reason]
  return later === undefined || isAtLeast(version, later.since) ? reason : later.before
}
