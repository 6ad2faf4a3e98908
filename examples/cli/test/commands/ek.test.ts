import { mkdirSync, readFileSync } from 'node:fs'
import { concatBytes } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EkShowDocument } from '../../src/commands/ek-show.js'
import type { EkVerifyDocument } from '../../src/commands/ek-verify.js'
import { createFiles, type Files, recorded, run, runJson } from '../running.js'

const ek = recorded('boot-secure/ek-rsa-2048.der')
const root = recorded('boot-secure/ca-root.der')
const issuer = recorded('boot-secure/ca-issuer.der')
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path))
const pem = (...paths: readonly string[]): string =>
  paths
    .map(
      (path) =>
        `-----BEGIN CERTIFICATE-----\n${readFileSync(path).toString('base64')}\n-----END CERTIFICATE-----\n`,
    )
    .join('')

let files: Files
beforeAll(() => {
  files = createFiles()
})
afterAll(() => files.remove())

const hex = (digits: number) => expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const summary = {
  issuer: expect.any(String),
  serial: expect.stringMatching(/^[0-9a-f]+$/),
  notBefore: moment,
}

describe('ek show', () => {
  test('the document of an EK certificate', async () => {
    expect(await runJson(['ek', 'show', ek], 0)).toStrictEqual({
      ...summary,
      subject: 'CN=unknown',
      notAfter: '9999-12-31T23:59:59Z',
      fingerprint: hex(64),
      publicKey: { type: 'rsa', bits: 2048 },
      signatureAlgorithm: 'rsa-pkcs1-sha256',
      keyUsage: ['keyEncipherment'],
      extendedKeyUsage: ['2.23.133.8.1'],
      ca: false,
      authorityKeyId: hex(40),
      deviations: [],
      endorsementKey: {
        id: hex(64),
        kind: 'rsa-2048',
        manufacturer: { id: '00001014', name: 'swtpm' },
        model: 'swtpm',
        version: '20191023',
      },
      profile: { conforms: true },
      others: [],
    })
  })

  test('the same from PEM, and from NV memory with its unused rest', async () => {
    const document = await runJson(['ek', 'show', ek], 0)
    expect(await runJson(['ek', 'show', files.write('ek.pem', pem(ek))], 0)).toEqual(document)
    for (const filler of [0x00, 0xff]) {
      const padded = files.write('nv', concatBytes(bytesOf(ek), new Uint8Array(300).fill(filler)))
      expect(await runJson(['ek', 'show', padded], 0)).toEqual(document)
    }
  })

  test('a rest that is not unused is refused', async () => {
    const file = files.write('nv', concatBytes(bytesOf(ek), Uint8Array.of(0, 0, 1)))
    const { code, stderr } = await run(['ek', 'show', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^trusthold: .*nv: the DER bundle cannot be read: .*\n$/)
  })

  test('a certificate that is none of an EK is shown, and why it is none', async () => {
    const { endorsementKey, profile, ca } = await runJson<EkShowDocument>(['ek', 'show', root], 0)
    expect({ endorsementKey, ca }).toEqual({ endorsementKey: null, ca: true })
    expect(profile).toEqual({
      conforms: false,
      reason: expect.stringContaining('expected no CA, found a CA'),
    })
  })

  test('others in the file are named', async () => {
    const file = files.write('chain.pem', pem(ek, issuer))
    const { others } = await runJson<EkShowDocument>(['ek', 'show', file], 0)
    expect(others.map(({ subject }) => subject)).toEqual(['CN=swtpm-localca'])
    expect((await run(['ek', 'show', file])).stdout).toContain('also in the file: CN=swtpm-localca')
  })

  test('for people', async () => {
    const { stdout } = await run(['ek', 'show', ek])
    expect(stdout).toMatch(/^manufacturer +swtpm \(00001014\)$/m)
    expect(stdout).toMatch(/^endorsement key +rsa-2048 [0-9a-f]{64}$/m)
    expect(stdout).toMatch(/^valid +2026-\S+Z to 9999-12-31T23:59:59Z$/m)
  })
})

describe('ek verify', () => {
  const outcomes = ({ checks }: EkVerifyDocument) => checks.map(({ id, outcome }) => `${id} ${outcome}`)
  const verify = (code: number, ...args: readonly string[]) =>
    runJson<EkVerifyDocument>(['ek', 'verify', ...args], code)

  test('the document of a good certificate', async () => {
    expect(await verify(0, ek, '--ca', root, '--ca', issuer)).toStrictEqual({
      trusted: true,
      chain: [
        { ...summary, subject: 'CN=unknown', notAfter: '9999-12-31T23:59:59Z', fingerprint: hex(64) },
        { ...summary, subject: 'CN=swtpm-localca', notAfter: moment, fingerprint: hex(64) },
      ],
      checks: [
        { id: 'certificate.structure', outcome: 'pass', reason: expect.any(String) },
        { id: 'certificate.profile', outcome: 'pass', reason: expect.any(String) },
        { id: 'certificate.path', outcome: 'pass', reason: expect.stringContaining('2027-01-01T00:00:00Z') },
        { id: 'certificate.revocation', outcome: 'skipped', reason: 'no revocation list was given' },
      ],
    })
  })

  test('the path goes through an intermediate in the same file to the root', async () => {
    const file = files.write('chain.pem', pem(ek, issuer))
    const { chain } = await verify(0, file, '--ca', root)
    expect(chain.map(({ subject }) => subject)).toEqual([
      'CN=unknown',
      'CN=swtpm-localca',
      'CN=swtpm-localca-rootca',
    ])
  })

  test('a directory of CA certificates counts as all of them, whatever else is in it', async () => {
    mkdirSync(files.at('cas/more.pem'), { recursive: true })
    files.write('cas/README', 'no certificate')
    const { code, stderr } = await run(['ek', 'verify', ek, '--ca', files.at('cas')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/more\.pem: cannot be read: expected a file, found a directory\n$/)
    mkdirSync(files.at('good'))
    files.write('good/README', 'no certificate')
    files.write('good/root.crt', bytesOf(root))
    files.write('good/5ad8a5d6.0', pem(issuer))
    expect((await verify(0, ek, '--ca', files.at('good'))).trusted).toBe(true)
  })

  test('a directory without certificates is no answer', async () => {
    mkdirSync(files.at('empty'))
    const { code, stderr } = await run(['ek', 'verify', ek, '--ca', files.at('empty')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^trusthold: .*empty: expected 1 to 1024 files named \*\.pem.*, found 0\n$/)
  })

  test.each([
    ['an unknown CA', [root], 'certificate.path'],
    ['before its time', [issuer, '--at', '2020-01-01'], 'certificate.path'],
  ])('%s is not trusted', async (_, args, failed) => {
    const document = await verify(1, ek, '--ca', ...args)
    expect(document.trusted).toBe(false)
    expect(document.chain).toEqual([])
    expect(outcomes(document)).toContain(`${failed} fail`)
  })

  test('a certificate of something else is not trusted', async () => {
    const document = await verify(1, issuer, '--ca', root)
    expect(outcomes(document)).toEqual([
      'certificate.structure pass',
      'certificate.profile fail',
      'certificate.revocation skipped',
    ])
  })

  test('something else than a certificate is not trusted, and said on standard error to be none', async () => {
    const file = recorded('boot-secure/eventlog.bin')
    const { code, stdout, stderr } = await run(['ek', 'verify', file, '--ca', root])
    expect(code).toBe(2)
    expect(stdout).toMatch(
      /^fail +certificate\.structure +\S+eventlog\.bin: the DER bundle cannot be read: /m,
    )
    expect(stderr).toMatch(/^trusthold: \S+eventlog\.bin: the DER bundle cannot be read: .*\n$/)
  })

  test('no changed byte of the certificate goes unnoticed', async () => {
    const good = bytesOf(ek)
    for (let offset = 0; offset < good.length; offset += 7) {
      const bytes = Uint8Array.from(good)
      bytes[offset] = (bytes[offset] ?? 0) ^ 1
      const file = files.write('changed.der', bytes)
      const { code, stdout } = await run(['ek', 'verify', file, '--ca', issuer, '--json'])
      const failed = outcomes(JSON.parse(stdout)).filter((text) => text.endsWith(' fail'))
      expect(failed, `offset ${offset}`).toHaveLength(1)
      expect(code).toBe(failed[0] === 'certificate.structure fail' ? 2 : 1)
    }
  })

  test('the moment is now when none is given, and the given one otherwise', async () => {
    const at = async (...args: readonly string[]) => {
      const { checks } = await verify(0, ek, '--ca', issuer, ...args)
      return checks.find(({ id }) => id === 'certificate.path')?.reason
    }
    expect(await at()).toContain('2027-01-01T00:00:00Z')
    expect(await at('--at', '2030-06-01T12:00:00+02:00')).toContain('2030-06-01T10:00:00Z')
  })

  test('for people', async () => {
    const good = await run(['ek', 'verify', ek, '--ca', issuer])
    expect(good.stdout).toMatch(/^trusted\n/)
    const bad = await run(['ek', 'verify', ek, '--ca', root])
    expect(bad.stdout).toMatch(/^NOT TRUSTED\n/)
    expect(bad.stdout).toMatch(/^fail +certificate\.path +certificate path\[1\]: expected a configured CA/m)
  })

  test.each([
    [['ek', 'verify', ek], "required option '--ca <file|dir>' not specified"],
    [['ek', 'verify', ek, '--ca', '/nonexistent'], '/nonexistent: cannot be read: no such file'],
    [['ek', 'verify', ek, '--ca', issuer, '--crl', 'x'], 'Revocation lists are not supported yet.'],
    [['ek', 'verify', ek, '--ca', issuer, '--at', 'tomorrow'], 'Expected a date'],
    [['ek', 'verify', '-', '--ca', '-'], 'only one of the inputs can be standard input (-)'],
    [['ek', 'verify', ek, '--ca', ek.replace('.der', '.tpmt')], 'the DER bundle cannot be read'],
  ])('%j is a mistake', async (args, message) => {
    const { code, stdout, stderr } = await run(args, bytesOf(ek))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
