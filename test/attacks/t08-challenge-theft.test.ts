import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challengeIn, ForgedHost } from './forged-host.js'
import { createRig, type Rig, refusedBy, send } from './rig.js'

let rig: Rig
let other: ForgedHost
beforeAll(async () => {
  rig = await createRig()
  other = new ForgedHost()
  await rig.authority.attestation.endorsementKeys.create('other', { publicArea: other.endorsementKey.area })
})
afterAll(() => rig.close())

describe('T-08 what was made for host A is of no use to host B', () => {
  test("B cannot open A's credential", async () => {
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    expect(() => other.answer(challenge)).toThrow(/does not open/)
  })

  test("B cannot answer A's challenge with a quote of its own", async () => {
    const forA = challengeIn(await send(rig, rig.host.hello()))
    const forB = challengeIn(await send(rig, other.hello()))
    const answer = other.answer({ ...forB, state: forA.state })
    expect(await refusedBy(send(rig, answer))).toEqual(['challenge.identity'])
  })

  test("B cannot pass off its quote under A's identity", async () => {
    const forA = challengeIn(await send(rig, rig.host.hello()))
    const forB = challengeIn(await send(rig, other.hello()))
    const answer = { ...other.answer({ ...forB, state: forA.state }), identity: rig.host.identity }
    expect(await refusedBy(send(rig, answer))).toContain('quote.signature')
  })

  test('a challenge of one authority means nothing to another', async () => {
    const elsewhere = await createRig()
    await elsewhere.authority.attestation.endorsementKeys.create('host', {
      publicArea: rig.host.endorsementKey.area,
    })
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    expect(await refusedBy(send(elsewhere, rig.host.answer(challenge)))).toEqual(['challenge.authentic'])
    await elsewhere.close()
  })

  test('a state with any byte changed is not taken', async () => {
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    for (let i = 0; i < challenge.state.length; i += 7) {
      const state = challenge.state.with(i, (challenge.state[i] ?? 0) ^ 0x80)
      expect(await refusedBy(send(rig, rig.host.answer({ ...challenge, state })))).toEqual([
        'challenge.authentic',
      ])
    }
  })

  test('what anyone could answer in its name leaves no record, what its TPM signed does', async () => {
    const count = async (): Promise<number> => (await rig.storage.audit.read(1, 1_000)).length
    const before = await count()
    await refusedBy(rig.attest({ signer: other.attestationKey.privateKey }))
    expect(await count()).toBe(before)
    await refusedBy(rig.attest({ pcr: (_, pcr, honest) => (pcr === 4 ? new Uint8Array(32) : honest) }))
    expect(await count()).toBe(before + 1)
  })

  test('an expired challenge is refused, to the millisecond', async () => {
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    rig.clock.advance(Number(challenge.expiresAt) - rig.clock.now())
    expect(await refusedBy(send(rig, rig.host.answer(challenge)))).toEqual(['challenge.fresh'])
  })

  test('an endorsement that is taken back between the legs counts no more', async () => {
    const challenge = challengeIn(await send(rig, other.hello()))
    await rig.authority.attestation.endorsementKeys.delete('other')
    expect(await refusedBy(send(rig, other.answer(challenge)))).toEqual(['endorsement.current'])
  })

  test('a base image that is taken back between the legs counts no more', async () => {
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    await rig.authority.attestation.baseImages.delete('approved')
    expect(await refusedBy(send(rig, rig.host.answer(challenge)))).toEqual(['policy.base-image'])
  })
})
