// T-49: a TPM for tests is visible as what it is, and refused where nobody asked for it.
import { fromHex } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import type { AuthorityClient } from '@trusthold/core/http'
import { parseEventLog } from '@trusthold/core/measured-boot'
import type { Tpm } from '@trusthold/core/ports'
import type { TokenClaims } from '@trusthold/core/token'
import { isSoftwareTpmFirmware, tpmsAttest, tpmtPublic } from '@trusthold/core/tpm2'
import { createTrustedHost } from '@trusthold/core/trusted-host'
import * as tpmAdapter from '@trusthold/tpm-adapter'
import { extendPcr, openTpm } from '@trusthold/tpm-adapter'
import { createSoftwareTpm, type SoftwareTpm } from '@trusthold/tpm-adapter/software-tpm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootLog } from './approved-boot.js'
import { createRig, type Rig, refusedBy } from './rig.js'

let software: SoftwareTpm
let tpm: Tpm
beforeAll(async () => {
  software = createSoftwareTpm()
  const transport = await software.transport()
  for (const { pcr, typeName, digests } of parseEventLog(bootLog()).events) {
    if (typeName === 'EV_NO_ACTION') continue
    const known = (['sha1', 'sha256', 'sha384'] as const).flatMap((hashAlg) => {
      const digest = digests.get(hashAlg)
      return digest === undefined ? [] : [{ hashAlg, digest }]
    })
    await extendPcr(transport, { pcr, digests: known })
  }
  tpm = await openTpm({ transport, eventLog: async () => bootLog() })
})
afterAll(async () => {
  await tpm.close()
  await software.close()
})

const clientOf = ({ authority: { attestation } }: Rig): AuthorityClient => ({
  keyOperationUrl: 'https://authority.example',
  attest: (request) => attestation.attest(request),
  generateKey: () => Promise.reject(new Error('no keys here')),
  decrypt: () => Promise.reject(new Error('no keys here')),
  close: async () => undefined,
})

/** How the TPM is endorsed: by its certificate alone, by registration alone, or by both. */
type Endorsed = 'certificate' | 'registered' | 'both'

async function rigFor(endorsed: Endorsed, allowSoftwareTpm?: boolean): Promise<Rig> {
  const rig = await createRig(undefined, allowSoftwareTpm === undefined ? {} : { allowSoftwareTpm })
  // The certificates are newer than the clock of other tests.
  rig.clock.advance(Date.now() - rig.clock.now())
  const { settings, caCertificates, endorsementKeys } = rig.authority.attestation
  const requireCertificateValidation = endorsed !== 'registered'
  const requireEndorsementKeys = endorsed !== 'certificate'
  await settings.update({ requireEndorsementKeys: true })
  await settings.update({ requireCertificateValidation })
  await settings.update({ requireEndorsementKeys })
  if (requireCertificateValidation) {
    await caCertificates.create('software TPMs', new TextEncoder().encode(software.caCertificates))
  }
  const [key] = await tpm.endorsementKeys()
  if (key === undefined) throw new Error('no endorsement key')
  if (requireEndorsementKeys)
    await endorsementKeys.create('software', { publicArea: decode(tpmtPublic, key.publicArea) })
  return rig
}

async function attestedBy(rig: Rig): Promise<TokenClaims> {
  const host = createTrustedHost({ authority: clientOf(rig), tpm })
  const { documents, checks } = await host.attest()
  expect(checks).toContainEqual({
    id: 'policy.software-tpm',
    outcome: 'pass',
    reason: expect.stringMatching(/^software TPMs are allowed here; by its /),
  })
  const [, payload = ''] = (documents[0]?.token ?? '').split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims
}

describe.each<Endorsed>(['certificate', 'registered', 'both'])(
  'T-49 a software TPM, endorsed by %s',
  (endorsed) => {
    test.each([undefined, false])('is refused by default (%s), and the check says why', async (allowed) => {
      const rig = await rigFor(endorsed, allowed)
      const host = createTrustedHost({ authority: clientOf(rig), tpm })
      expect(await refusedBy(host.attest())).toEqual(['policy.software-tpm'])
      const error = await host.attest().catch((thrown: unknown) => thrown)
      if (!isTrustholdError(error, 'ATTESTATION_REFUSED')) throw error
      const reason = error.context.checks.find(({ id }) => id === 'policy.software-tpm')?.reason
      const mark = endorsed === 'registered' ? 'its firmware version' : 'its EK certificate'
      expect(reason).toBe(`by ${mark} it is a software TPM for demos and tests, which protects nothing`)
      await rig.close()
    })

    test('is told so before it has to quote, when its certificate is there to tell', async () => {
      const rig = await rigFor(endorsed)
      const asked: number[] = []
      const counting: AuthorityClient = {
        ...clientOf(rig),
        attest: (request) => {
          asked.push(request.contexts.length)
          return rig.authority.attestation.attest(request)
        },
      }
      const host = createTrustedHost({ authority: counting, tpm })
      expect(await refusedBy(host.attest())).toEqual(['policy.software-tpm'])
      expect(asked).toHaveLength(endorsed === 'registered' ? 2 : 1)
      await rig.close()
    })

    test('is accepted where that is configured, and its token says what it is', async () => {
      const rig = await rigFor(endorsed, true)
      const claims = await attestedBy(rig)
      expect(claims.dbgstat).toBe('enabled')
      expect(claims.submods.host.ear_trustworthiness_vector).not.toHaveProperty('hardware')
      if (endorsed !== 'registered') {
        expect(claims.submods.host.endorsement).toMatchObject({
          manufacturer: '54525354',
          model: 'software TPM for demos and tests',
        })
      }
      await rig.close()
    })
  },
)

test('T-49 a token for a software TPM opens nothing where that is not allowed (any more)', async () => {
  const rig = await rigFor('both', true)
  const claims = await attestedBy(rig)
  expect(() => rig.authority.attestation.assertStillTrusted(claims)).not.toThrow()
  const strict = await rigFor('both')
  for (const kept of await Promise.all([rigFor('both', false), Promise.resolve(strict)])) {
    expect(() => kept.authority.attestation.assertStillTrusted(claims)).toThrow(
      expect.objectContaining({ code: 'TOKEN_INVALID' }),
    )
    const { dbgstat: _, ...without } = claims
    expect(() => kept.authority.attestation.assertStillTrusted(without)).not.toThrow()
    await kept.close()
  }
  await rig.close()
})

test('T-49 tokens for other TPMs say nothing about it, and the check passes', async () => {
  const rig = await createRig()
  const result = await rig.attest()
  if (!result.attested) throw new Error('not attested')
  expect(result.checks).toContainEqual({
    id: 'policy.software-tpm',
    outcome: 'pass',
    reason: 'the TPM does not say that it is a software TPM for tests',
  })
  const [, payload = ''] = (result.documents[0]?.token ?? '').split('.')
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).not.toHaveProperty('dbgstat')
  await rig.close()
})

test('T-49 the signed firmware version tells the software TPM from others, whichever key signs', async () => {
  for (const endorsementKey of await tpm.endorsementKeys()) {
    const key = await tpm.openAttestationKey({ endorsementKey })
    const { message } = await key.quote(fromHex('00'.repeat(8)), [{ bank: 'sha256', pcrs: [0] }])
    expect(isSoftwareTpmFirmware(decode(tpmsAttest, message).firmwareVersion)).toBe(true)
    await key.close()
  }
  for (const version of [0n, 1n, 0x2020_0115_0007_0006n, 0x534f_4653_ffff_ffffn, 0x534f_4655_0000_0000n]) {
    expect(isSoftwareTpmFirmware(version)).toBe(false)
  }
})

test('T-49 the software TPM is in no other entry than its own', () => {
  expect(Object.keys(tpmAdapter).filter((name) => /software/i.test(name))).toEqual([])
})
