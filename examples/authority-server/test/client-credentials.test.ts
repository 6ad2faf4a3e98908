import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readClientCredentials } from '../src/client-credentials.js'
import { readConfiguration } from '../src/read-configuration.js'

const recordings = new URL('../../../test/recordings/certificates/', import.meta.url)
const { password } = JSON.parse(await readFile(new URL('recording.json', recordings), 'utf8')) as {
  password: string
}

const files = new Map([
  ['right', Buffer.from(password)],
  ['with a line end', Buffer.from(`${password}\r\nand more`)],
  ['wrong', Buffer.from(`${password}!`)],
  ['certificate', Buffer.from('a certificate')],
  ['key', Buffer.from('a key')],
])
const read = async (name: string): Promise<Buffer> =>
  files.get(name) ?? (await readFile(new URL(name, recordings)))

describe('the credentials of the key server\u2019s client', () => {
  it('are two files of PEM', async () => {
    const pem = { clientCertificate: 'certificate', clientPrivateKey: 'key' }
    expect(await readClientCredentials(pem, read)).toEqual({
      clientCertificate: 'a certificate',
      clientPrivateKey: 'a key',
    })
  })

  it.each(['rsa.p12', 'ec.p12', 'legacy.p12'])('or %s, with its chain', async (clientPkcs12) => {
    for (const clientPkcs12Password of ['right', 'with a line end']) {
      const pem = await readClientCredentials({ clientPkcs12, clientPkcs12Password }, read)
      const certificate = new X509Certificate(pem.clientCertificate)
      expect(certificate.checkPrivateKey(createPrivateKey(pem.clientPrivateKey))).toBe(true)
    }
  })

  it.each([
    ['rsa.p12', 'wrong'],
    ['rsa.p12', 'recording.json'],
    ['root.pem', 'right'],
    ['no-key.p12', 'right'],
    ['no-mac.p12', 'right'],
  ])(
    'are refused: %s with the password %s, which no error repeats',
    async (clientPkcs12, clientPkcs12Password) => {
      const error = await readClientCredentials({ clientPkcs12, clientPkcs12Password }, read).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({
        code: expect.stringMatching(/CERTIFICATE_BUNDLE_INVALID|ARGUMENT_INVALID/),
      })
      expect(String(error)).not.toContain(password)
    },
  )
})

describe('the configuration file', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trusthold-configuration-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  it.each<Record<string, string>>([
    {},
    { clientCertificate: 'a' },
    { clientPrivateKey: 'a' },
    { clientPkcs12: 'a' },
    { clientPkcs12Password: 'a' },
    { clientCertificate: 'a', clientPrivateKey: 'a', clientPkcs12: 'a' },
    { clientCertificate: 'a', clientPrivateKey: 'a', clientPkcs12: 'a', clientPkcs12Password: 'a' },
    { clientCertificate: 'a', clientPkcs12: 'a', clientPkcs12Password: 'a' },
  ])('must give them in exactly one way, not as %j', async (credentials) => {
    const file = join(directory, 'authority.json')
    const keyServer = {
      servers: [{ name: 'kms', host: 'localhost' }],
      trustedCertificates: ['ca'],
      ...credentials,
    }
    await writeFile(file, JSON.stringify({ providers: [{ name: 'finance', keyServer }] }))
    await expect(readConfiguration(file)).rejects.toThrow(
      'providers.0.keyServer: expected clientCertificate and clientPrivateKey, or clientPkcs12 and clientPkcs12Password',
    )
  })
})
