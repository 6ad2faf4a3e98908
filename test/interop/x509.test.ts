/**
 * Certificates and paths against OpenSSL: what our path validation accepts, `openssl verify` accepts, and what we refuse
 * beyond OpenSSL, we refuse for a reason that is listed here.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEkCertificate, proveEkCertificate } from '@trusthold/core/endorsement'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import {
  buildPath,
  indexCertificates,
  parseCertificate,
  readCertificates,
  readPkcs12,
} from '@trusthold/core/x509'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificates, password } from '../../scripts/record-certificates.mjs'
import {
  authorityKeyId,
  basicConstraints,
  commonName,
  ecKeys,
  extension,
  type KeyPair,
  keyIdOf,
  keyUsage,
  makeCertificate,
  now,
  rsaKeys,
  subjectKeyId,
} from '../certificates/certificate-builder.js'
import { nothing, text } from '../certificates/der-writer.js'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const hasSwtpm = spawnSync('swtpm_localca', ['--help']).status === 0

let work: string
const at = (name: string) => join(work, name)
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'trusthold-x509-'))
  if (hasOpenssl && hasSwtpm) await makeCertificates(work)
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const pemOf = (der: Uint8Array) => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

interface Chain {
  readonly leaf: Uint8Array
  readonly intermediates: readonly Uint8Array[]
  readonly root: Uint8Array
}

function opensslReason({ leaf, intermediates, root }: Chain): string {
  writeFileSync(at('t-root.pem'), pemOf(root))
  writeFileSync(at('t-untrusted.pem'), intermediates.map(pemOf).join(''))
  writeFileSync(at('t-leaf.pem'), pemOf(leaf))
  const untrusted = intermediates.length === 0 ? [] : ['-untrusted', at('t-untrusted.pem')]
  const when = ['-attime', String(Math.floor(now / 1000))]
  const trust = ['-CAfile', at('t-root.pem'), '-no-CApath', '-no-CAstore']
  const args = [
    'verify',
    '-x509_strict',
    '-purpose',
    'any',
    ...when,
    ...trust,
    ...untrusted,
    at('t-leaf.pem'),
  ]
  const { status, stderr } = spawnSync('openssl', args)
  const said = stderr.toString()
  // Only a verdict counts: a file that openssl cannot load would pass for a refusal.
  if (status !== 0 && !said.includes('verification failed')) throw new Error(said)
  return status === 0 ? 'accepted' : said
}

async function ourReason({ leaf, intermediates, root }: Chain): Promise<string> {
  try {
    await buildPath(parseCertificate(leaf), {
      anchors: indexCertificates([parseCertificate(root)]),
      intermediates: intermediates.map((der) => parseCertificate(der)),
      at: now,
    })
    return 'accepted'
  } catch (error) {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    return describeError(error)
  }
}

/** Keys are costly to make and of no interest: one of each kind for each place. */
const keyPools: readonly (readonly KeyPair[])[] = [0, 1, 2, 3].map(() => [
  ecKeys(),
  ecKeys('P-384'),
  rsaKeys(2048),
])

/** One certificate of a chain; every flaw is rare, so that most chains have one or none. */
const rarely = fc.nat(24).map((n) => n === 0)
const link = fc.record({
  kind: fc.nat(2),
  hash: fc.constantFrom('sha256', 'sha384', 'sha512'),
  noCa: rarely,
  noCertSign: rarely,
  pathLength: fc.option(fc.nat(2), { freq: 3 }),
  expired: rarely,
  future: rarely,
  critical: rarely,
  wrongSigner: rarely,
  wrongKeyId: rarely,
  wrongIssuer: rarely,
})
type Link = typeof link extends fc.Arbitrary<infer T> ? T : never

function certificateOf(own: Link, index: number, depth: number, parent: Link): Uint8Array {
  const keysAt = (place: number, of: Link) => keyPools[place % 4]?.[of.kind] as KeyPair
  const isRoot = index === depth
  const keys = keysAt(index, own)
  const parentKeys = isRoot ? keys : keysAt(index + 1, parent)
  const signer =
    own.wrongSigner && !isRoot ? (keyPools[(index + 2) % 4]?.[parent.kind] as KeyPair) : parentKeys
  const isCa = index > 0
  const parentName = commonName(own.wrongIssuer && !isRoot ? 'nobody' : `c${isRoot ? index : index + 1}`)
  return makeCertificate({
    keys,
    issuerKeys: signer,
    signing: { hash: own.hash },
    subject: commonName(`c${index}`),
    issuer: parentName,
    ...(own.expired && { notAfter: text('250101000000Z', 0x17) }),
    ...(own.future && { notBefore: text('300101000000Z', 0x17) }),
    extensions: [
      basicConstraints(isCa && !own.noCa, isCa && !own.noCa ? (own.pathLength ?? undefined) : undefined),
      keyUsage(...(isCa && !own.noCertSign && !own.noCa ? [5, 6] : [0])),
      subjectKeyId(keyIdOf(keys)),
      authorityKeyId(own.wrongKeyId && !isRoot ? Uint8Array.of(1) : keyIdOf(parentKeys)),
      ...(own.critical ? [extension('1.2.3.4', nothing, true)] : []),
    ],
  })
}

function chainOf(links: readonly Link[]): Chain {
  const depth = links.length - 1
  const ders = links.map((own, i) => certificateOf(own, i, depth, links[i + 1] ?? own))
  const [leaf, root] = [ders[0], ders.at(-1)]
  if (leaf === undefined || root === undefined) throw new Error('a chain of two or more expected')
  return { leaf, intermediates: ders.slice(1, -1), root }
}

describe.runIf(hasOpenssl)('paths and openssl verify', () => {
  it('come to the same verdict on random chains', async () => {
    const counts = { accepted: 0, refused: 0 }
    const property = fc.asyncProperty(fc.array(link, { minLength: 2, maxLength: 5 }), async (links) => {
      const chain = chainOf(links)
      const [ours, theirs] = [await ourReason(chain), opensslReason(chain)]
      counts[ours === 'accepted' ? 'accepted' : 'refused']++
      expect(theirs === 'accepted', `ours: ${ours}; theirs: ${theirs}`).toBe(ours === 'accepted')
    })
    await fc.assert(property, { numRuns: 100, endOnFailure: true })
    // Chains of one verdict only would compare nothing.
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(10)
  })
})

describe.runIf(hasOpenssl && hasSwtpm)('what openssl and swtpm_localca write today', () => {
  const read = (name: string) => readCertificates(readFileSync(at(name)))

  it('the chains hold', async () => {
    const anchors = indexCertificates([...read('root.pem'), ...read('brainpool-root.pem')])
    for (const name of ['leaf', 'leaf-rsa', 'leaf-pss', 'brainpool-leaf']) {
      const [leaf] = read(`${name}.pem`)
      if (leaf === undefined) throw new Error('no leaf')
      const path = await buildPath(leaf, { anchors, intermediates: read('middle.pem'), at: Date.now() })
      expect(path.certificates.length).toBeGreaterThan(1)
    }
  })

  it('subject, serial number and fingerprint read the same', () => {
    for (const name of ['root', 'middle', 'leaf', 'leaf-pss', 'brainpool-leaf']) {
      const [certificate] = read(`${name}.pem`)
      const args = ['x509', '-in', at(`${name}.pem`), '-noout', '-serial', '-fingerprint', '-sha256']
      const shown = execFileSync('openssl', [...args, '-subject', '-nameopt', 'RFC2253']).toString()
      const value = (field: RegExp) => field.exec(shown)?.[1]?.replaceAll(':', '').toLowerCase()
      expect(value(/serial=(.*)/)?.replace(/^0+/, '')).toBe(certificate?.serial)
      expect(value(/Fingerprint=(.*)/)).toBe(certificate?.fingerprint)
      expect(/subject=(.*)/.exec(shown)?.[1]).toBe(certificate?.subject.text)
    }
  })

  it('the bundles open', async () => {
    expect(read('bundle.p7b')).toHaveLength(3)
    expect(read('bundle.p7b.pem')).toHaveLength(3)
    for (const [name, count] of [
      ['rsa', 3],
      ['ec', 3],
      ['legacy', 1],
    ] as const) {
      const { certificates, privateKey } = await readPkcs12(readFileSync(at(`${name}.p12`)), password)
      expect(certificates).toHaveLength(count)
      privateKey.wipe()
    }
  })

  it('EK certificates are of the profile and chain to their root', async () => {
    const [root, ...intermediates] = read('ek-ca.pem')
    if (root === undefined) throw new Error('no root')
    const anchors = indexCertificates([root])
    for (const name of ['rsa', 'p256', 'p384']) {
      const ek = parseEkCertificate(readFileSync(at(`ek-${name}.der`)))
      expect((await proveEkCertificate(ek, { anchors, intermediates, at: Date.now() })).anchor.der).toEqual(
        root.der,
      )
    }
  })
})
