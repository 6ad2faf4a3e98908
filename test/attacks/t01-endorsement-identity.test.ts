import { decode } from '@trusthold/core/codec'
import { tpmtPublic } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { loadRecording } from '../recordings/load.js'
import { challengeIn, ForgedHost } from './forged-host.js'
import { createRig, refusedBy, send } from './rig.js'

const recording = loadRecording('swtpm')
const pem = (der: Uint8Array): Uint8Array =>
  new TextEncoder().encode(
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`,
  )

/** The three places where an endorsement key is named, and whose key stands there. */
const matrix = [
  { certificate: 'ours', publicArea: 'ours', registered: 'ours', refused: [] },
  { certificate: 'theirs', publicArea: 'ours', registered: 'ours', refused: ['endorsement.certificate'] },
  {
    certificate: 'ours',
    publicArea: 'theirs',
    registered: 'ours',
    refused: ['endorsement.certificate', 'endorsement.registered'],
  },
  { certificate: 'theirs', publicArea: 'theirs', registered: 'ours', refused: ['endorsement.registered'] },
  { certificate: 'ours', publicArea: 'ours', registered: 'theirs', refused: ['endorsement.registered'] },
  { certificate: 'none', publicArea: 'ours', registered: 'ours', refused: ['endorsement.certificate'] },
] as const

describe('T-01 the endorsement key is one and the same wherever it is named', () => {
  test.each(matrix)(
    'certificate $certificate, public area $publicArea, registered $registered',
    async ({ certificate, publicArea, registered, refused }) => {
      const rig = await createRig()
      const { attestation } = rig.authority
      await attestation.settings.update({ requireCertificateValidation: true, requireEndorsementKeys: true })
      await attestation.caCertificates.create(
        'vendor',
        new Uint8Array([...pem(recording.ca.root), ...pem(recording.ca.issuer)]),
      )
      rig.clock.advance(Date.now() - rig.clock.now())
      const ours = recording.endorsementKeys['rsa-2048']
      const theirs = recording.endorsementKeys['ecc-p256']
      const pick = { ours, theirs }
      await attestation.endorsementKeys.create('host', {
        publicArea: decode(tpmtPublic, pick[registered].publicArea),
      })
      const attestationKey = new ForgedHost().hello()
      const hello = {
        ...attestationKey,
        identity: {
          endorsementKey: pick[publicArea].publicArea,
          ...(certificate === 'none' ? {} : { certificate: pick[certificate].certificate }),
        },
      }
      expect(await refusedBy(send(rig, hello))).toEqual(refused)
      await rig.close()
    },
  )

  test('the second leg with another endorsement key than the first is refused', async () => {
    const rig = await createRig()
    const other = new ForgedHost()
    await rig.authority.attestation.endorsementKeys.create('other', { publicArea: other.endorsementKey.area })
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    const answer = { ...rig.host.answer(challenge), identity: other.identity }
    expect(await refusedBy(send(rig, answer))).toEqual(['challenge.identity'])
    await rig.close()
  })

  test('a key that is not an endorsement key is refused, registered or not', async () => {
    const rig = await createRig()
    const hello = { ...rig.host.hello(), identity: { endorsementKey: rig.host.attestationKey.publicArea } }
    expect(await refusedBy(send(rig, hello))).toContain('endorsement.key')
    await rig.close()
  })
})
