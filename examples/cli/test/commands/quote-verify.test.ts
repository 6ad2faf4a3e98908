import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import { pcrDigest, toPcrSelection, tpmsAttest } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BootName, bootNames, loadBoot } from '../../../../test/recordings/load.js'
import type { QuoteVerifyDocument } from '../../src/commands/quote-verify.js'
import { serialize } from '../formats/serialized-pcrs.js'
import { createFiles, type Files, recorded, run, runJson } from '../running.js'

let files: Files
beforeAll(() => {
  files = createFiles()
})
afterAll(() => files.remove())

const nonceOf = (boot: string): string => readFileSync(recorded(`${boot}/nonce.bin`)).toString('hex')

/** The options of a recorded quote. */
function optionsOf(boot: string, key: string, bank: string): Record<string, string> {
  return {
    ak: recorded(`${boot}/ak-${key}.tpmt`),
    message: recorded(`${boot}/quote-${key}-${bank}.attest`),
    signature: recorded(`${boot}/quote-${key}-${bank}.sig`),
    nonce: nonceOf(boot),
  }
}

const asArgs = (options: Readonly<Record<string, string>>): string[] => [
  'quote',
  'verify',
  ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
]
const verify = (options: Readonly<Record<string, string>>, code: number) =>
  runJson<QuoteVerifyDocument>(asArgs(options), code)
const failed = ({ checks }: QuoteVerifyDocument) =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)

const good = optionsOf('boot-secure', 'rsa-2048', 'sha256')
const pcrs = serialize([{ bank: 'sha256', values: loadBoot('boot-secure').pcrs.sha256 }])
const hex = (digits: number) => expect.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))

/** The exit status when a check failed: what is malformed was not judged. */
const statusFor = (check: string): number => (check.endsWith('.structure') ? 2 : 1)

describe('recorded quotes are verified, with PCR values and with the log of the boot', () => {
  const cases = bootNames.flatMap((boot) =>
    ['rsa-2048', 'ecc-p256'].flatMap((key) =>
      (['sha256', 'sha384'] as const).map((bank) => [boot, key, bank] as const),
    ),
  )
  test.each(cases)('%s, %s, %s', async (boot, key, bank) => {
    const values = loadBoot(boot).pcrs[bank]
    const options = {
      ...optionsOf(boot, key, bank),
      pcrs: files.write('pcrs', serialize([{ bank, values }])),
      eventlog: recorded(`${boot}/eventlog.bin`),
    }
    const document = await verify(options, 0)
    expect(document.verified).toBe(true)
    expect(document.pcrs).toEqual({
      [bank]: Object.fromEntries(
        [...values].map(([pcr, value]) => [pcr, Buffer.from(value).toString('hex')]),
      ),
    })
    expect(document.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'attestation-key.attributes pass',
      'quote.structure pass',
      'quote.type pass',
      'quote.nonce pass',
      'quote.selection pass',
      'quote.signature pass',
      'event-log.structure pass',
      'quote.pcr-digest pass',
      'event-log.replay pass',
      'event-log.firmware pass',
    ])
  })
})

describe('the document', () => {
  test('of a good quote', async () => {
    const document = await verify({ ...good, pcrs: files.write('pcrs', pcrs) }, 0)
    expect(document).toStrictEqual({
      verified: true,
      checks: expect.any(Array),
      quote: {
        signer: hex(68),
        extraData: good['nonce'],
        clock: {
          clock: expect.stringMatching(/^\d+$/),
          resetCount: expect.any(Number),
          restartCount: expect.any(Number),
          safe: true,
        },
        firmwareVersion: expect.stringMatching(/^\d+$/),
        selection: [{ bank: 'sha256', pcrs: Array.from({ length: 24 }, (_, pcr) => pcr) }],
        pcrDigest: hex(64),
      },
      pcrs: { sha256: expect.objectContaining({ 0: hex(64), 23: hex(64) }) },
    })
    for (const check of document.checks) {
      expect(check).toStrictEqual({ id: expect.any(String), outcome: 'pass', reason: expect.any(String) })
    }
  })

  test('of a good quote without PCR values says that they were not looked at', async () => {
    const document = await verify(good, 0)
    expect(document.pcrs).toBeUndefined()
    expect(document.checks).toContainEqual({
      id: 'quote.pcr-digest',
      outcome: 'skipped',
      reason: 'neither PCR values nor an event log were given',
    })
  })

  test('of a quote that fails has what it says, and no PCR values', async () => {
    const document = await verify({ ...good, nonce: '00', pcrs: files.write('pcrs', pcrs) }, 1)
    expect(document).toMatchObject({ verified: false, quote: { extraData: good['nonce'] } })
    expect(document.pcrs).toBeUndefined()
    expect(failed(document)).toEqual(['quote.nonce'])
  })
})

describe('what is wrong is named', () => {
  const changed = (path: string | undefined, offset: number): string => {
    const bytes = new Uint8Array(readFileSync(path ?? ''))
    const at = offset < 0 ? bytes.length + offset : offset
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return files.write(`changed-${offset}`, bytes)
  }

  test.each([
    ['another nonce', () => ({ nonce: 'c0ffee' }), 'quote.nonce'],
    ['half of the nonce', () => ({ nonce: (good['nonce'] ?? '').slice(0, 32) }), 'quote.nonce'],
    ['another message', () => ({ message: changed(good['message'], -1) }), 'quote.signature'],
    ['a message that no TPM made', () => ({ message: changed(good['message'], 0) }), 'quote.structure'],
    ['another signature', () => ({ signature: changed(good['signature'], -1) }), 'quote.signature'],
    [
      'a signature cut off',
      () => ({ signature: files.write('cut', new Uint8Array(100)) }),
      'quote.structure',
    ],
    ['another key', () => ({ ak: recorded('boot-debug/ak-rsa-2048.tpmt') }), 'quote.signature'],
    ['a key of another kind', () => ({ ak: recorded('boot-secure/ak-ecc-p256.tpmt') }), 'quote.signature'],
    [
      'a key that decrypts',
      () => ({ ak: recorded('boot-secure/ek-rsa-2048.tpmt') }),
      'attestation-key.attributes',
    ],
    [
      'other PCR values',
      () => ({
        pcrs: files.write(
          'other',
          serialize([{ bank: 'sha256', values: loadBoot('boot-debug').pcrs.sha256 }]),
        ),
      }),
      'quote.pcr-digest',
    ],
    [
      'PCR values of another bank',
      () => ({
        pcrs: files.write('other', serialize([{ bank: 'sha1', values: loadBoot('boot-secure').pcrs.sha1 }])),
      }),
      'quote.pcr-digest',
    ],
    [
      'PCR values that cannot be read',
      () => ({ pcrs: files.write('other', pcrs.subarray(1)) }),
      'pcrs.structure',
    ],
    [
      'the log of another boot',
      () => ({ pcrs: files.write('pcrs', pcrs), eventlog: recorded('boot-debug/eventlog.bin') }),
      'event-log.replay',
    ],
    ['a log that is none', () => ({ eventlog: good['message'] ?? '' }), 'event-log.structure'],
  ])('%s', async (_, change, check) => {
    const document = await verify({ ...good, ...change() }, statusFor(check))
    expect(document.verified).toBe(false)
    expect(failed(document)).toContain(check)
  })

  test('malformed evidence is said to be so with file, field and offset, in both forms', async () => {
    const message = changed(good['message'], 0)
    const { quote, checks } = await verify({ ...good, message }, 2)
    expect(quote).toBeNull()
    const reason = `${message}: TPMS_ATTEST.magic: expected 0xff544347 at offset 0, found 0xfe544347`
    expect(checks).toContainEqual({ id: 'quote.structure', outcome: 'fail', reason })
    const { code, stdout, stderr } = await run(asArgs({ ...good, message }))
    expect({ code, stderr }).toEqual({ code: 2, stderr: `trusthold: ${reason}\n` })
    expect(stdout).toMatch(/^NOT VERIFIED\n/)
    expect(stdout).toContain(`fail  quote.structure             ${reason}`)
  })

  test('a malformed log too', async () => {
    const eventlog = files.write('log', new Uint8Array(100))
    const { code, stderr } = await run(asArgs({ ...good, eventlog }))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^trusthold: \S+log: .* at offset \d+, .*\n$/)
  })

  test('a statement that is no quote is none', async () => {
    const attest = decode(tpmsAttest, new Uint8Array(readFileSync(good['message'] ?? '')))
    const { clockInfo, firmwareVersion } = attest
    const attested = { time: { time: 1n, clockInfo }, firmwareVersion }
    const message = files.write('time', encode(tpmsAttest, { ...attest, type: 'time', attested }))
    const document = await verify({ ...good, message, pcrs: files.write('pcrs', pcrs) }, 1)
    expect(failed(document)).toEqual(['quote.type'])
    expect(document.quote).toBeNull()
  })
})

describe('the IMA list', () => {
  const withIma = (boot: string, bank: 'sha256' | 'sha384', ima: string) => ({
    ...optionsOf(boot, 'ecc-p256', bank),
    pcrs: files.write('pcrs', serialize([{ bank, values: loadBoot(boot as BootName).pcrs[bank] }])),
    ima,
  })
  const imaChecks = ({ checks }: QuoteVerifyDocument) =>
    checks.filter(({ id }) => id.startsWith('ima-log.')).map(({ id, outcome }) => `${id} ${outcome}`)
  const listOf = (boot: string): string => recorded(`${boot}/ima.bin`)

  test.each(bootNames)('of %s is proved by PCR 10', async (boot) => {
    const document = await verify(withIma(boot, 'sha256', listOf(boot)), 0)
    expect(imaChecks(document)).toEqual([
      'ima-log.structure pass',
      'ima-log.replay pass',
      'ima-log.boot-aggregate pass',
    ])
  })

  test('may have grown since the quote: what came later is not judged', async () => {
    const bytes = new Uint8Array(readFileSync(listOf('boot-secure')))
    const grown = files.write('grown', concatBytes(bytes, bytes))
    const { checks } = await verify(withIma('boot-secure', 'sha256', grown), 0)
    expect(checks).toContainEqual({
      id: 'ima-log.replay',
      outcome: 'pass',
      reason: 'PCR 10 of sha256 proves the first 8 of 16 entries',
    })
  })

  test.each([
    ['cut off within an entry', (bytes: Uint8Array) => bytes.subarray(0, -1), 'ima-log.structure fail'],
    ['without its last entry', (bytes: Uint8Array) => withoutLast(bytes), 'ima-log.replay fail'],
    ['with a changed path', (bytes: Uint8Array) => changedAt(bytes, bytes.length - 8), 'ima-log.replay fail'],
  ])('%s is not proved', async (_, change, failed) => {
    const bytes = change(new Uint8Array(readFileSync(listOf('boot-secure'))))
    const status = statusFor(failed.replace(' fail', ''))
    const document = await verify(withIma('boot-secure', 'sha256', files.write('changed', bytes)), status)
    expect(document.verified).toBe(false)
    expect(imaChecks(document)).toContain(failed)
  })

  test('of another boot is not proved', async () => {
    const document = await verify(withIma('boot-secure', 'sha256', listOf('boot-debug')), 1)
    expect(imaChecks(document)).toEqual([
      'ima-log.structure pass',
      'ima-log.replay fail',
      'ima-log.boot-aggregate fail',
    ])
  })

  test('is not proved by a quote that leaves out PCR 10', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const attest = decode(tpmsAttest, new Uint8Array(readFileSync(good['message'] ?? '')))
    if (attest.type !== 'quote') throw new Error('recorded otherwise')
    const all = loadBoot('boot-secure').pcrs.sha256
    const values = new Map([...all].filter(([pcr]) => pcr < 10))
    const attested = {
      pcrSelect: toPcrSelection([{ bank: 'sha256', pcrs: [...values.keys()] }]),
      pcrDigest: pcrDigest('sha256', [...values.values()]),
    }
    const message = encode(tpmsAttest, { ...attest, attested })
    const options = {
      ak: files.write('ak.pem', publicKey.export({ format: 'pem', type: 'spki' })),
      message: files.write('message', message),
      signature: files.write('signature', sign('sha256', message, privateKey)),
      scheme: 'ecdsa:sha256',
      nonce: nonceOf('boot-secure'),
      pcrs: files.write('pcrs', serialize([{ bank: 'sha256', values }])),
    }
    expect((await verify(options, 0)).verified).toBe(true)
    const document = await verify({ ...options, ima: listOf('boot-secure') }, 1)
    expect(document.verified).toBe(false)
    expect(imaChecks(document)).toEqual([
      'ima-log.structure pass',
      'ima-log.replay fail',
      'ima-log.boot-aggregate pass',
    ])
  })

  test('is not looked at when the quote fails', async () => {
    const options = { ...withIma('boot-secure', 'sha256', listOf('boot-secure')), nonce: '00' }
    expect(imaChecks(await verify(options, 1))).toEqual([])
  })

  test('needs PCR values, and says so', async () => {
    const { code, stderr } = await run(asArgs({ ...good, ima: listOf('boot-secure') }))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^trusthold: option '--ima' needs --pcrs: /)
  })

  function changedAt(bytes: Uint8Array, offset: number): Uint8Array {
    const copy = Uint8Array.from(bytes)
    copy[offset] = (copy[offset] ?? 0) ^ 1
    return copy
  }

  /** Entries of this list start with PCR 10 and have no other such bytes. */
  function withoutLast(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, Buffer.from(bytes).lastIndexOf(Buffer.from([10, 0, 0, 0])))
  }
})

describe('other forms of the same', () => {
  test('TPM2B_PUBLIC, TPM2B_ATTEST and a bare signature with its scheme', async () => {
    const sized = (path: string | undefined): Uint8Array => {
      const bytes = new Uint8Array(readFileSync(path ?? ''))
      return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes)
    }
    const document = await verify(
      {
        ...good,
        ak: files.write('ak', sized(good['ak'])),
        message: files.write('message', sized(good['message'])),
        signature: files.write('signature', readFileSync(good['signature'] ?? '').subarray(6)),
        scheme: 'rsassa:sha256',
      },
      0,
    )
    expect(document.verified).toBe(true)
  })

  test('the nonce may be written in upper case', async () => {
    expect((await verify({ ...good, nonce: (good['nonce'] ?? '').toUpperCase() }, 0)).verified).toBe(true)
  })

  test('one of the files may come on standard input', async () => {
    const input = new Uint8Array(readFileSync(good['signature'] ?? ''))
    expect((await run(asArgs({ ...good, signature: '-' }), input)).code).toBe(0)
    expect(await run(asArgs({ ...good, signature: '-', message: '-' }), input)).toEqual({
      code: 2,
      stdout: '',
      stderr: 'trusthold: only one of the inputs can be standard input (-)\n',
    })
  })
})

describe('mistakes', () => {
  test.each([
    ['no nonce', { nonce: '' }, 'Expected 1 to 66 bytes in hexadecimal'],
    ['half a byte', { nonce: 'abc' }, 'Expected 1 to 66 bytes in hexadecimal'],
    ['a prefix', { nonce: '0xab' }, 'Expected 1 to 66 bytes in hexadecimal'],
    ['a nonce that no TPM takes', { nonce: '00'.repeat(67) }, 'Expected 1 to 66 bytes in hexadecimal'],
    ['an unknown scheme', { scheme: 'rsa' }, 'Expected rsassa, rsapss or ecdsa'],
    ['a missing file', { pcrs: '/nonexistent' }, '/nonexistent: cannot be read: no such file'],
    ['a directory', { eventlog: '/tmp' }, '/tmp: cannot be read: expected a file, found a directory'],
    ['an endless file', { message: '/dev/zero' }, '/dev/zero: expected at most 65536 bytes, found more'],
    ['an empty file', { message: '/dev/null' }, '/dev/null: expected content, found an empty file'],
    [
      'a key that is none',
      { ak: recorded('boot-secure/eventlog.bin') },
      'eventlog.bin: expected at offset 0 a TPM2B_PUBLIC',
    ],
  ])('%s', async (_, change, message) => {
    const { code, stdout, stderr } = await run(asArgs({ ...good, ...change }))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  test('an option that is given twice', async () => {
    for (const name of ['ak', 'nonce', 'scheme']) {
      const args = [
        ...asArgs({ ...good, scheme: 'rsassa:sha256' }),
        `--${name}`,
        name === 'scheme' ? 'ecdsa:sha256' : '00',
      ]
      expect((await run(args)).stderr).toContain('It is given twice.')
    }
  })
})
