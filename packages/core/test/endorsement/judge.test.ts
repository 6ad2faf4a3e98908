import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ecKeys, end, makeCa, now, rsaKeys } from '../../../../test/certificates/certificate-builder.js'
import { text } from '../../../../test/certificates/der-writer.js'
import { decode } from '../../src/codec/index.js'
import { certificateMatches } from '../../src/endorsement/certificate-check.js'
import {
  type EndorsementClaim,
  type EndorsementTrust,
  endorsementKeyId,
  judgeEndorsement,
} from '../../src/endorsement/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { ekTemplates, objectAttributes, type TpmtPublic, tpmtPublic } from '../../src/tpm2/index.js'
import { conclude } from '../../src/verdict/index.js'
import { type Certificate, indexCertificates, parseCertificate } from '../../src/x509/index.js'
import { ekCertificate, publicAreaOf } from './test-tpm.js'

const root = makeCa('vendor root')
const issuing = makeCa('vendor issuing', root)
const stranger = makeCa('vendor root')
const keys = ecKeys()
const publicArea = publicAreaOf(keys, 'L-2')
const other = publicAreaOf(ecKeys(), 'L-2')
const certificate = ekCertificate(issuing, keys)
const intermediates = [issuing.der]
const anchors = indexCertificates([parseCertificate(root.der)])
const foreign = ekCertificate(stranger, keys)
const expired = ekCertificate(issuing, keys, {}, { notAfter: text('250101000000Z', 0x17) })

const both = { requireEndorsementKeys: true, requireCertificateValidation: true }
const onlyKeys = { requireEndorsementKeys: true, requireCertificateValidation: false }
const onlyCertificate = { requireEndorsementKeys: false, requireCertificateValidation: true }
const neither = { requireEndorsementKeys: false, requireCertificateValidation: false }

const registeredAs = (...areas: readonly TpmtPublic[]) => {
  const names = new Map(areas.map((area, i) => [endorsementKeyId(area), `host-${i}`]))
  return {
    find: async (id: string) => {
      const name = names.get(id)
      return name === undefined ? undefined : { name }
    },
  }
}

function judge(claim: Partial<EndorsementClaim>, trust: Partial<EndorsementTrust> = {}) {
  return judgeEndorsement(
    { publicArea, ...claim },
    { settings: both, anchors, registered: registeredAs(publicArea), at: now, ...trust },
  )
}

type Judged = ReturnType<typeof judge>
/** Outcomes of key, certificate and registration, and what they add up to. */
async function outcomes(judged: Judged): Promise<string> {
  const { checks, endorsement } = await judged
  expect(checks.map((check) => check.id)).toEqual([
    'endorsement.key',
    'endorsement.certificate',
    'endorsement.registered',
  ])
  const verdict = conclude(checks)
  expect(endorsement !== undefined).toBe(verdict === 'pass')
  return [...checks.map((check) => check.outcome), verdict].join(' ')
}
const reasonOf = async (judged: Judged, id: string) =>
  (await judged).checks.find((check) => check.id === `endorsement.${id}`)?.reason

describe('judgeEndorsement: the two settings', () => {
  const none = registeredAs()
  const some = registeredAs(publicArea)
  const good = { certificate, intermediates }
  // settings, certificate, registered, expected: key, certificate, registration, verdict
  const table: readonly [typeof both, Partial<EndorsementClaim>, typeof none, string][] = [
    [onlyCertificate, good, none, 'pass pass skipped pass'],
    [onlyCertificate, good, some, 'pass pass skipped pass'],
    [onlyCertificate, {}, none, 'pass fail skipped fail'],
    [onlyCertificate, {}, some, 'pass fail skipped fail'],
    [onlyCertificate, { certificate: foreign }, some, 'pass fail skipped fail'],
    [onlyCertificate, { certificate: expired, intermediates }, some, 'pass fail skipped fail'],
    [onlyKeys, good, none, 'pass skipped fail fail'],
    [onlyKeys, good, some, 'pass skipped pass pass'],
    [onlyKeys, {}, none, 'pass skipped fail fail'],
    [onlyKeys, {}, some, 'pass skipped pass pass'],
    [onlyKeys, { certificate: foreign }, some, 'pass skipped pass pass'],
    [onlyKeys, { certificate: Uint8Array.of(1, 2, 3) }, some, 'pass skipped pass pass'],
    [both, good, none, 'pass pass fail fail'],
    [both, good, some, 'pass pass pass pass'],
    [both, {}, none, 'pass fail fail fail'],
    [both, {}, some, 'pass fail pass fail'],
    [both, { certificate: foreign }, some, 'pass fail pass fail'],
    [both, { certificate: Uint8Array.of(1, 2, 3) }, some, 'pass fail pass fail'],
  ]
  it.each(table)('%j', async (settings, claim, registered, expected) => {
    expect(await outcomes(judge(claim, { settings, registered }))).toBe(expected)
  })

  it('neither is a mistake in the configuration, never "anything goes" (T-27)', async () => {
    const judged = judge(good, { settings: neither })
    await expect(judged).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    const odd = {
      requireEndorsementKeys: undefined,
      requireCertificateValidation: 'yes',
    } as unknown as typeof both
    await expect(judge(good, { settings: odd })).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  })

  it('no configured CA trusts nobody (T-27)', async () => {
    const empty = { settings: onlyCertificate, anchors: indexCertificates([]) }
    expect(await outcomes(judge(good, empty))).toBe('pass fail skipped fail')
    expect(await reasonOf(judge(good, empty), 'certificate')).toBe('no CA is configured')
  })

  it('gives the facts when all that was asked for holds', async () => {
    const { endorsement } = await judge(good)
    expect(endorsement).toEqual({
      keyId: endorsementKeyId(publicArea),
      kind: 'ecc-p256',
      registeredName: 'host-0',
      certificate: {
        fingerprint: parseCertificate(certificate).fingerprint,
        caFingerprint: parseCertificate(root.der).fingerprint,
        caSubject: 'CN=vendor root',
        manufacturer: { id: '49465800', name: 'Infineon' },
        model: 'SLB 9670',
        version: '0755',
        validUntil: end.getTime(),
        extendedKeyUsagePresent: true,
      },
    })
    expect((await judge({}, { settings: onlyKeys })).endorsement).not.toHaveProperty('certificate')
    expect((await judge(good, { settings: onlyKeys })).endorsement).toHaveProperty('certificate')
    expect((await judge(good, { settings: onlyCertificate })).endorsement).not.toHaveProperty(
      'registeredName',
    )
  })

  it('says why', async () => {
    const expiredReason = await reasonOf(judge({ certificate: expired, intermediates }), 'certificate')
    expect(expiredReason).toContain('path[0].notAfter')
    expect(await reasonOf(judge({ certificate }), 'certificate')).toContain('none for CN=vendor issuing')
    expect(await reasonOf(judge({ certificate: foreign }, { settings: onlyKeys }), 'certificate')).toMatch(
      /^certificate validation is not asked for; .*signature|subjectKeyId/,
    )
    expect(await reasonOf(judge({}), 'certificate')).toBe('no EK certificate was presented')
    const unregistered = await reasonOf(judge({}, { registered: registeredAs() }), 'registered')
    expect(unregistered).toContain(endorsementKeyId(publicArea))
  })

  it('a store that is down leaves it undecided; anything else that fails is thrown (T-42)', async () => {
    const failing = (error: Error) => ({
      find: async () => {
        throw error
      },
    })
    const down = failing(
      new TrustholdError('STORE_UNAVAILABLE', { operation: 'get', reason: 'no connection' }),
    )
    expect(await outcomes(judge(good, { registered: down }))).toBe('pass pass unknown unknown')
    expect(await outcomes(judge({ certificate: foreign }, { registered: down }))).toBe(
      'pass fail unknown fail',
    )
    expect(await outcomes(judge(good, { registered: down, settings: onlyCertificate }))).toBe(
      'pass pass skipped pass',
    )
    await expect(judge(good, { registered: failing(new Error('bug')) })).rejects.toThrow('bug')
  })

  it('looks at 16 intermediates, skips what is no certificate, and refuses more (T-32)', async () => {
    const junk = Array.from({ length: 15 }, () => Uint8Array.of(0x30, 0))
    expect(await outcomes(judge({ certificate, intermediates: [...junk, issuing.der] }))).toBe(
      'pass pass pass pass',
    )
    const crowd = { certificate, intermediates: [...junk, ...junk, issuing.der] }
    expect(await outcomes(judge(crowd))).toBe('pass fail pass fail')
  })
})

describe('T-01: public area, certificate and registration are of one key', () => {
  const a = { publicArea, certificate }
  const otherKeys = ecKeys()
  const b = { publicArea: publicAreaOf(otherKeys, 'L-2'), certificate: ekCertificate(issuing, otherKeys) }
  const hosts = { a, b }
  type Host = keyof typeof hosts
  const rows = (['a', 'b'] as const).flatMap((pub) =>
    (['a', 'b'] as const).flatMap((cert) =>
      (['a', 'b'] as const).map((reg): [Host, Host, Host] => [pub, cert, reg]),
    ),
  )
  it.each(rows)('public area of %s, certificate of %s, registration of %s', async (pub, cert, reg) => {
    const claim = { publicArea: hosts[pub].publicArea, certificate: hosts[cert].certificate, intermediates }
    const registered = registeredAs(hosts[reg].publicArea)
    const word = (holds: boolean) => (holds ? 'pass' : 'fail')
    const verdict = word(pub === cert && pub === reg)
    expect(await outcomes(judge(claim, { registered }))).toBe(
      `pass ${word(pub === cert)} ${word(pub === reg)} ${verdict}`,
    )
    const withoutKeys = await outcomes(judge(claim, { registered, settings: onlyCertificate }))
    expect(withoutKeys).toBe(`pass ${word(pub === cert)} skipped ${word(pub === cert)}`)
    // A certificate of another key contradicts the claim even when none was asked for.
    const withoutCertificates = await outcomes(judge(claim, { registered, settings: onlyKeys }))
    expect(withoutCertificates.endsWith(verdict)).toBe(true)
  })

  it('compares numbers, not encodings: RSA', async () => {
    const rsa = rsaKeys()
    const claim = {
      publicArea: publicAreaOf(rsa, 'L-1'),
      certificate: ekCertificate(issuing, rsa),
      intermediates,
    }
    expect(await outcomes(judge(claim, { settings: onlyCertificate }))).toBe('pass pass skipped pass')
    const wrong = { ...claim, publicArea: publicAreaOf(rsaKeys(), 'L-1') }
    expect(await outcomes(judge(wrong, { settings: onlyCertificate }))).toBe('pass fail skipped fail')
  })
})

describe('endorsement.key', () => {
  const withArea = (change: Partial<TpmtPublic>) => ({ ...publicArea, ...change }) as TpmtPublic
  const fails = async (area: TpmtPublic, reason: string) => {
    const judged = judge({ publicArea: area, certificate, intermediates })
    const outcome = await outcomes(judged)
    expect(outcome).toMatch(/^fail fail fail fail$/)
    expect(await reasonOf(judged, 'key')).toContain(reason)
  }

  it.each([
    'fixedTPM',
    'fixedParent',
    'sensitiveDataOrigin',
    'adminWithPolicy',
    'restricted',
    'decrypt',
  ] as const)('needs %s', async (attribute) => {
    await fails(
      withArea({ objectAttributes: { ...publicArea.objectAttributes, [attribute]: false } }),
      attribute,
    )
  })

  it('refuses a key that signs', async () => {
    await fails(withArea({ objectAttributes: { ...publicArea.objectAttributes, sign: true } }), 'sign')
    await fails(withArea({ objectAttributes: objectAttributes('sign', 'restricted') }), 'decrypt')
  })

  it('needs a policy of the profile, of its name algorithm', async () => {
    await fails(withArea({ authPolicy: new Uint8Array() }), 'authPolicy')
    await fails(withArea({ authPolicy: new Uint8Array(32) }), 'authPolicy')
    await fails(withArea({ nameAlg: 'sha1' }), 'nameAlg')
    await fails(withArea({ nameAlg: 'sha384' }), 'authPolicy')
    await fails(withArea({ nameAlg: 'null' }), 'nameAlg')
  })

  it('needs AES and no scheme', async () => {
    const { parameters } = ekTemplates['L-2'].publicArea
    await fails(
      withArea({ parameters: { ...parameters, symmetric: { algorithm: 'null' } } } as Partial<TpmtPublic>),
      'symmetric',
    )
    for (const symmetric of [
      { algorithm: 'aes', keyBits: 64, mode: 'cfb' },
      { algorithm: 'camellia', keyBits: 128, mode: 'cfb' },
      { algorithm: 'aes', keyBits: 128, mode: 'ctr' },
    ]) {
      await fails(withArea({ parameters: { ...parameters, symmetric } } as Partial<TpmtPublic>), 'symmetric')
    }
    const scheme = { scheme: 'ecdh', hashAlg: 'sha256' }
    await fails(withArea({ parameters: { ...parameters, scheme } } as Partial<TpmtPublic>), 'scheme')
  })

  it('needs a strong key that is one', async () => {
    const unique = { x: new Uint8Array(32), y: new Uint8Array(32) }
    await fails(withArea({ unique } as Partial<TpmtPublic>), 'not a point')
    const weak = publicAreaOf(rsaKeys(1024), 'L-1')
    await fails({ ...weak, parameters: { ...weak.parameters, keyBits: 1024 } } as TpmtPublic, '1024 bits')
  })

  it('refuses a hash object', async () => {
    const hash = {
      type: 'keyedhash',
      nameAlg: 'sha256',
      objectAttributes: publicArea.objectAttributes,
      authPolicy: publicArea.authPolicy,
      parameters: { scheme: { scheme: 'null' } },
      unique: new Uint8Array(32),
    } as unknown as TpmtPublic
    await fails(hash, 'keyedhash')
  })

  it.each([
    ['L-1', rsaKeys()],
    ['L-2', ecKeys()],
    ['H-1', rsaKeys()],
    ['H-2', ecKeys()],
    ['H-3', ecKeys('P-384')],
    ['H-4', ecKeys('P-521')],
  ] as const)('passes what template %s makes', async (template, pair) => {
    const area = publicAreaOf(pair, template)
    const registered = registeredAs(area)
    expect(await outcomes(judge({ publicArea: area }, { settings: onlyKeys, registered }))).toBe(
      'pass skipped pass pass',
    )
    expect((await judge({ publicArea: area }, { settings: onlyKeys, registered })).endorsement?.kind).toBe(
      ekTemplates[template].kind,
    )
  })

  it.each(['H-6', 'H-7'] as const)(
    'passes what template %s makes, of a modulus that nobody has to find',
    async (name) => {
      const { publicArea: template, kind } = ekTemplates[name]
      if (template.type !== 'rsa') throw new Error('an RSA template expected')
      const area = { ...template, unique: new Uint8Array(template.parameters.keyBits / 8).fill(0xc5) }
      const trust = { settings: onlyKeys, registered: registeredAs(area) }
      expect((await judge({ publicArea: area }, trust)).endorsement?.kind).toBe(kind)
    },
  )

  it('is of one key only', () => {
    expect(endorsementKeyId(publicArea)).not.toBe(endorsementKeyId(other))
    expect(endorsementKeyId(publicArea)).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a software TPM that was recorded', () => {
  const file = (name: string) =>
    Uint8Array.from(readFileSync(new URL(`../../../../test/recordings/swtpm/${name}`, import.meta.url)))
  const recording = JSON.parse(Buffer.from(file('recording.json')).toString()) as { made: string }
  const at = Date.parse(recording.made) + 86_400_000

  it.each(['rsa-2048', 'ecc-p256', 'ecc-p384'])('%s is believed by its vendor root', async (kind) => {
    const claim = {
      publicArea: decode(tpmtPublic, file(`ek-${kind}.tpmt`)),
      certificate: file(`ek-${kind}.der`),
      intermediates: [file('ca-issuer.der')],
    }
    const trust = {
      settings: onlyCertificate,
      anchors: indexCertificates([parseCertificate(file('ca-root.der'))]),
      at,
    }
    expect(await outcomes(judge(claim, trust))).toBe('pass pass skipped pass')
    expect((await judge(claim, trust)).endorsement).toMatchObject({ kind, certificate: { model: 'swtpm' } })
    const ak = { ...claim, publicArea: decode(tpmtPublic, file('ak-rsa-2048.tpmt')) }
    expect(await outcomes(judge(ak, trust))).toBe('fail fail skipped fail')
  })
})

describe('an error that is no refusal of ours', () => {
  const broken = new Proxy(new Uint8Array(100), {
    get() {
      throw new RangeError('a flaw of the program')
    },
  })

  it('is no verdict on a certificate, an intermediate one, or a public area', async () => {
    await expect(judge({ certificate: broken, intermediates })).rejects.toThrow(RangeError)
    await expect(judge({ certificate, intermediates: [broken] })).rejects.toThrow(RangeError)
    const area = {
      get type(): never {
        throw new RangeError('a flaw of the program')
      },
    } as unknown as TpmtPublic
    await expect(judge({ publicArea: area })).rejects.toThrow(RangeError)
  })

  it('is no answer to whose key a certificate has, but a key that cannot be one is', () => {
    const signing = { publicKey: { kind: 'rsa', restriction: 'pss' } } as unknown as Certificate
    expect(certificateMatches(signing, keys.publicKey)).toBe(false)
    const flawed = {
      get publicKey(): never {
        throw new RangeError('a flaw of the program')
      },
    } as unknown as Certificate
    expect(() => certificateMatches(flawed, keys.publicKey)).toThrow(RangeError)
  })
})
