import { expect, test } from 'vitest'
import { asksForRetry, describeResponseCode, type ResponseCode } from '../../src/commands/response-codes.js'

test.each<[number, ResponseCode]>([
  [0x100, { name: 'TPM_RC_INITIALIZE' }],
  [0x101, { name: 'TPM_RC_FAILURE' }],
  [0x125, { name: 'TPM_RC_AUTH_MISSING' }],
  [0x143, { name: 'TPM_RC_COMMAND_CODE' }],
  [0x14c, { name: 'TPM_RC_NV_DEFINED' }],
  [0x01e, { name: 'TPM_RC_BAD_TAG' }],
  [0x081, { name: 'TPM_RC_ASYMMETRIC' }],
  [0x18b, { name: 'TPM_RC_HANDLE', subject: 'handle', index: 1 }],
  [0x28b, { name: 'TPM_RC_HANDLE', subject: 'handle', index: 2 }],
  [0x1df, { name: 'TPM_RC_INTEGRITY', subject: 'parameter', index: 1 }],
  [0x2d2, { name: 'TPM_RC_SCHEME', subject: 'parameter', index: 2 }],
  [0xfc4, { name: 'TPM_RC_VALUE', subject: 'parameter', index: 15 }],
  [0x98e, { name: 'TPM_RC_AUTH_FAIL', subject: 'session', index: 1 }],
  [0xa9d, { name: 'TPM_RC_POLICY_FAIL', subject: 'session', index: 2 }],
  [0x9a2, { name: 'TPM_RC_BAD_AUTH', subject: 'session', index: 1 }],
  [0x902, { name: 'TPM_RC_OBJECT_MEMORY' }],
  [0x910, { name: 'TPM_RC_REFERENCE_H0', subject: 'handle', index: 1 }],
  [0x916, { name: 'TPM_RC_REFERENCE_H6', subject: 'handle', index: 7 }],
  [0x917, { name: 'an unknown error' }],
  [0x918, { name: 'TPM_RC_REFERENCE_S0', subject: 'session', index: 1 }],
  [0x91e, { name: 'TPM_RC_REFERENCE_S6', subject: 'session', index: 7 }],
  [0x91f, { name: 'an unknown error' }],
  [0x0c4, { name: 'TPM_RC_VALUE', subject: 'parameter' }],
  [0x884, { name: 'TPM_RC_VALUE', subject: 'session' }],
  [0x084, { name: 'TPM_RC_VALUE' }],
  [0x784, { name: 'TPM_RC_VALUE', subject: 'handle', index: 7 }],
  [0xf84, { name: 'TPM_RC_VALUE', subject: 'session', index: 7 }],
  [0x156, { name: 'TPM_RC_READ_ONLY' }],
  [0x1b1, { name: 'TPM_RC_CHANNEL_KEY', subject: 'handle', index: 1 }],
  [0x923, { name: 'TPM_RC_NV_UNAVAILABLE' }],
  [0x001, { name: 'an error of a TPM 1.2' }],
  [0x921, { name: 'TPM_RC_LOCKOUT' }],
  [0x500, { name: 'a vendor-specific error' }],
  [0x17f, { name: 'an unknown error' }],
  [0x70001, { name: 'layer 7 error 0x1' }],
])('0x%s', (code, described) => {
  expect(describeResponseCode(code)).toEqual(described)
})

test('only what the TPM asks to be sent again is sent again', () => {
  const codes = [0x908, 0x90a, 0x920, 0x922, 0x923]
  expect(codes.every(asksForRetry)).toBe(true)
  expect([0, 0x100, 0x122, 0x1df, 0x902, 0x909, 0x921].some(asksForRetry)).toBe(false)
})
