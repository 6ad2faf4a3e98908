import { ekPolicies, ekTemplates, type TpmtPublic } from '@trusthold/core/tpm2'
import { expect, test } from 'vitest'
import { splitCertificates } from '../../src/tpm/certificate-chain.js'
import { ekPolicyOf } from '../../src/tpm/ek-policies.js'

test.each([
  ['L-1', { hash: 'sha256' }],
  ['L-2', { hash: 'sha256' }],
  ['H-1', { hash: 'sha256', branches: [ekPolicies.A.sha256, ekPolicies.C.sha256] }],
  ['H-3', { hash: 'sha384', branches: [ekPolicies.A.sha384, ekPolicies.C.sha384] }],
  ['H-4', { hash: 'sha512', branches: [ekPolicies.A.sha512, ekPolicies.C.sha512] }],
  ['H-5', undefined],
] as const)('the policy of template %s is met by what the profile says', (name, expected) => {
  expect(ekPolicyOf(ekTemplates[name].publicArea)).toEqual(expected)
})

test('a policy that is none of the profile, or by another hash than the name, is not met', () => {
  const { publicArea } = ekTemplates['H-3']
  const changed = (change: Partial<TpmtPublic>): TpmtPublic => ({ ...publicArea, ...change }) as TpmtPublic
  for (const other of [
    { authPolicy: new Uint8Array() },
    { authPolicy: new Uint8Array(48) },
    { authPolicy: ekPolicies.A.sha384 },
    { authPolicy: ekPolicies.B.sha256 },
    { nameAlg: 'sha256' as const },
    { nameAlg: 'sha512' as const },
    { nameAlg: 'null' as const },
  ]) {
    expect(ekPolicyOf(changed(other))).toBeUndefined()
  }
})

test('certificates that stand one after the other are told apart, up to what is none', () => {
  const [one, two] = [Uint8Array.of(0x30, 2, 1, 1), Uint8Array.of(0x30, 0)]
  expect(splitCertificates(Uint8Array.of(...one, ...two, ...one))).toEqual([one, two, one])
  for (const padding of [[0xff, 0xff], [0x00], [0x30, 5, 1], [0x30]]) {
    expect(splitCertificates(Uint8Array.of(...one, ...padding, ...two))).toEqual([one])
  }
  expect(splitCertificates(new Uint8Array())).toEqual([])
})
