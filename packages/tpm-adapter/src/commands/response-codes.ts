import type { ErrorContexts } from '@trusthold/core/errors'

/** Format zero errors: TPM_RC_VER1 (0x100) plus these. TPM 2.0 Part 2, section 6.6.3. */
const errors: readonly (readonly [number, string])[] = [
  [0x00, 'INITIALIZE'],
  [0x01, 'FAILURE'],
  [0x03, 'SEQUENCE'],
  [0x0b, 'PRIVATE'],
  [0x19, 'HMAC'],
  [0x20, 'DISABLED'],
  [0x21, 'EXCLUSIVE'],
  [0x24, 'AUTH_TYPE'],
  [0x25, 'AUTH_MISSING'],
  [0x26, 'POLICY'],
  [0x27, 'PCR'],
  [0x28, 'PCR_CHANGED'],
  [0x2d, 'UPGRADE'],
  [0x2e, 'TOO_MANY_CONTEXTS'],
  [0x2f, 'AUTH_UNAVAILABLE'],
  [0x30, 'REBOOT'],
  [0x31, 'UNBALANCED'],
  [0x42, 'COMMAND_SIZE'],
  [0x43, 'COMMAND_CODE'],
  [0x44, 'AUTHSIZE'],
  [0x45, 'AUTH_CONTEXT'],
  [0x46, 'NV_RANGE'],
  [0x47, 'NV_SIZE'],
  [0x48, 'NV_LOCKED'],
  [0x49, 'NV_AUTHORIZATION'],
  [0x4a, 'NV_UNINITIALIZED'],
  [0x4b, 'NV_SPACE'],
  [0x4c, 'NV_DEFINED'],
  [0x50, 'BAD_CONTEXT'],
  [0x51, 'CPHASH'],
  [0x52, 'PARENT'],
  [0x53, 'NEEDS_TEST'],
  [0x54, 'NO_RESULT'],
  [0x55, 'SENSITIVE'],
  [0x56, 'READ_ONLY'],
]

/** Format one errors: RC_FMT1 (0x080) plus these, about a handle, session or parameter. Part 2, section 6.6.3. */
const blamingErrors: readonly (readonly [number, string])[] = [
  [0x01, 'ASYMMETRIC'],
  [0x02, 'ATTRIBUTES'],
  [0x03, 'HASH'],
  [0x04, 'VALUE'],
  [0x05, 'HIERARCHY'],
  [0x07, 'KEY_SIZE'],
  [0x08, 'MGF'],
  [0x09, 'MODE'],
  [0x0a, 'TYPE'],
  [0x0b, 'HANDLE'],
  [0x0c, 'KDF'],
  [0x0d, 'RANGE'],
  [0x0e, 'AUTH_FAIL'],
  [0x0f, 'NONCE'],
  [0x10, 'PP'],
  [0x12, 'SCHEME'],
  [0x15, 'SIZE'],
  [0x16, 'SYMMETRIC'],
  [0x17, 'TAG'],
  [0x18, 'SELECTOR'],
  [0x1a, 'INSUFFICIENT'],
  [0x1b, 'SIGNATURE'],
  [0x1c, 'KEY'],
  [0x1d, 'POLICY_FAIL'],
  [0x1f, 'INTEGRITY'],
  [0x20, 'TICKET'],
  [0x21, 'RESERVED_BITS'],
  [0x22, 'BAD_AUTH'],
  [0x23, 'EXPIRED'],
  [0x24, 'POLICY_CC'],
  [0x25, 'BINDING'],
  [0x26, 'CURVE'],
  [0x27, 'ECC_POINT'],
  [0x28, 'FW_LIMITED'],
  [0x29, 'SVN_LIMITED'],
  [0x30, 'CHANNEL'],
  [0x31, 'CHANNEL_KEY'],
]

/** Warnings: RC_WARN (0x900) plus these. Part 2, section 6.6.3. */
const warnings: readonly (readonly [number, string])[] = [
  [0x01, 'CONTEXT_GAP'],
  [0x02, 'OBJECT_MEMORY'],
  [0x03, 'SESSION_MEMORY'],
  [0x04, 'MEMORY'],
  [0x05, 'SESSION_HANDLES'],
  [0x06, 'OBJECT_HANDLES'],
  [0x07, 'LOCALITY'],
  [0x08, 'YIELDED'],
  [0x09, 'CANCELED'],
  [0x0a, 'TESTING'],
  ...Array.from({ length: 7 }, (_, i) => [0x10 + i, `REFERENCE_H${i}`] as const),
  ...Array.from({ length: 7 }, (_, i) => [0x18 + i, `REFERENCE_S${i}`] as const),
  [0x20, 'NV_RATE'],
  [0x21, 'LOCKOUT'],
  [0x22, 'RETRY'],
  [0x23, 'NV_UNAVAILABLE'],
]

const names = new Map<number, string>([
  ...errors.map(([code, name]) => [0x100 + code, name] as const),
  ...blamingErrors.map(([code, name]) => [0x080 + code, name] as const),
  ...warnings.map(([code, name]) => [0x900 + code, name] as const),
])

/** TPM_RC_BAD_TAG: what a TPM 2.0 says of a command that it takes for one of a TPM 1.2. */
const badTag = 0x1e

/** A response code taken apart: its name, and which input it blames, counted from 1. */
export type ResponseCode = Pick<ErrorContexts['TPM_RESPONSE'], 'name' | 'subject' | 'index'>

/** Which one, when the TPM says it: 0 is any. */
function indexed(index: number): Pick<ResponseCode, 'index'> {
  return index === 0 ? {} : { index }
}

/** What a format one code blames: bit 6 marks parameters, bit 11 sessions, the rest handles. Part 2, section 6.6.2. */
function blamed(code: number): Pick<ResponseCode, 'subject' | 'index'> {
  const index = (code >> 8) & 0xf
  if ((code & 0x40) !== 0) return { subject: 'parameter', ...indexed(index) }
  if (index >= 8) return { subject: 'session', ...indexed(index - 8) }
  return index === 0 ? {} : { subject: 'handle', index }
}

/** What the warnings about things that are not loaded blame: REFERENCE_H0 to H6, REFERENCE_S0 to S6. */
function referenced(code: number): Pick<ResponseCode, 'subject' | 'index'> {
  if (code >= 0x910 && code <= 0x916) return { subject: 'handle', index: code - 0x910 + 1 }
  if (code >= 0x918 && code <= 0x91e) return { subject: 'session', index: code - 0x918 + 1 }
  return {}
}

/**
 * Takes a response code apart. Codes from above the TPM (resource managers, drivers: bits 16 and up), vendors' codes
 * and those of a TPM 1.2 are named as such. Part 2, section 6.6; TSS 2.0 Overview, section 5.
 */
export function describeResponseCode(code: number): ResponseCode {
  const layer = code >>> 16
  if (layer !== 0) return { name: `layer ${layer} error 0x${(code & 0xffff).toString(16)}` }
  if (code === badTag) return { name: 'TPM_RC_BAD_TAG' }
  if ((code & 0x80) !== 0) return { name: nameOf(code & 0xbf), ...blamed(code) }
  if ((code & 0x100) === 0) return { name: 'an error of a TPM 1.2' }
  if ((code & 0x400) !== 0) return { name: 'a vendor-specific error' }
  return { name: nameOf(code), ...referenced(code) }
}

function nameOf(code: number): string {
  const name = names.get(code)
  return name === undefined ? 'an unknown error' : `TPM_RC_${name}`
}

/** Codes that say: send it again. Part 2, section 6.6.3; Part 1, sections 12.3.1 (TESTING) and 37.8 (NV). */
const transient: ReadonlySet<number> = new Set([0x908, 0x90a, 0x920, 0x922, 0x923])

/** Whether the TPM did nothing and asks for the same command again: YIELDED, TESTING, NV_RATE, RETRY, NV_UNAVAILABLE. */
export function asksForRetry(code: number): boolean {
  return transient.has(code)
}
