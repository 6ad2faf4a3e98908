import { BaseImageIndex, encodeBaseImage } from '@trusthold/core/policy'
import { conclude, skipped } from '@trusthold/core/verdict'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { describe, expect, test } from 'vitest'
import { approvedImage, bootPcrs, imagePcrs } from './approved-boot.js'
import { challengeIn } from './forged-host.js'
import { createRig, refusedBy, send } from './rig.js'

describe('T-27 no policy, an empty policy or no reference values never mean trusted', () => {
  test('without a base image nobody gets a challenge', async () => {
    const rig = await createRig()
    await rig.authority.attestation.baseImages.delete('approved')
    expect(await refusedBy(send(rig, rig.host.hello()))).toEqual(['policy.base-image'])
    await rig.close()
  })

  test('when the last base image goes, a challenge that is out already gets no token', async () => {
    const rig = await createRig()
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    await rig.authority.attestation.baseImages.delete('approved')
    expect(await refusedBy(send(rig, rig.host.answer(challenge)))).toEqual(['policy.base-image'])
    await rig.close()
  })

  test('an empty index matches nothing, not even no values', () => {
    const index = new BaseImageIndex()
    const values = new Map(imagePcrs.map((pcr) => [pcr, bootPcrs('sha256').get(pcr) ?? new Uint8Array()]))
    expect(index.match({ bank: 'sha256', values }).matched).toBe(false)
    expect(index.match({ bank: 'sha256', values: new Map() }).matched).toBe(false)
  })

  test('an image without PCRs cannot be approved', async () => {
    const rig = await createRig()
    const empty = { ...approvedImage('empty'), pcrs: [] }
    await expect(async () => rig.authority.attestation.baseImages.create(empty)).rejects.toMatchObject({
      code: 'BASE_IMAGE_INVALID',
    })
    expect(() => encodeBaseImage(empty)).toThrow()
    await rig.close()
  })

  test('an image that is stored under another name, so that taking it back would miss it, is not loaded', async () => {
    const storage = openMemory()
    await storage.config.put('attestation/base-images/other', encodeBaseImage(approvedImage('approved')))
    await expect(createRig(storage)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    await storage.close()
  })

  test('both endorsement settings off is a configuration that is not taken', async () => {
    const rig = await createRig()
    const { settings } = rig.authority.attestation
    const nothing = settings.update({ requireEndorsementKeys: false, requireCertificateValidation: false })
    await expect(nothing).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    expect(settings.get().requireEndorsementKeys).toBe(true)
    await rig.close()
  })

  test('certificates are asked for and no CA is configured: nobody passes', async () => {
    const rig = await createRig()
    const { settings } = rig.authority.attestation
    await settings.update({ requireCertificateValidation: true, requireEndorsementKeys: false })
    expect(await refusedBy(send(rig, rig.host.hello()))).toEqual(['endorsement.certificate'])
    await rig.close()
  })

  test('nothing checked, and only skipped checks, conclude to a failure', () => {
    expect(conclude([])).toBe('fail')
    expect(conclude([skipped('a', 'not asked for')])).toBe('fail')
  })
})
