import { fromBase64url, fromHex } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { type EccPublic, ekTemplates, type RsaPublic, tpmtPublic } from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { loadRecording } from '../../../../test/recordings/load.js'
import { vendorCertificateUrl } from '../../src/tpm/vendor-urls.js'

const intel = 0x494e_5443
const amd = 0x414d_4400
const modulus = Uint8Array.from({ length: 256 }, (_, i) => (i * 7 + 129) & 0xff)
const rsa = { ...ekTemplates['L-1'].publicArea, unique: modulus } as RsaPublic
const ecc = {
  ...ekTemplates['L-2'].publicArea,
  unique: { x: new Uint8Array(32).fill(0x11), y: new Uint8Array(32).fill(0x22) },
} as EccPublic
const withExponent = (exponent: number): RsaPublic => ({
  ...rsa,
  parameters: { ...rsa.parameters, exponent },
})

describe('addresses of endorsement certificates', () => {
  // The digests were computed by Python's hashlib.
  test('are those that tpm2_getekcertificate asks', () => {
    expect(vendorCertificateUrl(intel, rsa)).toBe(
      'https://ekop.intel.com/ekcertservice/BgeO29lpfrGUMA3-Pv2OUYSfY3hzqf0e9ZgbFpQmVaI%3D',
    )
    expect(vendorCertificateUrl(intel, ecc)).toBe(
      'https://ekop.intel.com/ekcertservice/UYnHfSn-XVRqBF7EaYaFJ4X-pcE6x9qcEV_1-27fgXw%3D',
    )
    expect(vendorCertificateUrl(amd, rsa)).toBe(
      'https://ftpm.amd.com/pki/aia/63e6eddd7fd94c7c2acb8bd79db72291',
    )
    expect(vendorCertificateUrl(amd, ecc)).toBe(
      'https://ftpm.amd.com/pki/aia/01039c624fff6a5300cf7fc4c26b8138',
    )
  })

  test('a default exponent is the same whether it is written out or not', () => {
    for (const vendor of [intel, amd]) {
      expect(vendorCertificateUrl(vendor, withExponent(65_537))).toBe(vendorCertificateUrl(vendor, rsa))
    }
    expect(vendorCertificateUrl(intel, withExponent(3))).toBeUndefined()
    expect(vendorCertificateUrl(amd, withExponent(3))).not.toBe(vendorCertificateUrl(amd, rsa))
  })

  test('other vendors have none', () => {
    for (const vendor of [0, 0x4946_5800, 0x5354_4d20]) {
      expect(vendorCertificateUrl(vendor, rsa)).toBeUndefined()
    }
  })

  test('name the whole digest, or half of it', () => {
    const { endorsementKeys } = loadRecording('swtpm')
    const recorded = decode(tpmtPublic, endorsementKeys['rsa-2048'].publicArea) as RsaPublic
    const intelPart = new URL(vendorCertificateUrl(intel, recorded) ?? '').pathname.split('/').at(-1) ?? ''
    expect(fromBase64url(decodeURIComponent(intelPart).replace('=', ''))).toHaveLength(32)
    expect(fromHex(vendorCertificateUrl(amd, recorded)?.split('/').at(-1) ?? '')).toHaveLength(16)
  })
})
