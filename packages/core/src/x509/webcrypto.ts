import { concatBytes } from '../bytes/index.js'
import { decodeDer } from './asn1.js'
import { unsigned } from './integers.js'
import type { SignatureHash } from './signature-algorithm.js'
import { ecdsaSignatureSyntax } from './syntax.js'

/** A public key as its provider holds it; it never leaves the provider's own calls. */
type ProviderKey = unknown

/** What is used of a WebCrypto implementation. */
export interface WebCryptoLike {
  readonly subtle: {
    importKey(
      format: 'spki',
      keyData: Uint8Array<ArrayBuffer>,
      algorithm: { name: 'ECDSA'; namedCurve: string },
      extractable: boolean,
      usages: 'verify'[],
    ): Promise<ProviderKey>
    verify(
      algorithm: { name: 'ECDSA'; hash: string },
      key: ProviderKey,
      signature: Uint8Array<ArrayBuffer>,
      data: Uint8Array<ArrayBuffer>,
    ): Promise<boolean>
  }
}

const hashNames: Readonly<Record<SignatureHash, string>> = {
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}

/** Bytes of a coordinate of the curves that are verified here. */
const brainpoolBytes = { brainpoolP256r1: 32, brainpoolP384r1: 48, brainpoolP512r1: 64 } as const

/** The curves that are verified by WebCrypto. */
export type BrainpoolCurve = keyof typeof brainpoolBytes

/** Whether a curve is verified by WebCrypto and not by node:crypto. */
export function isBrainpool(curve: string): curve is BrainpoolCurve {
  return Object.hasOwn(brainpoolBytes, curve)
}

/** What {@link verifyByWebCrypto} takes. */
export interface WebCryptoVerification {
  readonly spki: Uint8Array
  readonly curve: BrainpoolCurve
  readonly hash: SignatureHash
  readonly data: Uint8Array
  /** ECDSA-Sig-Value, DER. */
  readonly signature: Uint8Array
}

/**
 * Verifies an ECDSA signature with a WebCrypto implementation: the one crossing to it, by SubjectPublicKeyInfo in and
 * a boolean out, since its keys are no use to anyone else.
 * @param provider @peculiar/webcrypto, loaded on first use, when left out
 */
export async function verifyByWebCrypto(
  { spki, curve, hash, data, signature }: WebCryptoVerification,
  provider?: WebCryptoLike,
): Promise<boolean> {
  const fixed = fixedWidthSignature(signature, brainpoolBytes[curve])
  if (fixed === undefined) return false
  const { subtle } = provider ?? (await loadProvider())
  const algorithm = { name: 'ECDSA', namedCurve: curve } as const
  const key = await subtle.importKey('spki', Uint8Array.from(spki), algorithm, false, ['verify'])
  const how = { name: 'ECDSA', hash: hashNames[hash] } as const
  return (await subtle.verify(how, key, fixed, Uint8Array.from(data))) === true
}

async function loadProvider(): Promise<WebCryptoLike> {
  const { Crypto } = await import('@peculiar/webcrypto')
  return new Crypto() as WebCryptoLike
}

/** `r || s` of a strict ECDSA-Sig-Value (RFC 3279 section 2.2.3), undefined when a number is too long. */
function fixedWidthSignature(signature: Uint8Array, width: number): Uint8Array<ArrayBuffer> | undefined {
  const { r, s } = decodeDer(signature, ecdsaSignatureSyntax, 'signatureValue')
  const numbers = [r, s].map((number) => unsigned(number, 'signatureValue'))
  const parts = numbers.map((n) => Buffer.from(n.toString(16).padStart(2 * width, '0'), 'hex'))
  return parts.every((part) => part.length === width) ? Uint8Array.from(concatBytes(...parts)) : undefined
}
