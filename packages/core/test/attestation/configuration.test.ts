import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  basicConstraints,
  commonName,
  keyUsage,
  makeCa,
  makeCertificate,
  now,
  rsaKeys,
  spkiOf,
} from '../../../../test/certificates/certificate-builder.js'
import { loadBoot } from '../../../../test/recordings/load.js'
import {
  BaseImages,
  CaCertificates,
  EndorsementSettingsStore,
  RegisteredKeys,
} from '../../src/attestation/index.js'
import { concatBytes, toBase64, utf8 } from '../../src/bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../src/errors/index.js'
import { parseEventLog } from '../../src/measured-boot/index.js'
import { captureBaseImage } from '../../src/policy/index.js'
import { parseCertificate } from '../../src/x509/index.js'
import { type ScriptedStore, scriptedStore } from '../config/scripted-store.js'
import { ekCertificate, publicAreaOf } from '../endorsement/test-tpm.js'
import { reasonOf, rejectionOf, thrownBy } from '../jose/thrown.js'

const down = new TrustholdError('STORE_UNAVAILABLE', { operation: 'watch', reason: 'down' })
const pem = (label: string, der: Uint8Array) =>
  `-----BEGIN ${label}-----\n${toBase64(der)}\n-----END ${label}-----\n`
const settle = () => new Promise(setImmediate)
const breakStore = async (store: ScriptedStore) => {
  store.listFailure = down
  store.breakWatch(down)
  await settle()
}

let store: ScriptedStore
const opened: { close(): Promise<void> }[] = []
const opening = async <T extends { close(): Promise<void> }>(work: Promise<T>): Promise<T> => {
  const it_ = await work
  opened.push(it_)
  return it_
}
beforeEach(() => {
  store = scriptedStore()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
  expect(store.watching).toBe(0)
})

describe('CA certificates', () => {
  const ca = makeCa('root')
  const below = makeCa('issuer', ca)
  const fingerprint = (der: Uint8Array) => parseCertificate(der).fingerprint
  const leaf = ca.issue({})
  const noConstraints = makeCertificate({ subject: commonName('old'), extensions: [keyUsage(5)] })
  let cas: CaCertificates
  beforeEach(async () => {
    cas = await opening(CaCertificates.open(store))
  })

  it.each([
    ['DER', ca.der, [ca.der]],
    ['PEM', utf8(pem('CERTIFICATE', ca.der)), [ca.der]],
    ['PEM with two', utf8(pem('CERTIFICATE', ca.der) + pem('CERTIFICATE', below.der)), [ca.der, below.der]],
  ])('are trusted from %s, until they are deleted', async (_, bundle, ders) => {
    await cas.create('vendor', bundle)
    expect(cas.list()[0]?.certificates.map((one) => one.fingerprint)).toEqual(ders.map(fingerprint))
    for (const der of ders) expect(cas.trusts(fingerprint(der))).toBe(true)
    expect(cas.anchors().size).toBe(ders.length)
    await cas.delete('vendor')
    for (const der of ders) expect(cas.trusts(fingerprint(der))).toBe(false)
    expect([cas.anchors().size, cas.list()]).toEqual([0, []])
  })

  it.each<[string, Uint8Array]>([
    ['a certificate that is not a CA\u2019s', leaf],
    ['one without basic constraints', noConstraints],
    ['one that says it is none', makeCertificate({ extensions: [basicConstraints(false)] })],
    ['a CA and another behind it', utf8(pem('CERTIFICATE', ca.der) + pem('CERTIFICATE', leaf))],
  ])('are not made of %s', async (_, bundle) => {
    expect((await rejectionOf(cas.create('vendor', bundle))).code).toBe('CERTIFICATE_INVALID')
    expect([cas.list(), store.revision]).toEqual([[], 0n])
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['text', utf8('hello')],
    ['a private key', utf8(pem('PRIVATE KEY', Uint8Array.of(1)))],
    ['half a certificate', ca.der.subarray(0, 100)],
    ['a certificate and a byte', concatBytes(ca.der, Uint8Array.of(0))],
  ])('are not made of %s, with a typed error', async (_, bundle) => {
    await rejectionOf(cas.create('vendor', bundle))
    expect(store.revision).toBe(0n)
  })

  it('of too many certificates are refused, and nothing is stored that stops the service', async () => {
    const bundle = (count: number) => utf8(pem('CERTIFICATE', ca.der).repeat(count))
    const error = await rejectionOf(cas.create('many', bundle(65)))
    expect([error.code, error.context]).toMatchObject(['REQUEST_INVALID', { path: 'document.certificates' }])
    await cas.create('most', bundle(64))
    expect(cas.list()).toHaveLength(1)
  })

  it('of a name exist once; names are checked', async () => {
    await cas.create('vendor', ca.der)
    expect((await rejectionOf(cas.create('vendor', below.der))).code).toBe('ALREADY_EXISTS')
    expect((await rejectionOf(cas.create(' vendor', ca.der))).code).toBe('REQUEST_INVALID')
    expect((await rejectionOf(cas.delete('other'))).code).toBe('NOT_FOUND')
  })

  it('trusted under two names are trusted until both are gone', async () => {
    await cas.create('a', ca.der)
    await cas.create('b', ca.der)
    await cas.delete('a')
    expect(cas.trusts(fingerprint(ca.der))).toBe(true)
    await cas.delete('b')
    expect(cas.trusts(fingerprint(ca.der))).toBe(false)
  })

  it('that another node deletes are no longer trusted here', async () => {
    const other = await opening(CaCertificates.open(store))
    await cas.create('vendor', ca.der)
    await settle()
    expect(other.trusts(fingerprint(ca.der))).toBe(true)
    await cas.delete('vendor')
    await settle()
    expect(other.trusts(fingerprint(ca.der))).toBe(false)
  })

  it('replaced in the store by what is no certificate are not trusted any more', async () => {
    await cas.create('vendor', ca.der)
    await settle()
    await store.put('attestation/ca-certificates/vendor', utf8('{"certificates":["AAAA"]}'))
    await settle()
    expect(thrownBy(() => cas.trusts(fingerprint(ca.der))).code).toBe('STORE_UNAVAILABLE')
    expect(thrownBy(() => cas.anchors()).code).toBe('STORE_UNAVAILABLE')
  })

  it('are not trusted while the store cannot be followed', async () => {
    await cas.create('vendor', ca.der)
    await breakStore(store)
    for (const read of [() => cas.trusts(fingerprint(ca.der)), () => cas.anchors(), () => cas.list()]) {
      expect(thrownBy(read).code).toBe('STORE_UNAVAILABLE')
    }
  })
})

describe('registered keys', () => {
  const ca = makeCa('vendor')
  const keys = rsaKeys()
  const publicArea = publicAreaOf(keys, 'L-1')
  const certificate = ekCertificate(ca, keys)
  const clock = { now: () => now }
  let cas: CaCertificates
  let registered: RegisteredKeys
  beforeEach(async () => {
    cas = await opening(CaCertificates.open(store))
    registered = await opening(RegisteredKeys.open(store, cas, clock))
  })

  it('are found by their identifier, in whichever form they came, until they are deleted', async () => {
    await cas.create('vendor', ca.der)
    await registered.create('area', { publicArea })
    await registered.create('spki', { spki: spkiOf(keys) })
    await registered.create('pem', { pem: pem('PUBLIC KEY', spkiOf(keys)) })
    await registered.create('certificate', { certificate })
    const ids = new Set(registered.list().map(({ keyId }) => keyId))
    expect(ids.size).toBe(1)
    const [id] = [...ids] as [string]
    for (const name of ['area', 'spki', 'pem', 'certificate']) {
      expect(registered.nameOf(id)).toBeDefined()
      await registered.delete(name)
    }
    expect([registered.nameOf(id), registered.list()]).toEqual([undefined, []])
  })

  it('from a certificate need a configured CA', async () => {
    const error = await rejectionOf(registered.create('host', { certificate }))
    expect(error.code).toBe('CERTIFICATE_INVALID')
    await cas.create('other', makeCa('other').der)
    expect((await rejectionOf(registered.create('host', { certificate }))).code).toBe('CERTIFICATE_INVALID')
    await cas.create('vendor', ca.der)
    await registered.create('host', { certificate })
    expect(registered.list()).toHaveLength(1)
  })

  it('of a name exist once: another key does not take it over', async () => {
    await registered.create('host', { publicArea })
    const keyId = registered.list()[0]?.keyId as string
    const other = { publicArea: publicAreaOf(rsaKeys(), 'L-1') }
    expect((await rejectionOf(registered.create('host', other))).code).toBe('ALREADY_EXISTS')
    expect(registered.list()).toEqual([{ name: 'host', keyId }])
  })

  it('follow a name that another node gives to another key', async () => {
    await registered.create('host', { publicArea })
    const keyId = registered.list()[0]?.keyId as string
    await store.put('attestation/endorsement-keys/host', utf8(JSON.stringify({ keyId: 'ab'.repeat(32) })))
    await settle()
    expect([registered.nameOf(keyId), registered.nameOf('ab'.repeat(32))]).toEqual([undefined, 'host'])
  })

  it('keep nothing but the identifier', async () => {
    await registered.create('host', { publicArea })
    const stored = await store.get('attestation/endorsement-keys/host')
    expect(JSON.parse(new TextDecoder().decode(stored?.value))).toEqual({
      keyId: registered.list()[0]?.keyId,
    })
  })

  it.each([
    ['garbage', { pem: 'x' }],
    ['nothing', { spki: new Uint8Array() }],
    ['a short key', { spki: spkiOf(rsaKeys(1024)) }],
    ['a certificate that is none', { certificate: Uint8Array.of(0x30, 0) }],
  ])('are not made of %s, with a typed error', async (_, input) => {
    await rejectionOf(registered.create('host', input))
    expect(store.revision).toBe(0n)
  })

  it('are not known while the store cannot be followed', async () => {
    await registered.create('host', { publicArea })
    const keyId = registered.list()[0]?.keyId as string
    await breakStore(store)
    expect(thrownBy(() => registered.nameOf(keyId)).code).toBe('STORE_UNAVAILABLE')
  })
})

describe('endorsement settings', () => {
  let settings: EndorsementSettingsStore
  beforeEach(async () => {
    settings = await opening(EndorsementSettingsStore.open(store))
  })

  it('ask for a certificate unless something else is said', async () => {
    expect(settings.get()).toEqual({ requireEndorsementKeys: false, requireCertificateValidation: true })
  })

  it('change one by one', async () => {
    await settings.update({ requireEndorsementKeys: true })
    expect(settings.get()).toEqual({ requireEndorsementKeys: true, requireCertificateValidation: true })
    await settings.update({ requireCertificateValidation: false })
    expect(settings.get()).toEqual({ requireEndorsementKeys: true, requireCertificateValidation: false })
  })

  it('are never both off: not at once, and not one after the other', async () => {
    const off = [
      { requireCertificateValidation: false },
      { requireCertificateValidation: false, requireEndorsementKeys: false },
    ]
    for (const change of off)
      expect((await rejectionOf(settings.update(change))).code).toBe('CONFIGURATION_INVALID')
    await settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
    const error = await rejectionOf(settings.update({ requireEndorsementKeys: false }))
    expect([error.code, reasonOf(error)]).toMatchObject([
      'CONFIGURATION_INVALID',
      expect.stringContaining('at least one'),
    ])
    expect(settings.get().requireEndorsementKeys).toBe(true)
  })

  it('that somebody wrote into the store with both off are not believed', async () => {
    await store.put(
      'attestation/settings/tpm2',
      utf8('{"requireEndorsementKeys":false,"requireCertificateValidation":false}'),
    )
    await settle()
    expect(thrownBy(() => settings.get()).code).toBe('STORE_UNAVAILABLE')
  })

  it('changed by two at once are changed by one, and the other learns of it', async () => {
    const other = await opening(EndorsementSettingsStore.open(store))
    const outcomes = await Promise.allSettled([
      settings.update({ requireEndorsementKeys: true }),
      other.update({ requireEndorsementKeys: true, requireCertificateValidation: false }),
    ])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = outcomes.find((one) => one.status === 'rejected')
    expect(lost?.status === 'rejected' && isTrustholdError(lost.reason, 'STORE_CONFLICT')).toBe(true)
    await settle()
    expect(settings.get()).toEqual(other.get())
  })
})

describe('base images', () => {
  const boot = loadBoot('boot-secure')
  const log = parseEventLog(boot.eventLog)
  const values = (bank: 'sha256' | 'sha384', pcrs: readonly number[]) =>
    new Map(pcrs.map((pcr) => [pcr, boot.pcrs[bank].get(pcr) as Uint8Array]))
  const image = (name: string, bank: 'sha256' | 'sha384', ...pcrs: number[]) =>
    captureBaseImage({ name, log, bank, pcrs: values(bank, pcrs) })
  let images: BaseImages
  beforeEach(async () => {
    images = await opening(BaseImages.open(store))
  })
  const matches = (bank: 'sha256' | 'sha384', ...pcrs: number[]) =>
    images.index().match({ bank, values: values(bank, pcrs) }, log).matched

  it('of which there are none match nothing and ask for nothing', () => {
    expect([images.selection(), images.names(), matches('sha256', 0, 7)]).toEqual([[], [], false])
  })

  it('match what they were captured from, until they are deleted', async () => {
    await images.create(image('a', 'sha256', 0, 7))
    expect(matches('sha256', 0, 7)).toBe(true)
    expect(images.get('a')?.name).toBe('a')
    await images.delete('a')
    expect(matches('sha256', 0, 7)).toBe(false)
    expect(images.selection()).toEqual([])
    expect((await rejectionOf(images.delete('a'))).code).toBe('NOT_FOUND')
  })

  it('ask for the PCRs of all, bank by bank, ascending, each once', async () => {
    await images.create(image('b', 'sha384', 7, 0))
    await images.create(image('a', 'sha256', 7, 4))
    await images.create(image('c', 'sha256', 0, 4))
    expect(images.selection()).toEqual([
      { bank: 'sha256', pcrs: [0, 4, 7] },
      { bank: 'sha384', pcrs: [0, 7] },
    ])
    await images.delete('c')
    expect(images.selection()[0]).toEqual({ bank: 'sha256', pcrs: [4, 7] })
  })

  it('of a name exist once; names are checked', async () => {
    await images.create(image('a', 'sha256', 0, 7))
    expect((await rejectionOf(images.create(image('a', 'sha256', 0)))).code).toBe('ALREADY_EXISTS')
    expect((await rejectionOf(images.create({ ...image('a', 'sha256', 0), name: 'a\n' }))).code).toBe(
      'REQUEST_INVALID',
    )
  })

  it('cannot be approved while the store cannot be followed, nor matched', async () => {
    await images.create(image('a', 'sha256', 0, 7))
    await breakStore(store)
    expect(thrownBy(() => images.index()).code).toBe('STORE_UNAVAILABLE')
    expect(thrownBy(() => images.selection()).code).toBe('STORE_UNAVAILABLE')
  })
})
