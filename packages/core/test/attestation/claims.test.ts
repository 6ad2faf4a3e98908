import { describe, expect, it } from 'vitest'
import { buildClaims, type Established, subjectOf } from '../../src/attestation/claims.js'
import { tokenKinds } from '../../src/token/index.js'
import { softwareTpmFirmwareVersion } from '../../src/tpm2/index.js'

const fill = (length: number, value: number) => new Uint8Array(length).fill(value)
const established = {
  state: {
    id: fill(16, 1),
    expiresAt: 0n,
    endorsementKey: fill(10, 2),
    attestationKey: fill(10, 4),
    bindingKeyThumbprint: fill(32, 5),
    nonce: fill(32, 6),
    activationSecret: fill(32, 7),
    selection: [],
    findings: fill(1, 0),
  },
  endorsement: { keyId: 'ab'.repeat(32), kind: 'rsa-2048', registeredName: 'host 1' },
  facts: {
    clock: 1n,
    resetCount: 42,
    restartCount: 0,
    safe: true,
    firmwareVersion: 1n,
    selection: [{ bank: 'sha256', pcrs: [0, 7] }],
    pcrDigest: fill(32, 8),
    pcrs: [],
  },
  image: { name: 'debian-12' },
  secureBoot: true,
} as unknown as Established
const frame = {
  issuer: 'trusthold:production',
  group: 'production',
  now: 1_800_000_000,
  lifetimeSeconds: 600,
  id: 'token-1',
}

describe('buildClaims', () => {
  it('states an EAT with an EAR appraisal, pinned member by member', () => {
    const claims = buildClaims('KMS_AUTH_JWT', frame, established)
    const { developer, build } = claims.ear_verifier_id
    expect([developer, build].every((text) => typeof text === 'string' && text !== '')).toBe(true)
    expect({ ...claims, ear_verifier_id: undefined }).toEqual({
      iss: 'trusthold:production',
      sub: `ek:${'ab'.repeat(32)}`,
      aud: 'production',
      iat: 1_800_000_000,
      nbf: 1_800_000_000,
      exp: 1_800_000_600,
      jti: 'token-1',
      eat_profile: 'tag:github.com,2026:trusthold/kms-auth',
      eat_nonce: 'BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY',
      ueid: 'Aaurq6urq6urq6urq6urq6urq6urq6urq6urq6urq6ur',
      bootcount: 42,
      oemboot: true,
      ear_verifier_id: undefined,
      cnf: { jkt: 'BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU' },
      submods: {
        host: {
          ear_status: 'affirming',
          ear_trustworthiness_vector: {
            'instance-identity': 2,
            configuration: 2,
            executables: 3,
          },
          ear_appraisal_policy_ids: ['base-image:debian-12', 'endorsement-settings'],
          base_image: 'debian-12',
          endorsement: { key: 'rsa-2048', registered: 'host 1' },
          pcrs: { selection: [{ bank: 'sha256', pcrs: [0, 7] }], digest: '08'.repeat(32) },
        },
      },
    })
  })

  it('differs between the kinds in the profile alone', () => {
    const [auth, report] = tokenKinds.map((kind) => buildClaims(kind, frame, established))
    expect(auth?.eat_profile).not.toBe(report?.eat_profile)
    expect({ ...report, eat_profile: auth?.eat_profile }).toEqual(auth)
  })

  it('says of Secure Boot what is proved, off as well as on, and nothing else', () => {
    expect(buildClaims('KMS_AUTH_JWT', frame, { ...established, secureBoot: false }).oemboot).toBe(false)
    expect(buildClaims('KMS_AUTH_JWT', frame, { ...established, secureBoot: undefined })).not.toHaveProperty(
      'oemboot',
    )
  })

  it('says of a software TPM that it is one, and nothing of hardware, by its certificate or by its firmware version', () => {
    const certificate = {
      fingerprint: 'f',
      caFingerprint: 'ca',
      caSubject: 'CN=x',
      manufacturer: { id: '54525354' },
      model: 'm',
      version: '1',
      validUntil: 0,
      extendedKeyUsagePresent: true,
    }
    const firmwareVersion = softwareTpmFirmwareVersion
    const marked = [
      { ...established, endorsement: { ...established.endorsement, certificate } },
      { ...established, facts: { ...established.facts, firmwareVersion } as Established['facts'] },
      {
        ...established,
        endorsement: {
          ...established.endorsement,
          certificate: { ...certificate, manufacturer: { id: '49465800' } },
        },
        facts: { ...established.facts, firmwareVersion } as Established['facts'],
      },
    ]
    for (const each of marked) {
      const { dbgstat, submods } = buildClaims('KMS_AUTH_JWT', frame, each)
      expect(dbgstat).toBe('enabled')
      expect(submods.host.ear_trustworthiness_vector).not.toHaveProperty('hardware')
    }
    expect(buildClaims('KMS_AUTH_JWT', frame, established)).not.toHaveProperty('dbgstat')
  })

  it('says of a certificate who made the TPM and which CA was believed', () => {
    const certificate = {
      fingerprint: 'f',
      caFingerprint: 'ca',
      caSubject: 'CN=x',
      manufacturer: { id: 'IFX', name: 'Infineon' },
      model: 'SLB 9670',
      version: '0755',
      validUntil: 0,
      extendedKeyUsagePresent: true,
    }
    const endorsement = { keyId: 'ab'.repeat(32), kind: 'rsa-2048', certificate }
    const claims = buildClaims('KMS_AUTH_JWT', frame, {
      ...established,
      endorsement,
    } as unknown as Established)
    expect(claims.submods.host.endorsement).toEqual({
      key: 'rsa-2048',
      ca: 'ca',
      manufacturer: 'IFX',
      model: 'SLB 9670',
    })
  })

  it('holds neither the activation secret nor anything else of the state', () => {
    const text = JSON.stringify(buildClaims('KMS_AUTH_JWT', frame, established))
    for (const part of [established.state.activationSecret, established.state.id]) {
      expect(text).not.toContain(Buffer.from(part).toString('base64url'))
      expect(text).not.toContain(Buffer.from(part).toString('hex'))
    }
  })

  it('names a host by its endorsement key', () => {
    expect(subjectOf({ keyId: '000bff', kind: 'rsa-2048' })).toBe('ek:000bff')
  })
})
