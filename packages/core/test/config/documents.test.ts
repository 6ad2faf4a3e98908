import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { utf8 } from '../../src/bytes/index.js'
import {
  caDocument,
  endorsementSettingsDocument,
  jsonDocument,
  parseInput,
  providerDocument,
  registeredKeyDocument,
} from '../../src/config/index.js'
import { thrownBy } from '../jose/thrown.js'

const certificates = (count: number, length = 4) => ({
  certificates: Array.from({ length: count }, () => 'x'.repeat(length)),
})
const settings = (requireEndorsementKeys: boolean, requireCertificateValidation: boolean) => ({
  requireEndorsementKeys,
  requireCertificateValidation,
})
const server = { name: 'a', host: 'kms1' }
const provider = (change: object = {}, keyServer: object = {}) => ({
  primaryKeyId: 'key-1',
  formerPrimaryKeyIds: [],
  allowTlsDelivery: false,
  primaryKeyMode: 'local',
  keyServer: {
    servers: [server],
    clientCertificate: 'pem',
    clientPrivateKey: 'pem',
    trustedCertificates: ['pem'],
    ...keyServer,
  },
  ...change,
})
const formats = { caDocument, endorsementSettingsDocument, registeredKeyDocument, providerDocument }
type Name = keyof typeof formats

const good: [Name, object][] = [
  ['caDocument', certificates(1)],
  ['caDocument', certificates(64)],
  ['caDocument', certificates(1, 32_768)],
  ['registeredKeyDocument', { keyId: '0f'.repeat(32) }],
  ['endorsementSettingsDocument', settings(true, false)],
  ['endorsementSettingsDocument', settings(false, true)],
  ['endorsementSettingsDocument', settings(true, true)],
  ['providerDocument', provider()],
  [
    'providerDocument',
    provider({ allowTlsDelivery: true }, { timeoutSeconds: 300, servers: [{ ...server, port: 65_535 }] }),
  ],
  ...[
    { username: 'us' },
    { username: 'us', password: 'secret' },
    { device: { machineIdentifier: 'rack-4' }, password: 'secret' },
  ].map((credential): [Name, object] => ['providerDocument', provider({}, { credential })]),
]
const bad: [Name, string, object][] = [
  ['caDocument', 'no certificate', certificates(0)],
  ['caDocument', '65 certificates', certificates(65)],
  ['caDocument', 'a certificate that is too long', certificates(1, 32_769)],
  ['caDocument', 'an empty certificate', certificates(1, 0)],
  ['registeredKeyDocument', 'an id in capitals', { keyId: '0F'.repeat(32) }],
  ['registeredKeyDocument', 'a short id', { keyId: '0f'.repeat(31) }],
  ['registeredKeyDocument', 'an id with a line feed', { keyId: `${'0f'.repeat(32)}\n` }],
  ['endorsementSettingsDocument', 'neither of the two', settings(false, false)],
  ['endorsementSettingsDocument', 'one that is missing', { requireEndorsementKeys: true }],
  [
    'endorsementSettingsDocument',
    'a text for a truth value',
    { ...settings(true, true), requireEndorsementKeys: 'false' },
  ],
  ['providerDocument', 'no server', provider({}, { servers: [] })],
  ['providerDocument', '17 servers', provider({}, { servers: Array.from({ length: 17 }, () => server) })],
  ['providerDocument', 'port 0', provider({}, { servers: [{ ...server, port: 0 }] })],
  ['providerDocument', 'port 65,536', provider({}, { servers: [{ ...server, port: 65_536 }] })],
  ['providerDocument', 'a port that is not whole', provider({}, { servers: [{ ...server, port: 1.5 }] })],
  ['providerDocument', 'no trusted certificate', provider({}, { trustedCertificates: [] })],
  ['providerDocument', 'no time limit', provider({}, { timeoutSeconds: 0 })],
  ['providerDocument', 'an empty primary key', provider({ primaryKeyId: '' })],
  ['providerDocument', 'a primary key of 257 characters', provider({ primaryKeyId: 'x'.repeat(257) })],
  ...Object.entries({
    'a credential of nobody': {},
    'a credential of a device without anything': { device: {} },
    'a credential with an empty identifier': { device: { machineIdentifier: '' } },
    'a credential of a user and a device': { username: 'us', device: { machineIdentifier: 'rack-4' } },
  }).map(([title, credential]): [Name, string, object] => [
    'providerDocument',
    title,
    provider({}, { credential }),
  ]),
  ['providerDocument', 'no word on delivery', provider({ allowTlsDelivery: undefined })],
]

describe('stored documents', () => {
  it.each(good)('%s keeps %j', (name, document) => {
    const format = formats[name] as {
      encode(d: unknown): Uint8Array
      decode(b: Uint8Array, n: string): unknown
    }
    expect(format.decode(format.encode(document), 'x')).toEqual(document)
  })

  it.each(bad)('%s with %s is neither written nor read', (name, _, document) => {
    const format = formats[name] as {
      encode(d: unknown): Uint8Array
      decode(b: Uint8Array, n: string): unknown
    }
    expect(thrownBy(() => format.encode(document)).code).toBe('REQUEST_INVALID')
    const error = thrownBy(() => format.decode(utf8(JSON.stringify(document)), 'its name'))
    expect([error.code, error.context]).toEqual([
      'STORE_CORRUPT',
      { key: 'its name', reason: 'not a document of its kind' },
    ])
  })

  it.each(good)('%s with a member more is neither written nor read', (name, document) => {
    const format = formats[name] as {
      encode(d: unknown): Uint8Array
      decode(b: Uint8Array, n: string): unknown
    }
    const more = { ...document, extra: 1 }
    expect(thrownBy(() => format.encode(more)).code).toBe('REQUEST_INVALID')
    expect(thrownBy(() => format.decode(utf8(JSON.stringify(more)), 'x')).code).toBe('STORE_CORRUPT')
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['no JSON', utf8('{')],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['null', utf8('null')],
    ['a list', utf8('[]')],
  ])('are not read from %s', (_, bytes) => {
    for (const format of Object.values(formats)) {
      expect(thrownBy(() => format.decode(bytes, 'x')).code).toBe('STORE_CORRUPT')
    }
  })
})

it('a provider that was stored before there were modes is used as before', () => {
  const { primaryKeyMode: _, ...stored } = provider()
  const document = providerDocument.decode(providerDocument.encode(stored as never), 'finance')
  expect(document).toEqual({ ...stored, primaryKeyMode: 'local' })
})

describe('parseInput', () => {
  const schema = z.strictObject({ servers: z.array(z.strictObject({ port: z.int() })) })

  it('names the place of the first problem', () => {
    const error = thrownBy(() => parseInput(schema, { servers: [{ port: 1 }, { port: 'x' }] }, 'body'))
    expect([error.code, error.context]).toMatchObject(['REQUEST_INVALID', { path: 'body.servers.1.port' }])
  })

  it('repeats no value, and of unexpected names only the start, on one line', () => {
    const error = thrownBy(() => parseInput(schema, { servers: [{ port: 'canary' }] }, 'body'))
    expect(JSON.stringify([error.message, error.context])).not.toContain('canary')
    const name = `evil\r\n${'x'.repeat(100_000)}`
    const named = thrownBy(() => parseInput(schema, { servers: [], [name]: 1 }, 'body'))
    expect(JSON.stringify(named.context).length).toBeLessThan(400)
    expect((named.context as { expected: string }).expected).not.toMatch(/[\r\n]/)
  })

  it('gives what was checked', () => {
    const input = { servers: [{ port: 1 }] }
    expect(parseInput(schema, input, 'body')).toEqual(input)
    expect(jsonDocument(schema).decode(jsonDocument(schema).encode(input), 'x')).toEqual(input)
  })
})
