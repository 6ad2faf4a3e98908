import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imaKeyId } from '@trusthold/core/measured-boot'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfiguration } from '../src/read-configuration.js'
import { readServiceOptions } from '../src/service-options.js'

let directory = ''
const at = (name: string): string => join(directory, name)
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trusthold-configuration-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function read(document: unknown) {
  await writeFile(at('authority.json'), JSON.stringify(document))
  return await readConfiguration(at('authority.json'))
}
const saidBy = (document: unknown): Promise<string> =>
  read(document)
    .then(readServiceOptions)
    .then(() => 'nothing', String)

const keyServer = (change: object) => ({
  providers: [
    {
      name: 'finance',
      keyServer: {
        servers: [{ name: 'kms', host: 'kms.example' }],
        clientCertificate: 'client.pem',
        clientPrivateKey: 'client.key',
        trustedCertificates: ['ca.pem'],
        ...change,
      },
    },
  ],
})
const ima = (change: object = {}) => ({ attestation: { ima: { allowList: 'ima.json', ...change } } })

describe('the configuration file', () => {
  it.each<[object, string]>([
    [{ allowSoftwareTpm: true }, 'allowSoftwareTpm'],
    [{ attestation: { allowSoftwareTpm: 'true' } }, 'attestation.allowSoftwareTpm: '],
    [{ attestation: { tokenLifetimeSeconds: 0 } }, 'attestation.tokenLifetimeSeconds: '],
    [{ keyProvider: { primaryKeyLifetimeSeconds: 1.5 } }, 'keyProvider.primaryKeyLifetimeSeconds: '],
    [{ kmip: { version: '3.0' } }, 'kmip.version: '],
    [{ kmip: { version: '1.4', versions: ['1.4'] } }, 'kmip: expected version or versions, not both'],
    [
      { providers: [{ ...keyServer({}).providers[0], primaryKeyMode: 'far' }] },
      'providers.0.primaryKeyMode: ',
    ],
    [
      keyServer({ pinnedCertificates: ['abc'] }),
      'providers.0.keyServer.pinnedCertificates.0: expected a SHA-256 digest',
    ],
    [
      keyServer({ pinnedCertificates: [] }),
      'providers.0.keyServer.pinnedCertificates: expected at least one pin',
    ],
    [keyServer({ credential: {} }), 'providers.0.keyServer.credential: expected either username or device'],
    [
      keyServer({ credential: { username: 'a', device: { machineIdentifier: 'b' } } }),
      'providers.0.keyServer.credential: expected either username or device',
    ],
    [
      keyServer({ credential: { device: {} } }),
      'providers.0.keyServer.credential.device: expected something',
    ],
    // A secret has no place in the file itself.
    [keyServer({ credential: { username: 'a', password: 'secret' } }), '"password"'],
    [keyServer({ proxy: { host: 'p', port: 1, username: 'a', password: 'secret' } }), '"password"'],
    [keyServer({ proxy: { host: 'p', port: 0 } }), 'providers.0.keyServer.proxy.port: '],
    [
      keyServer({ proxy: { host: 'p', port: 1, passwordFile: 'f' } }),
      'providers.0.keyServer.proxy: expected a username with passwordFile',
    ],
    [ima({ acceptSigned: true }), 'attestation.ima: expected keys with acceptSigned'],
    [ima({ bootAggregate: 'never' }), 'attestation.ima.bootAggregate: '],
  ])('is refused with the place that is wrong: %j', async (document, message) => {
    const said = await saidBy(document)
    expect(said).toContain(`${at('authority.json')}: `)
    expect(said).toContain(message)
    expect(said).not.toContain('secret')
  })

  it('says nothing when it is empty, or not there', async () => {
    for (const configuration of [await read({}), await readConfiguration(undefined)]) {
      expect(await readServiceOptions(configuration)).toEqual({ keyServer: expect.any(Function) })
    }
  })

  it('is told apart from one that cannot be read', async () => {
    await expect(readConfiguration(at('none.json'))).rejects.toThrow('none.json: ENOENT')
    await writeFile(at('bad.json'), '{')
    await expect(readConfiguration(at('bad.json'))).rejects.toThrow('bad.json: ')
  })
})

describe('the policy for IMA', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const certificate = makeSelfSignedCertificate({ hosts: ['signer'], now: Date.now() })
  beforeAll(async () => {
    await writeFile(at('ima.json'), JSON.stringify({ version: 1, files: { '/bin/sh': [] } }))
    await writeFile(at('key.pem'), publicKey.export({ format: 'pem', type: 'spki' }))
    await writeFile(at('private.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }))
    await writeFile(at('certificate.pem'), certificate.certificate)
  })

  it('is read from the files that are named', async () => {
    const keys = [
      { name: 'distribution', file: 'key.pem' },
      { name: 'ours', file: 'key.pem', keyId: '01020304' },
      { name: 'certificate', file: 'certificate.pem' },
    ]
    const rules = { acceptSigned: true, bootAggregate: 'if-known', maxSignatures: 7 }
    const { ima: policy } = await readServiceOptions(await read(ima({ keys, ...rules })))
    expect(policy).toMatchObject(rules)
    expect([...(policy?.allowList.files.keys() ?? [])]).toEqual(['/bin/sh'])
    const names = (id: string) => policy?.keyring?.find(id).map(({ name }) => name)
    expect(names(imaKeyId(publicKey))).toEqual(['distribution'])
    expect(names('01020304')).toEqual(['ours'])
    const inside = new X509Certificate(await readFile(at('certificate.pem'))).publicKey
    expect(names(imaKeyId(inside))).toEqual(['certificate'])
  })

  it.each<[object, object, string]>([
    [{ version: 2 }, {}, 'attestation.ima.allowList: '],
    [{ version: 1, digests: ['md4:00'] }, {}, 'digests[0]'],
    [
      { version: 1 },
      { keys: [{ name: 'a', file: 'private.pem' }] },
      'keys.0: expected a public key or a certificate',
    ],
    [{ version: 1 }, { keys: [{ name: 'a', file: 'ima.json' }] }, 'attestation.ima.keys.0: '],
    [{ version: 1 }, { keys: [{ name: 'a', file: 'key.pem', keyId: 'xyz' }] }, 'attestation.ima.keys: '],
  ])('is refused with its place: %j, %j', async (list, change, message) => {
    await writeFile(at('ima.json'), JSON.stringify(list))
    expect(await saidBy(ima(change))).toContain(message)
  })
})
