// Makes certificates of any shape, signed by node:crypto.
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
  set,
  text,
  time,
} from './der-writer.js'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export const ecKeys = (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve })
export const rsaKeys = (modulusLength = 2048, publicExponent = 65537): KeyPair =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })

export const spkiOf = (keys: KeyPair): Uint8Array =>
  Uint8Array.from(
    createPublicKey(keys.publicKey.export({ format: 'pem', type: 'spki' })).export({
      format: 'der',
      type: 'spki',
    }),
  )

export const commonName = (value: string, tag = 0x0c): Uint8Array =>
  sequence(set(sequence(oid('2.5.4.3'), text(value, tag))))
export const noName = sequence()

const algorithmOids: Readonly<Record<string, string>> = {
  'rsa-sha1': '1.2.840.113549.1.1.5',
  'rsa-md5': '1.2.840.113549.1.1.4',
  'rsa-sha256': '1.2.840.113549.1.1.11',
  'rsa-sha384': '1.2.840.113549.1.1.12',
  'rsa-sha512': '1.2.840.113549.1.1.13',
  'ec-sha1': '1.2.840.10045.4.1',
  'ec-sha256': '1.2.840.10045.4.3.2',
  'ec-sha384': '1.2.840.10045.4.3.3',
  'ec-sha512': '1.2.840.10045.4.3.4',
}
const hashOids: Readonly<Record<string, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

export function pssAlgorithm(hash: string, saltLength: number, maskHash = hash): Uint8Array {
  const hashId = (name: string) => sequence(oid(hashOids[name] ?? ''), nothing)
  return sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      explicit(0, hashId(hash)),
      explicit(1, sequence(oid('1.2.840.113549.1.1.8'), hashId(maskHash))),
      explicit(2, integer(saltLength)),
    ),
  )
}

/** How to sign: hash, and salt length for PSS. */
export interface Signing {
  readonly hash: string
  readonly saltLength?: number
  /** AlgorithmIdentifier to write instead of the one that fits. */
  readonly algorithm?: Uint8Array
}

function algorithmOf(key: KeyObject, { hash, saltLength, algorithm }: Signing): Uint8Array {
  if (algorithm !== undefined) return algorithm
  if (saltLength !== undefined) return pssAlgorithm(hash, saltLength)
  const family = key.asymmetricKeyType === 'ec' ? 'ec' : 'rsa'
  return sequence(oid(algorithmOids[`${family}-${hash}`] ?? ''), ...(family === 'rsa' ? [nothing] : []))
}

function signWith(key: KeyObject, { hash, saltLength }: Signing, data: Uint8Array): Uint8Array {
  const padding = saltLength === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  return sign(hash, data, { key, ...padding })
}

export const extension = (id: string, value: Uint8Array, critical = false): Uint8Array =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))

export function basicConstraints(ca: boolean, pathLength?: number): Uint8Array {
  const length = pathLength === undefined ? [] : [integer(pathLength)]
  return extension('2.5.29.19', sequence(...(ca ? [boolean(true)] : []), ...length), true)
}

/** KeyUsage from bit numbers. */
export function keyUsage(...bits: readonly number[]): Uint8Array {
  const width = Math.max(...bits) + 1
  const octets = new Uint8Array(Math.ceil(width / 8))
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return extension('2.5.29.15', bitString(octets, octets.length * 8 - width), true)
}

export const extendedKeyUsage = (usages: readonly string[], critical = false): Uint8Array =>
  extension('2.5.29.37', sequence(...usages.map(oid)), critical)
export const keyIdOf = (keys: KeyPair): Uint8Array =>
  Uint8Array.from(createHash('sha1').update(spkiOf(keys)).digest())
export const subjectKeyId = (id: Uint8Array): Uint8Array => extension('2.5.29.14', octetString(id))
export const authorityKeyId = (id: Uint8Array): Uint8Array =>
  extension('2.5.29.35', sequence(implicit(0, id)))

export interface CertificateShape {
  readonly subject?: Uint8Array
  readonly issuer?: Uint8Array
  readonly spki?: Uint8Array
  readonly keys?: KeyPair
  readonly issuerKeys?: KeyPair
  readonly signing?: Signing
  readonly version?: Uint8Array
  readonly serial?: Uint8Array
  readonly notBefore?: Uint8Array
  readonly notAfter?: Uint8Array
  /** Undefined writes none. */
  readonly extensions?: readonly Uint8Array[] | undefined
  /** AlgorithmIdentifier outside, when it is to differ from the one inside. */
  readonly outerAlgorithm?: Uint8Array
  /** Written behind the extensions, inside TBSCertificate. */
  readonly extra?: Uint8Array
}

export const start = new Date('2024-01-01T00:00:00Z')
export const end = new Date('2044-01-01T00:00:00Z')
/** A moment between. */
export const now = Date.parse('2026-06-01T12:00:00Z')

/** DER of a certificate of this shape. */
export function makeCertificate(shape: CertificateShape = {}): Uint8Array {
  const keys = shape.keys ?? sharedKeys
  const issuerKeys = shape.issuerKeys ?? keys
  const signing = shape.signing ?? { hash: 'sha256' }
  const algorithm = algorithmOf(issuerKeys.privateKey, signing)
  const { extensions = [] } = shape
  const tbs = sequence(
    shape.version ?? explicit(0, integer(2)),
    shape.serial ?? integer(0x1234),
    algorithm,
    shape.issuer ?? commonName('test'),
    sequence(shape.notBefore ?? time(start), shape.notAfter ?? time(end)),
    shape.subject ?? commonName('test'),
    shape.spki ?? spkiOf(keys),
    ...(extensions.length === 0 ? [] : [explicit(3, sequence(...extensions))]),
    ...(shape.extra === undefined ? [] : [shape.extra]),
  )
  const signature = signWith(issuerKeys.privateKey, signing, tbs)
  return sequence(tbs, shape.outerAlgorithm ?? algorithm, bitString(signature))
}

/** One key pair for all certificates whose key does not matter. */
export const sharedKeys = ecKeys()

/** A CA that issues: its own certificate, and certificates below it. */
export interface TestCa {
  readonly der: Uint8Array
  readonly keys: KeyPair
  readonly name: Uint8Array
  issue(shape: CertificateShape): Uint8Array
}

/** Makes a CA, self-signed or below another. */
export function makeCa(
  label: string,
  parent?: TestCa,
  shape: CertificateShape & { pathLength?: number } = {},
): TestCa {
  const keys = shape.keys ?? ecKeys()
  const name = shape.subject ?? commonName(label)
  const issuerKeys = parent?.keys ?? keys
  const extensions = shape.extensions ?? [
    basicConstraints(true, shape.pathLength),
    keyUsage(5, 6),
    subjectKeyId(keyIdOf(keys)),
    authorityKeyId(keyIdOf(issuerKeys)),
  ]
  const der = makeCertificate({
    ...shape,
    keys,
    issuerKeys,
    subject: name,
    issuer: parent?.name ?? name,
    extensions,
  })
  const issue = (child: CertificateShape) =>
    makeCertificate({
      subject: commonName('leaf'),
      extensions: [basicConstraints(false), authorityKeyId(keyIdOf(keys))],
      ...child,
      issuer: child.issuer ?? name,
      issuerKeys: child.issuerKeys ?? keys,
    })
  return { der, keys, name, issue }
}

/** The bytes with one of them changed. */
export function flip(bytes: Uint8Array, at: number, mask = 0xff): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ mask
  return changed
}

export const append = (bytes: Uint8Array, ...more: readonly number[]): Uint8Array =>
  concatBytes(bytes, Uint8Array.from(more))
