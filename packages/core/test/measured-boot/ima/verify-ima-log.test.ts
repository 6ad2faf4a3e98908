import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadIma, loadImaSigner } from '../../../../../test/recordings/load-ima.js'
import { concatBytes, fromHex, utf8 } from '../../../src/bytes/index.js'
import {
  continueImaLog,
  createImaKeyring,
  imaKeyId,
  parseImaLog,
  readImaAllowList,
  type VerifyImaOptions,
  verifyImaLog,
} from '../../../src/measured-boot/index.js'
import { type ImaListBuilder, imaList } from '../../../src/testing/index.js'
import type { HashAlgorithm } from '../../../src/tpm2/index.js'

const of = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`
const firmware = Array.from({ length: 10 }, (_, pcr) => new Uint8Array(32).fill(pcr))
const aggregate = Uint8Array.from(
  createHash('sha256')
    .update(concatBytes(...firmware))
    .digest(),
)
const allowList = readImaAllowList({
  version: 1,
  files: { '/bin/sh': [of('/bin/sh')], '/bin/init': [of('/bin/init')] },
  exclude: ['/tmp/*'],
})
const boot = (): ImaListBuilder => imaList().bootAggregate(aggregate).file('/bin/init').file('/bin/sh')

/** PCRs of a quote after all that was built. */
function quoteOf(builder: ImaListBuilder): ReadonlyMap<HashAlgorithm, ReadonlyMap<number, Uint8Array>> {
  const values = new Map<number, Uint8Array>(firmware.map((value, pcr) => [pcr, value]))
  values.set(10, builder.build().pcrs.get('sha256')?.get(10) ?? new Uint8Array())
  return new Map([['sha256', values]])
}

function verify(builder: ImaListBuilder, options: Partial<VerifyImaOptions> = {}) {
  const pcrs = quoteOf(builder)
  return verifyImaLog(parseImaLog(builder.build().binary), { bank: 'sha256', pcrs, allowList, ...options })
}

const checks = (verdict: ReturnType<typeof verify>) =>
  verdict.findings.map(({ check, entry }) => [check, entry])

describe('a list', () => {
  test('of what is allowed is accepted', () => {
    const verdict = verify(boot().file('/tmp/x'))
    expect(verdict).toMatchObject({ accepted: true, findingCount: 0, findings: [], notJudged: 0, signed: 0 })
    expect(verdict.counts).toMatchObject({ allowed: 2, excluded: 1, 'boot-aggregate': 1, violation: 0 })
    expect(verdict.match).toMatchObject({ matched: true, count: 4 })
    expect(verdict.state).toMatchObject({ count: 4 })
  })

  test('that does not match is not accepted, and nothing else of it is judged', () => {
    const longer = quoteOf(boot().file('/evil'))
    const verdict = verify(boot(), { pcrs: longer })
    expect(verdict).toMatchObject({ accepted: false, notJudged: 3, state: undefined })
    expect(verdict.counts.allowed).toBe(0)
    expect(checks(verdict)).toEqual([['pcr', undefined]])
  })

  test('is not accepted without the PCR', () => {
    const values = new Map(firmware.map((value, pcr) => [pcr, value]))
    for (const pcrs of [new Map(), new Map([['sha256', values]] as const)]) {
      expect(verify(boot(), { pcrs }).findings[0]?.reason).toBe('PCR 10 of sha256 is not given')
    }
    expect(verify(boot(), { pcr: 11 }).accepted).toBe(false)
  })

  test('is never accepted when nothing was measured', () => {
    const values = new Map([[10, new Uint8Array(32)]])
    for (const builder of [imaList(), boot()]) {
      const verdict = verify(builder, { pcrs: new Map([['sha256', values]]), bootAggregate: 'if-known' })
      expect(verdict).toMatchObject({ accepted: false, match: { cause: 'unextended' } })
    }
  })

  test('entries after the quote are not judged', () => {
    const pcrs = quoteOf(boot())
    const verdict = verify(boot().file('/evil').file('/bin/sh', { violation: true }), { pcrs })
    expect(verdict).toMatchObject({ accepted: true, notJudged: 2 })
  })

  test('entries of other PCRs are not judged, and counted', () => {
    const verdict = verify(boot().file('/evil', { pcr: 11 }).file('/bin/sh'))
    expect(verdict).toMatchObject({ accepted: true, notJudged: 1 })
  })
})

describe('what stands in the way', () => {
  test('each check finds its entry', () => {
    const builder = boot()
      .file('/evil')
      .file('/bin/sh', { content: 'evil' })
      .file('/bin/sh', { violation: true })
      .entry({
        template: 'ima-buf',
        fields: [concatBytes(utf8('sha256:\0'), new Uint8Array(32)), '.ima\0', 'x'],
      })
      .entry({ template: 'unknown', fields: ['x'] })
    const verdict = verify(builder)
    expect(verdict.accepted).toBe(false)
    expect(checks(verdict)).toEqual([
      ['allow-list', 3],
      ['allow-list', 4],
      ['violation', 5],
      ['allow-list', 6],
      ['allow-list', 7],
    ])
    expect(verdict.findings.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^entry 3, ima-ng '\/evil' sha256:\w+: this file is not on the allow-list$/),
      expect.stringMatching(/^entry 4, .*: this file is listed with another digest$/),
      expect.stringMatching(/^entry 5, ima-ng '\/bin\/sh' violation: it changed while it was measured/),
      expect.stringMatching(/^entry 6, .*: this buffer is listed with another digest$/),
      expect.stringMatching(/^entry 7, unknown: this opaque is not on the allow-list$/),
    ])
    expect(verdict.state).toBeUndefined()
  })

  test('a listed template hash that is not that of the data', () => {
    const fields = [concatBytes(utf8('sha256:\0'), fromHex(of('/bin/sh').slice(7))), '/bin/sh\0']
    const builder = boot().entry({ template: 'ima-ng', fields, listedHash: new Uint8Array(20).fill(1) })
    const verdict = verify(builder)
    expect(verdict.match.matched).toBe(true)
    expect(checks(verdict)).toEqual([['template-hash', 3]])
    expect(verdict.accepted).toBe(false)
  })

  test('a boot aggregate of another boot, anywhere', () => {
    const other = imaList().bootAggregate(new Uint8Array(32).fill(9)).file('/bin/sh')
    expect(checks(verify(other))).toEqual([['boot-aggregate', 0]])
    expect(checks(verify(other, { bootAggregate: 'if-known' }))).toEqual([['boot-aggregate', 0]])
    const second = boot().bootAggregate(new Uint8Array(32).fill(9))
    expect(checks(verify(second))).toEqual([['boot-aggregate', 3]])
  })

  test('no boot aggregate at the start, or one that cannot be checked', () => {
    const without = imaList().file('/bin/sh')
    expect(checks(verify(without))).toEqual([['boot-aggregate', 0]])
    expect(verify(without, { bootAggregate: 'if-known' }).accepted).toBe(true)
    const late = imaList().file('/bin/sh').bootAggregate(aggregate)
    expect(checks(verify(late))).toEqual([['boot-aggregate', 0]])
    const value = quoteOf(boot()).get('sha256')?.get(10) ?? new Uint8Array()
    const pcrs = new Map([['sha256', new Map([[10, value]])]] as const)
    expect(checks(verify(boot(), { pcrs }))).toEqual([['boot-aggregate', 0]])
    expect(verify(boot(), { pcrs, bootAggregate: 'if-known' }).accepted).toBe(true)
  })

  test('only so many findings are kept, and all are counted', () => {
    const builder = boot()
    for (let i = 0; i < 150; i++) builder.file(`/evil-${i}`)
    expect(verify(builder).findings).toHaveLength(100)
    expect(verify(builder).findingCount).toBe(150)
    const none = verify(builder, { maxFindings: 0 })
    expect(none).toMatchObject({ accepted: false, findings: [], findingCount: 150 })
  })

  test('violations can be accepted, and are counted', () => {
    const builder = boot().file('/var/log/x', { violation: true })
    const verdict = verify(builder, { acceptViolations: true })
    expect(verdict.accepted).toBe(true)
    expect(verdict.counts.violation).toBe(1)
  })

  test('an event log’s control characters are in no reason', () => {
    const verdict = verify(boot().file('/a\n\u001b[31mb\u202e'))
    expect(verdict.findings[0]?.reason).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
  })
})

describe('signatures', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyring = createImaKeyring([{ key: publicKey }])
  const attribute = (content: string): Uint8Array => {
    const signature = Uint8Array.from(sign('sha256', utf8(content), privateKey))
    return concatBytes(
      Uint8Array.of(3, 2, 4),
      fromHex(imaKeyId(publicKey)),
      Uint8Array.of(0, signature.length),
      signature,
    )
  }
  const signed = (path: string, content: string, by = content): ImaListBuilder =>
    boot().file(path, { template: 'ima-sig', content, signature: attribute(by) })

  test('a signed file that no list knows is accepted on request only', () => {
    expect(checks(verify(signed('/opt/x', 'x'), { keyring }))).toEqual([['allow-list', 3]])
    expect(checks(verify(signed('/opt/x', 'x'), { acceptSigned: true }))).toEqual([['allow-list', 3]])
    expect(verify(signed('/opt/x', 'x'), { keyring, acceptSigned: true })).toMatchObject({
      accepted: true,
      signed: 1,
    })
  })

  test('a signature does not make up for a digest that is listed otherwise', () => {
    const verdict = verify(signed('/bin/sh', 'older sh'), { keyring, acceptSigned: true })
    expect(checks(verdict)).toEqual([['allow-list', 3]])
  })

  test('a bad signature stands in the way of a listed file too', () => {
    const verdict = verify(signed('/bin/sh', '/bin/sh', 'other'), { keyring, acceptSigned: true })
    expect(checks(verdict)).toEqual([['signature', 3]])
    expect(verify(signed('/bin/sh', '/bin/sh', 'other')).accepted).toBe(true)
  })

  test('T-32: only so many signatures are verified', () => {
    const builder = signed('/opt/x', 'x').file('/opt/y', {
      template: 'ima-sig',
      content: 'y',
      signature: attribute('y'),
    })
    const options = { keyring, acceptSigned: true }
    expect(verify(builder, { ...options, maxSignatures: 2 })).toMatchObject({ accepted: true, signed: 2 })
    const verdict = verify(builder, { ...options, maxSignatures: 1 })
    expect(verdict).toMatchObject({ accepted: false, signed: 1 })
    expect(checks(verdict)).toEqual([
      ['signature', 4],
      ['allow-list', 4],
    ])
    expect(verify(builder, { acceptSigned: true, maxSignatures: 0 }).findingCount).toBe(2)
  })

  test('one of an unknown key counts for nothing', () => {
    const none = createImaKeyring([])
    expect(verify(signed('/bin/sh', '/bin/sh'), { keyring: none }).accepted).toBe(true)
    expect(verify(signed('/opt/x', 'x'), { keyring: none, acceptSigned: true }).accepted).toBe(false)
  })

  test('a buffer is never accepted for a signature', () => {
    const digest = concatBytes(utf8('sha256:\0'), fromHex(of('x').slice(7)))
    const template = 'd-ng|n-ng|sig|buf'
    const listed = { '/bin/sh': [of('/bin/sh')], '/bin/init': [of('/bin/init')] }
    const signedFormat = readImaAllowList({ version: 1, files: listed, formats: [template] })
    const of3 = (buffer: string): ImaListBuilder =>
      boot().entry({ template, fields: [digest, '.ima\0', attribute('x'), buffer] })
    const options = { keyring, acceptSigned: true, allowList: signedFormat }
    expect(verify(of3('x'), options).accepted).toBe(false)
    expect(verify(of3(''), options).accepted).toBe(true)
  })
})

describe('going on', () => {
  test('only new entries are judged, and the state is given only when they are accepted', () => {
    const first = verify(boot())
    if (first.state === undefined) throw new Error('not accepted')
    const { state } = first
    for (const [file, accepted] of [
      ['/tmp/x', true],
      ['/evil', false],
    ] as const) {
      const builder = boot().file(file)
      const log = continueImaLog(builder.build().binary, state)
      const verdict = verifyImaLog(log, { bank: 'sha256', pcrs: quoteOf(builder), allowList, state })
      expect(verdict.accepted).toBe(accepted)
      expect(Object.values(verdict.counts).reduce((sum, count) => sum + count)).toBe(1)
      expect(verdict.state === undefined).toBe(!accepted)
    }
  })

  test('without anything new', () => {
    const { state } = verify(boot())
    if (state === undefined) throw new Error('not accepted')
    const log = continueImaLog(boot().build().binary, state)
    const verdict = verifyImaLog(log, { bank: 'sha256', pcrs: quoteOf(boot()), allowList, state })
    expect(verdict).toMatchObject({ accepted: true, state })
  })
})

test('a list of a real kernel, by what it measured itself', () => {
  const { binary, pcrs } = loadIma('ima-sig')
  const log = parseImaLog(binary)
  const files: Record<string, string[]> = {}
  for (const { path = '', fileDigest, violation } of log.events) {
    if (violation || fileDigest === undefined || path.includes('signed')) continue
    const digest = `${fileDigest.algorithm}:${Buffer.from(fileDigest.value).toString('hex')}`
    files[path] = [...(files[path] ?? []), digest]
  }
  const keyring = createImaKeyring(
    (['rsa', 'ecc'] as const).map((kind) => ({ key: loadImaSigner(kind).publicKey })),
  )
  const options = {
    bank: 'sha256',
    pcrs,
    allowList: readImaAllowList({ version: 1, files }),
    keyring,
  } as const
  const strict = verifyImaLog(log, options)
  expect(strict.findings.map(({ check }) => check)).toEqual([
    'allow-list',
    'allow-list',
    'violation',
    'violation',
  ])
  const lax = verifyImaLog(log, { ...options, acceptSigned: true, acceptViolations: true })
  expect(lax).toMatchObject({ accepted: true, signed: 2 })
  expect(lax.counts).toMatchObject({ allowed: 12, unknown: 2, violation: 2 })
})
