import { createHash } from 'node:crypto'
import { toBase64url, toHex } from '@trusthold/core/bytes'
import type { EccPublic, RsaPublic } from '@trusthold/core/tpm2'

/** TPM_PT_MANUFACTURER of vendors that hand out certificates of endorsement keys. TCG Vendor ID Registry. */
const intel = 0x494e_5443
const amd = 0x414d_4400

const defaultExponent = 65_537

/** The exponent as it is in the public area, 0 meaning the default. */
const exponentOf = ({ parameters }: RsaPublic): number => parameters.exponent || defaultExponent

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** Modulus and exponent 01 00 01, or both coordinates. Other exponents have no address. */
function intelDigest(key: RsaPublic | EccPublic): Uint8Array | undefined {
  if (key.type === 'ecc') return sha256(key.unique.x, key.unique.y)
  return exponentOf(key) === defaultExponent ? sha256(key.unique, Uint8Array.of(1, 0, 1)) : undefined
}

/** A number for the kind of key; exponent in four bytes and modulus, or both coordinates. */
function amdDigest(key: RsaPublic | EccPublic): Uint8Array {
  if (key.type === 'ecc') return sha256(Uint8Array.of(0, 0, 0x44, 0x44), key.unique.x, key.unique.y)
  const head = new Uint8Array(8)
  const view = new DataView(head.buffer)
  view.setUint32(0, 0x2222)
  view.setUint32(4, exponentOf(key))
  return sha256(head, key.unique)
}

/**
 * Where the vendor of a TPM hands out the certificate of an endorsement key, by the digest of the key: Intel and AMD,
 * whose TPMs are in the processor, do. The address names the key, so whoever fetches from it tells the vendor which
 * machine asks; nothing here fetches it. The forms are those of tpm2_getekcertificate, which fetches from both.
 * @param manufacturer TPM_PT_MANUFACTURER
 */
export function vendorCertificateUrl(manufacturer: number, key: RsaPublic | EccPublic): string | undefined {
  if (manufacturer === amd) {
    return `https://ftpm.amd.com/pki/aia/${toHex(amdDigest(key)).slice(0, 32)}`
  }
  const digest = manufacturer === intel ? intelDigest(key) : undefined
  // Base64url with the padding, which is escaped as in every address.
  return digest && `https://ekop.intel.com/ekcertservice/${toBase64url(digest)}%3D`
}
