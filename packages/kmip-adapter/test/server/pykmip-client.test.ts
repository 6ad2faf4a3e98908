import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'

const script = fileURLToPath(new URL('pykmip-client.py', import.meta.url))

let identities: TestIdentities
let embedded: Embedded
let directory: string
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, { wrappedKeyValue: 'structure' })
  directory = await mkdtemp(join(tmpdir(), 'trusthold-pykmip-client-'))
  await writeFile(join(directory, 'client.crt'), identities.client.certificate)
  await writeFile(join(directory, 'client.key'), identities.client.privateKey, { mode: 0o600 })
  await writeFile(join(directory, 'ca.crt'), identities.authority.certificate)
})
afterAll(async () => {
  await embedded.server.close()
  await identities.remove()
  await rm(directory, { recursive: true, force: true })
})

async function run(version: string): Promise<Readonly<Record<string, unknown>>> {
  const at = (file: string): string => join(directory, file)
  const certificates = [at('client.crt'), at('client.key'), at('ca.crt')]
  const args = ['-W', 'ignore', script, '127.0.0.1', String(embedded.port), ...certificates, version]
  const { stdout } = await promisify(execFile)('/usr/bin/python3', args, {
    env: { ...process.env, HOME: directory },
  })
  return JSON.parse(stdout) as Record<string, unknown>
}

const attributes = [
  'Cryptographic Algorithm',
  'Cryptographic Length',
  'Cryptographic Usage Mask',
  'Digest',
  'Initial Date',
  'Last Change Date',
  'Lease Time',
  'Name',
  'Object Type',
  'State',
  'Unique Identifier',
]

function expected(version: string): Readonly<Record<string, unknown>> {
  const is2 = version === '2.0'
  const named = version === '1.0' ? attributes.filter((name) => name !== 'Digest') : attributes
  const cryptography = {
    cbc: true,
    mac: true,
    signature: 'VALID',
    wrongSignature: 'INVALID',
    wrongUse: is2 ? 'INCOMPATIBLE_CRYPTOGRAPHIC_USAGE_MASK' : 'PERMISSION_DENIED',
  }
  return {
    activateTwice: is2 ? 'WRONG_KEY_LIFECYCLE_STATE' : 'PERMISSION_DENIED',
    allAttributes: named,
    attributeList: named,
    attributes: { 'Cryptographic Length': '256', Name: `key-${version}`, State: 'State.PRE_ACTIVE' },
    badLength: 'INVALID_FIELD',
    check: true,
    create: { algorithm: 'AES', bytes: 32, length: 256 },
    delete: true,
    deleteMissing: is2 ? 'ATTRIBUTE_NOT_FOUND' : 'ITEM_NOT_FOUND',
    derived: true,
    destroyActive: is2 ? 'WRONG_KEY_LIFECYCLE_STATE' : 'PERMISSION_DENIED',
    duplicateName: is2 ? 'NON_UNIQUE_NAME_ATTRIBUTE' : 'INVALID_FIELD',
    getDestroyed: is2 ? 'OBJECT_DESTROYED' : 'ITEM_NOT_FOUND',
    locate: true,
    locateMaximum: 1,
    locateMiss: [],
    modify: true,
    namesLeft: 0,
    opaque: true,
    opaqueActivate: is2 ? 'ILLEGAL_OBJECT_TYPE' : 'ILLEGAL_OPERATION',
    pair: ['X_509', 'PKCS_8'],
    registered: true,
    rekey: true,
    secret: true,
    stateAfterActivate: 'State.ACTIVE',
    stateAfterCompromise: 'State.COMPROMISED',
    stateAfterRevoke: 'State.DEACTIVATED',
    unknown: 'ITEM_NOT_FOUND',
    ...(is2 ? { set: true } : {}),
    ...(version === '1.0' ? {} : { wrapped: true }),
    ...(version === '1.0' || version === '1.1' ? {} : cryptography),
  }
}

test.each(['1.0', '1.1', '1.2', '1.3', '1.4', '2.0'])(
  'PyKMIP’s client works with KMIP %s',
  async (version) => {
    expect(await run(version)).toEqual(expected(version))
  },
)
