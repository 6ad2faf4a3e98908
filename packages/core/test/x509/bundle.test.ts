import { createPrivateKey, createPublicKey } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { append, flip } from '../../../../test/certificates/certificate-builder.js'
import {
  explicit,
  integer,
  nothing,
  octetString,
  oid,
  sequence,
} from '../../../../test/certificates/der-writer.js'
import { concatBytes, fromHex, SecretBytes, utf8 } from '../../src/bytes/index.js'
import { isTrustholdError, TrustholdError } from '../../src/errors/index.js'
import {
  buildPath,
  type Certificate,
  indexCertificates,
  readCertificates,
  readPem,
  readPkcs12,
} from '../../src/x509/index.js'
import { madeAt, password, recorded } from './recorded.js'

const fingerprints = (certificates: readonly Certificate[]) => certificates.map((c) => c.fingerprint)
const one = (file: string): Certificate => readCertificates(recorded(file))[0] as Certificate
const [leaf, middle, root] = [one('leaf.pem'), one('middle.pem'), one('root.pem')]
const chain = fingerprints([leaf, middle, root])

async function refusal(read: () => unknown): Promise<string> {
  try {
    await read()
  } catch (error) {
    if (isTrustholdError(error, 'CERTIFICATE_BUNDLE_INVALID'))
      return `${error.context.format}: ${error.context.reason}`
    throw error
  }
  throw new Error('not refused')
}

describe('readCertificates', () => {
  it('reads PEM, DER and PKCS#7, one and several, in their order', () => {
    const pem = concatBytes(recorded('leaf.pem'), recorded('chain.pem'))
    const der = concatBytes(leaf.der, middle.der, root.der)
    for (const bundle of [pem, der, recorded('bundle.p7b'), recorded('bundle.p7b.pem')]) {
      expect(fingerprints(readCertificates(bundle))).toEqual(chain)
    }
    expect(fingerprints(readCertificates(leaf.der))).toEqual(chain.slice(0, 1))
  })

  it('reads PEM as people send it: text around, carriage returns, spaces at the end', () => {
    const text = Buffer.from(recorded('leaf.pem')).toString().replaceAll('\n', '  \r\n')
    expect(fingerprints(readCertificates(utf8(`issued by us\r\n${text}\r\nthanks`)))).toEqual([
      leaf.fingerprint,
    ])
  })

  it('refuses what is no bundle of certificates, and says where', async () => {
    const pem = Buffer.from(recorded('leaf.pem')).toString()
    const cases: readonly [Uint8Array, string][] = [
      [new Uint8Array(), 'DER: no certificate in it'],
      [utf8('hello'), 'DER: [0] certificate'],
      [utf8('-----BEGIN CERTIFICATE-----\nAAAA\n'), 'PEM: block 0 has no END'],
      [utf8(pem.replace('END CERTIFICATE', 'END THING')), 'PEM: block 0 has no END of its own'],
      [utf8(pem.replace(/\nM/, '\n*')), 'PEM: block 0 is not base64'],
      [
        utf8(pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')),
        'PEM: block 0 is "PRIVATE KEY", not a certificate',
      ],
      [utf8(pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')), 'not a certificate'],
      [append(concatBytes(leaf.der, middle.der), 0), 'DER: [2] certificate'],
      [concatBytes(leaf.der, flip(middle.der, 5)), 'DER: [1] certificate'],
      [append(recorded('bundle.p7b'), 0), 'PKCS#7: certificate contentInfo'],
      [sequence(oid('1.2.840.113549.1.7.1'), explicit(0, octetString(nothing))), 'PKCS#7: content type'],
      [sequence(oid('1.2.840.113549.1.7.2'), explicit(0, sequence(integer(1)))), 'PKCS#7: certificate'],
      [new Uint8Array(8 * 1024 * 1024 + 1), 'DER: more than'],
    ]
    for (const [bytes, reason] of cases)
      expect(await refusal(() => readCertificates(bytes))).toContain(reason)
  })

  it('gives typed errors only (T-31)', { timeout: 60_000 }, () => {
    const quietly = (bytes: Uint8Array) => {
      try {
        readCertificates(bytes)
      } catch (error) {
        expect((error as TrustholdError).code).toBe('CERTIFICATE_BUNDLE_INVALID')
      }
    }
    const p7b = recorded('bundle.p7b')
    for (let at = 0; at < p7b.length; at++) quietly(flip(p7b, at, 0x55))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), quietly))
    fc.assert(
      fc.property(fc.string(), (text) =>
        quietly(utf8(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`)),
      ),
    )
  })
})

describe('readPem', () => {
  it('gives labels and bytes', () => {
    expect(readPem('-----BEGIN A B-----\nAAEC\n-----END A B-----\n')).toEqual([
      { label: 'A B', der: fromHex('000102') },
    ])
    expect(readPem('')).toEqual([])
  })
  it('refuses too many characters and too many blocks (T-30)', async () => {
    const block = '-----BEGIN A-----\nAA==\n-----END A-----\n'
    expect(readPem(block.repeat(4096))).toHaveLength(4096)
    expect(await refusal(() => readPem(block.repeat(4097)))).toContain('4096 blocks')
    expect(readPem(' '.repeat(12 * 1024 * 1024))).toEqual([])
    expect(await refusal(() => readPem(' '.repeat(12 * 1024 * 1024 + 1)))).toContain('characters')
  })
  it('refuses a block inside a block', async () => {
    expect(await refusal(() => readPem('-----BEGIN A-----\n-----BEGIN B-----\n'))).toContain(
      'no END of its own',
    )
  })
})

describe('recorded certificates', () => {
  const anchors = indexCertificates([root, one('brainpool-root.pem')])
  const pathOf = (file: string) => buildPath(one(file), { anchors, intermediates: [middle], at: madeAt })

  it.each(['leaf.pem', 'leaf-rsa.pem', 'leaf-pss.pem', 'brainpool-leaf.pem'])('%s holds', async (file) => {
    expect((await pathOf(file)).certificates.length).toBeGreaterThan(1)
  })
  it('leaf-sha1.pem does not', async () => {
    await expect(pathOf('leaf-sha1.pem')).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
  })
})

describe('readPkcs12', () => {
  const spkiOf = (pkcs8: SecretBytes) =>
    pkcs8.use((der) =>
      createPublicKey(
        createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }).export({
          type: 'pkcs8',
          format: 'pem',
        }),
      ).export({ type: 'spki', format: 'der' }),
    )

  it.each([
    ['rsa.p12', 'leaf-rsa.pem', 3],
    ['ec.p12', 'leaf.pem', 3],
    ['legacy.p12', 'leaf-rsa.pem', 1],
  ])('%s: key and certificates, its own first', async (file, own, count) => {
    const { privateKey, certificates } = await readPkcs12(recorded(file), password)
    expect(certificates).toHaveLength(count)
    expect(certificates[0]?.der).toEqual(one(own).der)
    expect(Uint8Array.from(spkiOf(privateKey))).toEqual(one(own).publicKey.spki)
    expect(inspect(privateKey)).toContain('redacted')
    privateKey.wipe()
  })

  it('takes the password as a secret too', async () => {
    const secret = SecretBytes.from(utf8(password))
    expect((await readPkcs12(recorded('ec.p12'), secret)).certificates).toHaveLength(3)
  })

  it('tells a wrong password clearly and leaks none', async () => {
    for (const wrong of ['wrong-guess', '', `${password} `]) {
      const error = await readPkcs12(recorded('ec.p12'), wrong).catch((e: unknown) => e)
      expect(error).toBeInstanceOf(TrustholdError)
      const shown = inspect(error, { depth: 9 })
      expect(shown).toContain('the password is wrong, or the file was altered')
      if (wrong.length > 1) expect(shown).not.toContain(wrong)
      expect(shown).not.toContain(password)
      expect((error as Error).cause).toBeUndefined()
    }
    await expect(readPkcs12(recorded('ec.p12'), 'pässwort')).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
    })
  })

  it('refuses a file without MAC, one that costs too much, and what is none', async () => {
    const read = (bytes: Uint8Array) => refusal(() => readPkcs12(bytes, password))
    expect(await read(recorded('no-mac.p12'))).toContain('MAC')
    expect(await read(recorded('slow.p12'))).toContain('iterations')
    expect(await read(recorded('no-certificate.p12'))).toContain('no certificate for the private key')
    expect(await read(recorded('no-key.p12'))).toContain('0 private keys')
    expect(await read(new Uint8Array())).toContain('not a PKCS#12 file')
    expect(await read(leaf.der)).toContain('PKCS#12: ')
    expect(await read(new Uint8Array(1024 * 1024 + 1))).toContain('more than')
  })

  it('gives typed errors only (T-31)', { timeout: 60_000 }, async () => {
    const file = recorded('ec.p12')
    for (let at = 0; at < file.length; at += 37) {
      const error = await readPkcs12(flip(file, at, 0x41), password).catch((e: unknown) => e)
      expect((error as TrustholdError).code, `byte ${at}`).toBe('CERTIFICATE_BUNDLE_INVALID')
    }
    for (let length = 0; length < file.length; length += 211) {
      expect(await refusal(() => readPkcs12(file.subarray(0, length), password))).toContain('PKCS#12')
    }
  })
})
