import { verifyQuote } from '@trusthold/core/evidence'
import { parseEventLog } from '@trusthold/core/measured-boot'
import { BaseImageIndex } from '@trusthold/core/policy'
import { describe, expect, test } from 'vitest'
import { approvedImage, bootLog, bootPcrs } from './approved-boot.js'
import { challengeIn, ForgedHost } from './forged-host.js'
import { createRig, refusedBy, send } from './rig.js'

describe('T-11 the event log is judged only on PCRs that the quote covers', () => {
  test('an image that names a PCR which is not quoted never matches', () => {
    const index = new BaseImageIndex()
    index.add(approvedImage('wide', 'sha256', [0, 4, 7, 8]))
    const quoted = new Map([0, 4, 7].map((pcr) => [pcr, bootPcrs('sha256').get(pcr) ?? new Uint8Array()]))
    const match = index.match({ bank: 'sha256', values: quoted }, parseEventLog(bootLog()))
    expect(match.matched).toBe(false)
  })

  test('Secure Boot is not a fact when PCR 7 is not quoted, whatever the log says of it', async () => {
    const rig = await createRig()
    const { baseImages } = rig.authority.attestation
    await baseImages.delete('approved')
    await baseImages.create(approvedImage('without PCR 7', 'sha256', [0, 2, 4]))
    const result = await rig.attest()
    if (!result.attested) throw new Error('it was not attested')
    const [document] = result.documents
    const payload = JSON.parse(
      Buffer.from(document?.token.split('.')[1] ?? '', 'base64url').toString(),
    ) as object
    expect(payload).not.toHaveProperty('oemboot')
    await rig.close()
  })

  test('with PCR 7 quoted it is', async () => {
    const rig = await createRig()
    const result = await rig.attest()
    if (!result.attested) throw new Error('it was not attested')
    const payload = JSON.parse(
      Buffer.from(result.documents[0]?.token.split('.')[1] ?? '', 'base64url').toString(),
    ) as object
    expect(payload).toHaveProperty('oemboot', true)
    await rig.close()
  })

  test('a log of another boot is refused for the quoted PCRs that differ', async () => {
    const rig = await createRig()
    const { loadBoot } = await import('../recordings/load.js')
    const { eventLog } = loadBoot('boot-debug')
    const refused = await refusedBy(rig.attest({ evidence: (honest) => ({ ...honest, eventLog }) }))
    expect(refused).toEqual(['event-log.replay'])
    await rig.close()
  })

  test('an empty log explains nothing', async () => {
    const rig = await createRig()
    const refused = await refusedBy(
      rig.attest({ evidence: (honest) => ({ ...honest, eventLog: new Uint8Array() }) }),
    )
    expect(refused).toEqual(['event-log.structure'])
    await rig.close()
  })

  test('without PCR values the log itself has to give the quoted digest', async () => {
    const rig = await createRig()
    const host = new ForgedHost()
    await rig.authority.attestation.endorsementKeys.create('host', { publicArea: host.endorsementKey.area })
    const challenge = challengeIn(await send(rig, host.hello()))
    let nonce = new Uint8Array()
    let message = new Uint8Array()
    let signature = new Uint8Array()
    host.answer(challenge, {
      nonce: (honest) => {
        nonce = Uint8Array.from(honest)
        return honest
      },
      evidence: (honest) => {
        message = Uint8Array.from(honest.message)
        signature = Uint8Array.from(honest.signature)
        return honest
      },
    })
    const attestationKey = host.attestationKey.publicArea
    expect(verifyQuote({ message, signature, attestationKey, nonce, eventLog: bootLog() }).trusted).toBe(true)
    const { loadBoot } = await import('../recordings/load.js')
    const other = verifyQuote({
      message,
      signature,
      attestationKey,
      nonce,
      eventLog: loadBoot('boot-debug').eventLog,
    })
    expect(other).toMatchObject({ trusted: false, failures: [{ check: 'quote.pcr-digest' }] })
    await rig.close()
  })
})
