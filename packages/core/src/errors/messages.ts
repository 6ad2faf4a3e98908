import type { ErrorCode, ErrorContexts } from './codes.js'

const failing = ({ checks }: ErrorContexts['ATTESTATION_REFUSED']): string =>
  checks
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
    .map(({ id, reason }) => `${id}: ${reason}`)
    .join('; ')

/** One message per code; leaving one out does not compile. Lower case, no full stop, expected and actual. */
export const errorMessages: { readonly [C in ErrorCode]: (context: ErrorContexts[C]) => string } = {
  CODEC_UNDERFLOW: (c) =>
    `${c.path}: needs ${c.needed} bytes at offset ${c.offset}, ${c.available} are available`,
  CODEC_TRAILING: (c) => `${c.path}: ${c.trailing} unread bytes after its end at offset ${c.offset}`,
  CODEC_VALUE: (c) => `${c.path}: expected ${c.expected} at offset ${c.offset}, found ${c.actual}`,
  CODEC_LIMIT: (c) => `${c.path}: ${c.actual} at offset ${c.offset} is above the limit of ${c.limit}`,
  CODEC_RANGE: (c) => `${c.path}: cannot write ${c.actual}, expected ${c.expected}`,
  BYTES_ENCODING: (c) =>
    `not ${c.encoding}: bad character or length at position ${c.position} of ${c.length}`,
  SECRET_WIPED: (c) => `the secret of ${c.length} bytes was wiped`,
  TPM_ALGORITHM_UNSUPPORTED: (c) => `${c.algorithm} is not accepted for ${c.use}`,
  TPM_KEY_INVALID: (c) => `${c.path}: ${c.reason}`,
  TPM_CREDENTIAL_INVALID: (c) => `the credential blob (name algorithm ${c.nameAlgorithm}) does not open`,
  TPM_DUPLICATE_INVALID: (c) =>
    `the duplicate for a parent with name algorithm ${c.nameAlgorithm} does not open`,
  TPM_RESPONSE: (c) =>
    `${c.command} failed with ${c.name} (0x${c.responseCode.toString(16)})${
      c.subject === undefined ? '' : ` for ${c.subject} ${c.index ?? '?'}`
    }${c.field === undefined ? '' : ` (${c.field})`}`,
  TPM_RESPONSE_MALFORMED: (c) =>
    `the response to ${c.command} is malformed at offset ${c.offset}: ${c.reason}`,
  TPM_RESPONSE_FORGED: (c) => `the response to ${c.command} is not authenticated by session ${c.session}`,
  TPM_NOT_STARTED: (c) => `${c.command} met a TPM that was reset and not started up`,
  TPM_LOCKED_OUT: (c) =>
    `${c.command} is refused after too many failed authorisations${
      c.recoverySeconds === undefined ? '' : `; the TPM takes one again within ${c.recoverySeconds} s`
    }`,
  TPM_NOT_AVAILABLE: (c) => `${c.what} is not available: ${c.reason}`,
  TPM_CONTROL_REFUSED: (c) => `${c.endpoint} refused ${c.command} with result ${c.result}`,
  TPM_TRAFFIC_DIFFERS: (c) =>
    `command ${c.exchange} differs from the recording at offset ${c.offset}: expected ${c.expected}, found ${c.actual}`,
  CERTIFICATE_INVALID: (c) => `certificate ${c.path}: expected ${c.expected}, found ${c.actual}`,
  CERTIFICATE_BUNDLE_INVALID: (c) => `the ${c.format} bundle cannot be read: ${c.reason}`,
  EVENT_LOG_INVALID: (c) =>
    `event ${c.event} at offset ${c.offset}, ${c.field}: expected ${c.expected}, found ${c.actual}`,
  BASE_IMAGE_INVALID: (c) => `base image ${c.path}: expected ${c.expected}, found ${c.actual}`,
  JOSE_INVALID: (c) => `${c.what} is not acceptable: ${c.reason}`,
  TOKEN_INVALID: (c) => `token refused by ${c.check}: ${c.reason}`,
  PROOF_INVALID: (c) => `proof of possession refused by ${c.check}: ${c.reason}`,
  ATTESTATION_REFUSED: (c) => `attestation refused: ${failing(c)}`,
  ATTESTATION_UNDECIDED: (c) => `attestation could not be decided: ${failing(c)}`,
  PROVIDER_NOT_FOUND: (c) => `no trusted key provider ${JSON.stringify(c.provider)}`,
  PROVIDER_UNUSABLE: (c) => `trusted key provider ${JSON.stringify(c.provider)}: ${c.reason}`,
  WRAPPED_KEY_INVALID: (c) => `the wrapped key is refused: ${c.reason}`,
  DELIVERY_REFUSED: (c) =>
    `provider ${JSON.stringify(c.provider)} does not deliver by ${c.delivery}: ${c.reason}`,
  ALREADY_EXISTS: (c) => `${c.kind} ${JSON.stringify(c.name)} exists already`,
  NOT_FOUND: (c) => `no ${c.kind} ${JSON.stringify(c.name)}`,
  KMIP_RESULT: (c) => `KMIP ${c.operation}: ${c.status}, ${c.reason}`,
  KMIP_PROTOCOL: (c) => `KMIP ${c.operation}: ${c.reason}`,
  KMIP_VERSION: (c) => `no common KMIP version: offered ${c.offered}, server has ${c.server}`,
  TRANSPORT_FAILED: (c) => `${c.endpoint}: ${c.phase} failed: ${c.reason}`,
  TRANSPORT_TIMEOUT: (c) => `${c.endpoint}: ${c.phase} took longer than ${c.milliseconds} ms`,
  TRANSPORT_ABORTED: (c) => `${c.endpoint}: the caller aborted`,
  TRANSPORT_CLOSED: (c) => `${c.endpoint}: closed`,
  STORE_CONFLICT: (c) => `${c.key}: expected revision ${c.expected}, found ${c.actual}`,
  STORE_ARGUMENT: (c) => `${c.name}: ${c.reason}`,
  STORE_UNAVAILABLE: (c) => `the store cannot ${c.operation}: ${c.reason}`,
  STORE_CORRUPT: (c) => `${c.key}: stored bytes are damaged: ${c.reason}`,
  STORE_COMPACTED: (c) =>
    `deletions up to revision ${c.horizon} are forgotten, cannot report changes after ${c.after}: list again`,
  STORE_VERSION: (c) => `the store has ${c.found}, this release supports ${c.supported}`,
  STORE_CLOSED: (c) => `the store is closed, cannot ${c.operation}`,
  REQUEST_INVALID: (c) => `${c.path}: expected ${c.expected}, found ${c.actual}`,
  REQUEST_TOO_LARGE: (c) => `the request is larger than ${c.limit} bytes`,
  SERVICE_ERROR: (c) => `the service answered ${c.status} ${c.serviceCode}: ${c.message}`,
  ARGUMENT_INVALID: (c) => `${c.name}: ${c.reason}`,
  CONFIGURATION_INVALID: (c) => `${c.name}: ${c.reason}`,
}
