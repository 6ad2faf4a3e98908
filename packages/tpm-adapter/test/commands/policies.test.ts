import { concatBytes } from '@trusthold/core/bytes'
import {
  policyAuthorize as authorizeStep,
  policyAuthValue as authValueStep,
  policyCommandCode as commandCodeStep,
  computePolicyDigest,
  digestOf,
  hierarchyName,
  policyOR as orStep,
  policyPCR as pcrStep,
  permanentHandles,
  policySecret as secretStep,
  signingKeyTemplates,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import {
  createPrimary,
  flushContext,
  passwordSession,
  pcrRead,
  policyAuthorize,
  policyAuthValue,
  policyCommandCode,
  policyGetDigest,
  policyOr,
  policyPassword,
  policyPcr,
  policySecret,
  policySession,
  sign,
  startAuthSession,
  unseal,
  verifySignature,
} from '../../src/commands/index.js'
import { openSession } from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'
import { sha256Pcrs, useLiveTpm } from '../live-tpm.js'
import { plain, withSealed } from '../sessions/sealed.js'

const tpm = useLiveTpm()

/** The digest that the TPM computes in a trial session, and the one that core computes. */
async function inTrial(assert: (policySession: number) => Promise<unknown>): Promise<Uint8Array> {
  await using session = await openSession(tpm.runner, { type: 'trial' })
  await assert(session.handle)
  return await policyGetDigest(tpm.runner, session.handle)
}

describe('the TPM computes the same digest as core for', () => {
  test('a secret', async () => {
    const policyRef = Uint8Array.of(7, 7)
    const digest = await inTrial((handle) =>
      policySecret(tpm.runner, {
        entity: permanentHandles.endorsement,
        session: passwordSession(),
        policySession: handle,
        policyRef,
      }),
    )
    expect(digest).toEqual(computePolicyDigest('sha256', secretStep(hierarchyName('endorsement'), policyRef)))
  })

  test('PCRs, as they are and as they shall be', async () => {
    const { values } = await pcrRead(tpm.runner, sha256Pcrs(16))
    const now = values[0] as Uint8Array
    const [as, shall] = [now, digestOf('sha256', now)].map((value) =>
      computePolicyDigest('sha256', pcrStep([{ bank: 'sha256', values: new Map([[16, value]]) }])),
    )
    const selection = sha256Pcrs(16)
    expect(await inTrial((handle) => policyPcr(tpm.runner, { policySession: handle, selection }))).toEqual(as)
    const pcrDigest = digestOf('sha256', digestOf('sha256', now))
    expect(
      await inTrial((handle) => policyPcr(tpm.runner, { policySession: handle, selection, pcrDigest })),
    ).toEqual(shall)
  })

  test('a command, a password, and branches', async () => {
    const command = computePolicyDigest('sha256', commandCodeStep('TPM2_Unseal'))
    const auth = computePolicyDigest('sha256', authValueStep)
    const { runner } = tpm
    expect(await inTrial((handle) => policyCommandCode(runner, handle, 'TPM2_Unseal'))).toEqual(command)
    expect(await inTrial((handle) => policyAuthValue(runner, handle))).toEqual(auth)
    expect(await inTrial((handle) => policyPassword(runner, handle))).toEqual(auth)
    expect(await inTrial((handle) => policyOr(runner, handle, [command, auth]))).toEqual(
      computePolicyDigest('sha256', orStep(command, auth)),
    )
  })
})

describe('a policy', () => {
  test('that a key approved later opens a sealed object, with a session that encrypts', async () => {
    const { runner } = tpm
    const key = await createPrimary(runner, {
      hierarchy: permanentHandles.owner,
      session: passwordSession(),
      template: signingKeyTemplates['ecc-p256'],
    })
    const policyRef = Uint8Array.of(9)
    const authPolicy = computePolicyDigest('sha256', authorizeStep(key.name, policyRef))
    const approvedPolicy = computePolicyDigest('sha256', commandCodeStep('TPM2_Unseal'))
    const digest = digestOf('sha256', concatBytes(approvedPolicy, policyRef))
    const signature = await sign(runner, { key, session: passwordSession(), digest })
    const ticket = await verifySignature(runner, { key, digest, signature })
    await flushContext(runner, key.handle)
    await withSealed(tpm, { authPolicy }, async (item) => {
      const salt = { handle: tpm.srk.handle, expected: tpm.srk.name }
      await using session = await openSession(runner, { type: 'policy', salt })
      const policySession = session.handle
      await policyCommandCode(runner, policySession, 'TPM2_Unseal')
      await policyAuthorize(runner, { policySession, approvedPolicy, policyRef, keyName: key.name, ticket })
      expect(await unseal(runner, { item, session })).toEqual(plain)
      await expect(unseal(runner, { item, session })).rejects.toThrow(
        codeOf('TPM_RESPONSE', { name: 'TPM_RC_POLICY_FAIL', subject: 'session', index: 1 }),
      )
    })
  })

  test('is run with the bare commands, too', async () => {
    const authPolicy = computePolicyDigest('sha256', commandCodeStep('TPM2_Unseal'))
    await withSealed(tpm, { authPolicy }, async (item) => {
      const { handle } = await startAuthSession(tpm.runner, {
        type: 'policy',
        authHash: 'sha256',
        nonceCaller: new Uint8Array(16),
      })
      await policyCommandCode(tpm.runner, handle, 'TPM2_Unseal')
      expect(await unseal(tpm.runner, { item, session: policySession(handle) })).toEqual(plain)
      await flushContext(tpm.runner, handle)
    })
  })
})
