/// <reference path="./node-forge.d.ts" />
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Asn1, Bag, Forge, Pfx } from 'node-forge'
import { equalBytes, SecretBytes } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import { type Certificate, parseCertificate } from './certificate.js'

/** What a PKCS#12 file holds. */
export interface Pkcs12Contents {
  /** PKCS#8 PrivateKeyInfo, DER. The caller wipes it. */
  readonly privateKey: SecretBytes
  /** The certificate of the private key first, then the others as they come. */
  readonly certificates: readonly Certificate[]
}

const maxBytes = 1024 * 1024
/** All key derivations of one file together: forge does a hundred thousand in about a second. */
const maxIterations = 300_000

/**
 * Reads a PKCS#12 file (RFC 7292) with one private key, RSA or elliptic curve, and the certificates with it. The file
 * must have a MAC. node-forge, which reads it, is loaded on the first call.
 * @param password of printable ASCII characters; implementations disagree about others
 * @throws CERTIFICATE_BUNDLE_INVALID when the password is wrong, or the file is damaged, is not PKCS#12, has no or more
 *   than one private key, has no certificate for it, or asks for more than 300,000 iterations
 * @throws ARGUMENT_INVALID for other passwords
 */
export async function readPkcs12(bytes: Uint8Array, password: string | SecretBytes): Promise<Pkcs12Contents> {
  if (bytes.length > maxBytes) fail(`more than ${maxBytes} bytes`)
  const secret = passwordText(password)
  const { default: forge } = await import('node-forge')
  const bags = openBags(forge, bytes, secret)
  const keys = bags.filter(
    ({ type }) => type === forge.pki.oids.keyBag || type === forge.pki.oids.pkcs8ShroudedKeyBag,
  )
  const [keyBag, ...more] = keys
  if (keyBag === undefined || more.length > 0) fail(`${keys.length} private keys, not one`)
  const certificates = bags
    .filter(({ type }) => type === forge.pki.oids.certBag)
    .map((bag, i) => readBag(forge, bag, i))
  const privateKey = SecretBytes.take(
    attempt('a private key that cannot be read', () => keyOf(forge, keyBag)),
  )
  try {
    return { privateKey, certificates: ownFirst(privateKey, certificates) }
  } catch (error) {
    privateKey.wipe()
    throw error
  }
}

function passwordText(password: string | SecretBytes): string {
  const text =
    typeof password === 'string' ? password : password.use((bytes) => Buffer.from(bytes).toString('latin1'))
  if (!/^[ -~]*$/.test(text)) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: 'password',
      reason: 'characters other than printable ASCII',
    })
  }
  return text
}

function openBags(forge: Forge, bytes: Uint8Array, password: string): readonly Bag[] {
  const pfx = attempt('not a PKCS#12 file', () => forge.asn1.fromDer(binary(bytes), false))
  if (!Array.isArray(pfx.value) || pfx.value.length !== 3) fail('not a PKCS#12 file with a MAC')
  const iterations = countIterations(forge, pfx, 0)
  if (iterations > maxIterations) fail(`more than ${maxIterations} iterations of key derivation`)
  return decrypt(forge, pfx, password).safeContents.flatMap((contents) => contents.safeBags)
}

function decrypt(forge: Forge, pfx: Asn1, password: string): Pfx {
  try {
    return forge.pkcs12.pkcs12FromAsn1(pfx, false, password)
  } catch (error) {
    // forge's own text is only looked at: it is not under our control, so none of it is passed on.
    const wrong = error instanceof Error && error.message.includes('MAC could not be verified')
    return fail(wrong ? 'the password is wrong, or the file was altered' : 'a part that cannot be read')
  }
}

const OCTET_STRING = 4
const INTEGER = 2
/** Octet strings in octet strings: PFX, authenticated safe, safe contents, and a level to spare. */
const maxNesting = 4

/**
 * Adds up the iteration counts before any is carried out. MacData, PKCS12PbeParams and PBKDF2-params all have the salt,
 * an OCTET STRING, and then the count; no other structure in a PKCS#12 file has that order.
 */
function countIterations(forge: Forge, node: Asn1, nesting: number): number {
  const octetString = contentOf(node)
  if (octetString !== undefined) {
    const nested = nesting < maxNesting ? tryRead(forge, octetString) : undefined
    return nested === undefined ? 0 : countIterations(forge, nested, nesting + 1)
  }
  if (typeof node.value === 'string') return 0
  const members = node.value
  const own = members.filter((_, i) => isUniversal(members[i - 1], OCTET_STRING)).map(integerOf)
  const below = members.map((member) => countIterations(forge, member, nesting))
  return [...own, ...below].reduce((total, count) => total + count, 0)
}

/** The octets of an OCTET STRING, put together when BER has it in pieces. */
function contentOf(node: Asn1): string | undefined {
  if (!isUniversal(node, OCTET_STRING)) return undefined
  return typeof node.value === 'string'
    ? node.value
    : node.value.map((part) => contentOf(part) ?? '').join('')
}

function isUniversal(node: Asn1 | undefined, type: number): boolean {
  return node?.tagClass === 0 && node.type === type
}

/** The value of an INTEGER, 0 of anything else. */
function integerOf(node: Asn1): number {
  if (!isUniversal(node, INTEGER) || typeof node.value !== 'string') return 0
  return Number(`0x${Buffer.from(node.value, 'latin1').toString('hex') || '0'}`)
}

function tryRead(forge: Forge, bytes: string): Asn1 | undefined {
  try {
    return forge.asn1.fromDer(bytes, false)
  } catch {
    return undefined
  }
}

/** The certificate's bytes go through our own parser, which is the strict one. */
function readBag(forge: Forge, { cert, asn1 }: Bag, index: number): Certificate {
  const der = attempt(`certificate ${index} cannot be read`, () =>
    octets(forge.asn1.toDer(asn1 ?? forge.pki.certificateToAsn1(cert as object)).getBytes()),
  )
  return attempt(`certificate ${index} is not acceptable`, () => parseCertificate(der))
}

function keyOf(forge: Forge, { key, asn1 }: Bag): Uint8Array {
  const info = asn1 ?? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key as object))
  return octets(forge.asn1.toDer(info).getBytes())
}

function ownFirst(privateKey: SecretBytes, certificates: readonly Certificate[]): readonly Certificate[] {
  const spki = attempt('a private key that cannot be loaded', () =>
    privateKey.use((der) =>
      spkiOf(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })),
    ),
  )
  const own = certificates.find((certificate) => equalBytes(certificate.publicKey.spki, spki))
  if (own === undefined) fail('no certificate for the private key')
  return [own, ...certificates.filter((certificate) => certificate !== own)]
}

function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' })
}

/** Nothing of what a library says about secret contents leaves this file; only our own findings go on. */
function attempt<T>(reason: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isTrustholdError(error, 'CERTIFICATE_INVALID')) return fail(`${reason}: ${error.message}`)
    return fail(reason)
  }
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

function fail(reason: string): never {
  throw new TrustholdError('CERTIFICATE_BUNDLE_INVALID', { format: 'PKCS#12', reason })
}
