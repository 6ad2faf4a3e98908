import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import type { EkShowDocument } from '../src/commands/ek-show.js'
import type { EkVerifyDocument } from '../src/commands/ek-verify.js'
import type { QuoteVerifyDocument } from '../src/commands/quote-verify.js'
import { readAttestationKey } from '../src/formats/attestation-key.js'
import { parseScheme } from '../src/formats/signature.js'
import { judgeQuote } from '../src/judge-quote.js'
import { runJson, runProcess } from './running.js'
import { createTools, type Tools } from './tpm2-tools.js'

const keys = [
  { name: 'rsassa', algorithm: 'rsa2048', scheme: 'rsassa', hash: 'sha256' },
  { name: 'rsapss', algorithm: 'rsa2048', scheme: 'rsapss', hash: 'sha256' },
  { name: 'p256', algorithm: 'ecc256', scheme: 'ecdsa', hash: 'sha256' },
  { name: 'p384', algorithm: 'ecc384', scheme: 'ecdsa', hash: 'sha384' },
] as const
type Key = (typeof keys)[number]

/** One PCR; more than a TPML_DIGEST takes; several banks, not in the order of their numbers. */
const selections = [
  'sha256:0',
  'sha384:0,1,2,3,4,5,6,7,8,9,10,11,14,16,17,23',
  'sha512:7,16+sha1:0,1,2,3,4,5,6,7,8,9,10+sha256:0,16,23',
] as const

const nonce = randomBytes(20).toString('hex')

describe('what tpm2-tools write is verified as they wrote it', () => {
  let tpm: Awaited<ReturnType<typeof startSwtpm>>
  let tools: Tools

  beforeAll(async () => {
    tpm = await startSwtpm({ pcrBanks: ['sha1', 'sha256', 'sha384', 'sha512'] })
    tools = createTools(tpm.tcti)
    for (const pcr of [0, 1, 7, 8, 16, 23]) {
      const digests = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
      const list = Object.entries(digests).map(
        ([bank, size]) => `${bank}=${randomBytes(size).toString('hex')}`,
      )
      tools.run('pcrextend', `${pcr}:${list.join(',')}`)
    }
    tools.run('createek', '-G', 'rsa', '-c', 'ek.ctx', '-u', 'ek.pub')
    for (const { name, algorithm, scheme, hash } of keys) makeKey(name, algorithm, scheme, hash)
  }, 60_000)

  afterAll(async () => {
    await tpm.stop()
    tools.files.remove()
  })

  function makeKey(name: string, algorithm: string, scheme: string, hash: string): void {
    const into = ['-c', `${name}.ctx`, '-u', `${name}.tss`, '-f', 'tss', '-n', `${name}.name`]
    tools.run('createak', '-C', 'ek.ctx', '-G', algorithm, '-g', hash, '-s', scheme, ...into)
    for (const format of ['pem', 'der', 'tpmt']) {
      tools.run('readpublic', '-c', `${name}.ctx`, '-f', format, '-o', `${name}.${format}`)
    }
  }

  interface Quote {
    readonly signature?: 'tss' | 'plain'
    readonly pcrs?: 'serialized' | 'values'
  }

  function quote({ name, hash, scheme }: Key, selection: string, formats: Quote = {}): void {
    const signature = formats.signature === undefined ? [] : ['-f', formats.signature]
    const pcrs = formats.pcrs === undefined ? [] : ['-F', formats.pcrs]
    const into = ['-m', 'quote.msg', '-s', 'quote.sig', '-o', 'quote.pcrs', ...signature, ...pcrs]
    tools.run(
      'quote',
      '-c',
      `${name}.ctx`,
      '-l',
      selection,
      '-q',
      nonce,
      '-g',
      hash,
      '--scheme',
      scheme,
      ...into,
    )
  }

  const argsOf = (ak: string, pcrs = 'quote.pcrs'): string[] => [
    ...['quote', 'verify', '--ak', tools.files.at(ak), '--nonce', nonce, '--pcrs', tools.files.at(pcrs)],
    ...['--message', tools.files.at('quote.msg'), '--signature', tools.files.at('quote.sig')],
  ]
  const verify = (args: readonly string[]) => runJson<QuoteVerifyDocument>(args, 0)
  const each = keys.flatMap((key) => selections.map((selection) => [key.name, selection, key] as const))

  test.each(each)('%s over %s, as tpm2_quote does it by default', async (_, selection, key) => {
    quote(key, selection)
    const { quote: said, pcrs } = await verify(argsOf(`${key.name}.tss`))
    expect(said?.selection.map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`).join('+')).toBe(selection)
    expect(pcrs).toEqual(readYaml(tools.run('pcrread', selection)))
  })

  const formats = keys.flatMap((key) =>
    (['tss', 'plain'] as const).flatMap((signature) =>
      (['serialized', 'values'] as const).map((pcrs) => [key.name, signature, pcrs, key] as const),
    ),
  )
  test.each(formats)('%s with the signature as %s and PCRs as %s', async (name, signature, pcrs, key) => {
    quote(key, selections[2], { signature, pcrs })
    const scheme = signature === 'plain' ? ['--scheme', `${key.scheme}:${key.hash}`] : []
    for (const format of ['tss', 'tpmt', 'pem', 'der']) {
      const { verified } = await verify([...argsOf(`${name}.${format}`), ...scheme])
      expect(verified, format).toBe(true)
    }
  })

  test('PCR values of tpm2_pcrread, in each of its forms', async () => {
    quote(keys[0], selections[2])
    tools.files.write('pcrs.yaml', tools.run('pcrread', selections[2], '-o', 'read.values'))
    tools.run('pcrread', selections[2], '-o', 'read.serialized', '-F', 'serialized')
    for (const pcrs of ['pcrs.yaml', 'read.values', 'read.serialized']) {
      expect((await verify(argsOf('rsassa.pem', pcrs))).verified, pcrs).toBe(true)
    }
  })

  test('by the program as it is built, too', async () => {
    quote(keys[2], selections[1])
    const { code, stdout, stderr } = await runProcess(argsOf('p256.tss'))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^verified\n/)
  })

  test.each(keys)('names of keys: $name', async ({ name }) => {
    for (const format of ['tss', 'tpmt']) {
      const document = await runJson<{ name: string }>(['name', tools.files.at(`${name}.${format}`)], 0)
      expect(document.name).toBe(Buffer.from(tools.read(`${name}.name`)).toString('hex'))
    }
  })

  test('the EK certificate that the TPM holds', async () => {
    tools.run('nvread', '-C', 'o', '0x01c00002', '-o', 'ek.der')
    tools.files.write('ca.pem', tpm.caCertificates)
    const shown = await runJson<EkShowDocument>(['ek', 'show', tools.files.at('ek.der')], 0)
    expect(shown.endorsementKey).toMatchObject({ kind: 'rsa-2048', model: 'swtpm' })
    const args = ['ek', 'verify', tools.files.at('ek.der'), '--ca', tools.files.at('ca.pem')]
    expect((await runJson<EkVerifyDocument>(args, 0)).trusted).toBe(true)
  })

  const changes = [
    ['rsassa', 'tss', 'serialized'],
    ['rsapss', 'plain', 'values'],
    ['p256', 'plain', 'serialized'],
    ['p384', 'tss', 'values'],
    ['p256', 'tss', 'yaml'],
  ] as const
  test.each(changes)('no changed byte goes unnoticed: %s, %s, %s', (name, signature, pcrs) => {
    const key = keys.find((each) => each.name === name) ?? keys[0]
    const form = pcrs === 'yaml' ? 'serialized' : pcrs
    quote(key, selections[2], { signature, pcrs: form })
    if (pcrs === 'yaml') tools.files.write('quote.pcrs', tools.run('pcrread', selections[2]))
    const scheme = signature === 'plain' ? parseScheme(`${key.scheme}:${key.hash}`) : undefined
    const attestationKey = readAttestationKey({ name: 'ak', bytes: tools.read(`${name}.tss`) })
    const written = { message: 'quote.msg', signature: 'quote.sig', pcrs: 'quote.pcrs' } as const
    const good = Object.fromEntries(
      Object.entries(written).map(([part, file]) => [part, { name: file, bytes: tools.read(file) }]),
    ) as Record<keyof typeof written, { name: string; bytes: Uint8Array }>
    const judge = (files: typeof good) =>
      judgeQuote({ ...files, attestationKey, scheme, nonce: new Uint8Array(Buffer.from(nonce, 'hex')) })
    expect(judge(good).verified).toBe(true)
    for (const part of Object.keys(written) as (keyof typeof written)[]) {
      for (let offset = 0; offset < good[part].bytes.length; offset++) {
        for (const mask of [0x01, 0x80]) {
          const bytes = Uint8Array.from(good[part].bytes)
          bytes[offset] = (bytes[offset] ?? 0) ^ mask
          const { verified, checks } = judge({ ...good, [part]: { name: part, bytes } })
          const place = `${part} at ${offset} with ${mask}`
          expect(verified, place).toBe(false)
          expect(
            checks.some(({ outcome }) => outcome === 'fail'),
            place,
          ).toBe(true)
        }
      }
    }
  })
})

/** What tpm2_pcrread printed, read another way than the command's. */
function readYaml(text: string): Record<string, Record<string, string>> {
  const banks: Record<string, Record<string, string>> = {}
  for (const [, bank = '', lines = ''] of text.matchAll(/^ {2}(\w+):\n((?: {4}.*\n)*)/gm)) {
    const values = [...lines.matchAll(/(\d+) *: 0x(\w+)/g)]
    banks[bank] = Object.fromEntries(values.map(([, pcr = '', hex = '']) => [pcr, hex.toLowerCase()]))
  }
  return banks
}
