import { SecretBytes } from '@trusthold/core/bytes'
import type { KeyServer, SealedBytes } from '@trusthold/core/ports'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { kmip } from '../../src/key-server/index.js'
import { requestMessage } from '../../src/messages/index.js'
import { decodeMessage } from '../../src/ttlv/index.js'
import {
  clientOptions,
  created,
  createIdentities,
  located,
  openStage,
  response,
  type Script,
  type ScriptedRequest,
  type Stage,
  type TestIdentities,
  versionsServed,
} from '../scripted-server.js'

let identities: TestIdentities
let stage: Stage
beforeAll(async () => {
  identities = await createIdentities()
})
beforeEach(() => {
  stage = openStage(identities)
})
afterEach(() => stage.end())
afterAll(() => identities.remove())

type Answer = (request: ScriptedRequest) => Uint8Array | undefined
type Item = Parameters<typeof response>[0][number]

const success = (operation: string, responsePayload: Record<string, unknown>): Uint8Array =>
  response([{ operation, resultStatus: 'Success', responsePayload } as Item])
const refused = (operation: string, resultReason: string): Uint8Array =>
  response([{ operation, resultStatus: 'OperationFailed', resultReason } as Item])
const broken: Answer = ({ socket }) => {
  socket.destroy()
  return undefined
}
const about = (operation: string, uniqueIdentifier: string): Uint8Array =>
  success(operation, { uniqueIdentifier })

interface State {
  readonly state?: string
  readonly more?: readonly { readonly name: string; readonly value: unknown }[]
}
const attributesOf = (id: string, { state = 'Active', more = [] }: State = {}): Uint8Array =>
  success('GetAttributes', {
    uniqueIdentifier: id,
    attribute: [
      { name: 'State', value: state },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
      { name: 'CryptographicUsageMask', value: 0x3c },
      ...more,
    ],
  })

/** A key server over scripted ones, by version 1.4 unless told otherwise. */
function keyServerOf(
  ports: readonly number[],
  options: Parameters<typeof kmip>[0] = { version: '1.4' },
): KeyServer {
  const { tls } = clientOptions(identities, [])
  const keyServer = kmip(options)({
    servers: ports.map((port) => ({ name: `node-${port}`, host: '127.0.0.1', port })),
    ...tls,
    timeoutSeconds: 20,
  })
  stage.onEnd(() => keyServer.close())
  return keyServer
}

/** Answers each operation by the next of its answers, and by the last of them from then on. */
function answering(answers: Readonly<Record<string, readonly Answer[]>>): Script {
  const counts = new Map<unknown, number>()
  return (request) => {
    const given = answers[request.operation]
    const count = counts.get(request.operation) ?? 0
    counts.set(request.operation, count + 1)
    return given?.[Math.min(count, given.length - 1)]?.(request)
  }
}

const operationsOf = ({ requests }: { requests: readonly ScriptedRequest[] }): unknown[] =>
  requests.map(({ operation }) => operation)

describe('a new key', () => {
  const usual = {
    Locate: [() => located(), () => located('7')],
    Create: [() => created('7')],
    Activate: [() => about('Activate', '7')],
    GetAttributes: [() => attributesOf('7')],
    Destroy: [() => about('Destroy', '7')],
  } satisfies Record<string, Answer[]>
  const make = async (answers: Record<string, readonly Answer[]>, options?: Parameters<typeof kmip>[0]) => {
    const server = await stage.serve(answering({ ...usual, ...answers }))
    const end = await keyServerOf([server.port], options)
      .create('name')
      .catch((error: unknown) => error)
    return { server, end }
  }

  test('is looked for, made, looked for, activated and looked at', async () => {
    const { server, end } = await make({})
    expect(end).toMatchObject({
      id: '7',
      state: 'active',
      usage: ['encrypt', 'decrypt', 'wrap-key', 'unwrap-key'],
    })
    expect(operationsOf(server)).toEqual(['Locate', 'Create', 'Locate', 'Activate', 'GetAttributes'])
  })

  test('that was made although no answer came is found by its name', async () => {
    const { server, end } = await make({ Create: [broken] })
    expect(end).toMatchObject({ id: '7', state: 'active' })
    expect(operationsOf(server)).toEqual([
      'Locate',
      'Create',
      'Locate',
      'GetAttributes',
      'Locate',
      'Activate',
      'GetAttributes',
    ])
  })

  test.each<[string, number, string]>([
    ['of other uses', 0x0c, 'ALREADY_EXISTS'],
    ['of another type', 0x3c, 'KMIP_PROTOCOL'],
  ])('whose making nobody knows of is not another object of its name: %s', async (what, mask, code) => {
    const foreign = [
      { name: 'State', value: 'PreActive' },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
      { name: 'CryptographicUsageMask', value: mask },
      { name: 'ObjectType', value: what === 'of another type' ? 'SplitKey' : 'SymmetricKey' },
    ]
    const answer = () => success('GetAttributes', { uniqueIdentifier: '7', attribute: foreign })
    const { server, end } = await make({ Create: [broken], GetAttributes: [answer] })
    expect(end).toMatchObject({ code })
    expect(operationsOf(server)).toEqual(['Locate', 'Create', 'Locate', 'GetAttributes'])
  })

  test('that may not be used as one is not believed', async () => {
    const less = [{ name: 'CryptographicUsageMask', value: 0x0c }]
    const whole = [
      { name: 'State', value: 'Active' },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
    ]
    const answer = () => success('GetAttributes', { uniqueIdentifier: '7', attribute: [...whole, ...less] })
    expect((await make({ GetAttributes: [answer] })).end).toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('that was not made is made again', async () => {
    const { server, end } = await make({
      Locate: [() => located(), () => located(), () => located('7')],
      Create: [broken, () => created('7')],
    })
    expect(end).toMatchObject({ id: '7' })
    expect(operationsOf(server).slice(0, 5)).toEqual(['Locate', 'Create', 'Locate', 'Create', 'Locate'])
  })

  test('is made three times at most', async () => {
    const { server, end } = await make({ Locate: [() => located()], Create: [broken] })
    expect(end).toMatchObject({ code: 'TRANSPORT_FAILED' })
    expect(operationsOf(server).filter((one) => one === 'Create')).toHaveLength(3)
  })

  test('is not made again when the server may only be slow', async () => {
    const { server, end } = await make(
      { Locate: [() => located()], Create: [() => undefined] },
      { version: '1.4', timeouts: { request: 60 } },
    )
    expect(end).toMatchObject({ code: 'TRANSPORT_TIMEOUT', retryable: false })
    expect(operationsOf(server)).toEqual(['Locate', 'Create', 'Locate'])
  })

  test("is not taken for ours when others' are found with it, and nothing is destroyed", async () => {
    const { server, end } = await make({
      Locate: [() => located(), () => located('7', '8')],
      Create: [broken],
    })
    expect(end).toMatchObject({ code: 'ALREADY_EXISTS' })
    expect(operationsOf(server)).not.toContain('Destroy')
  })

  test("that was found, and that another caller activates, is that caller's", async () => {
    const { server, end } = await make({
      Create: [broken],
      Activate: [() => refused('Activate', 'WrongKeyLifecycleState')],
    })
    expect(end).toMatchObject({ code: 'ALREADY_EXISTS' })
    expect(operationsOf(server)).not.toContain('Destroy')
  })

  test('that was found, and whose activation got no answer, stays open: nobody knows whose it is', async () => {
    const { server, end } = await make({ Create: [broken], Activate: [broken] })
    expect(end).toMatchObject({ code: 'TRANSPORT_FAILED' })
    expect(operationsOf(server)).not.toContain('Destroy')
  })

  test('is active although the answer to that was lost', async () => {
    const { server, end } = await make({ Activate: [broken] })
    expect(end).toMatchObject({ id: '7', state: 'active' })
    expect(operationsOf(server).filter((one) => one === 'Activate')).toHaveLength(1)
  })

  test('is activated again when it was not', async () => {
    const { server, end } = await make({
      Activate: [broken, () => about('Activate', '7')],
      GetAttributes: [() => attributesOf('7', { state: 'PreActive' }), () => attributesOf('7')],
    })
    expect(end).toMatchObject({ id: '7', state: 'active' })
    expect(operationsOf(server).filter((one) => one === 'Activate')).toHaveLength(2)
  })

  test('that is refused is not looked for: another of its name would not be ours', async () => {
    const { server, end } = await make({ Create: [() => refused('Create', 'PermissionDenied')] })
    expect(end).toMatchObject({ code: 'KMIP_RESULT', context: { kind: 'denied' } })
    expect(operationsOf(server)).toEqual(['Locate', 'Create'])
  })

  test.each<[string, Answer, string, number]>([
    ['refused for another reason', () => refused('Activate', 'InvalidField'), 'Active', 1],
    ['refused for its state, which it is not', () => refused('Activate', 'IllegalOperation'), 'PreActive', 1],
    ['lost, and the key was compromised', broken, 'Compromised', 1],
    ['lost again and again', broken, 'PreActive', 3],
  ])('whose activation was %s is destroyed', async (_, activation, state, times) => {
    const { server, end } = await make({
      Activate: [activation],
      GetAttributes: [() => attributesOf('7', { state })],
    })
    expect(end).toMatchObject({ code: expect.stringMatching(/^(?:KMIP_RESULT|TRANSPORT_FAILED)$/) })
    const asked = operationsOf(server)
    expect(asked.filter((operation) => operation === 'Activate')).toHaveLength(times)
    expect(asked.at(-1)).toBe('Destroy')
  })

  test.each([
    ['of another type', { objectType: 'SecretData', uniqueIdentifier: '7' }],
    ['without an id', { objectType: 'SymmetricKey', uniqueIdentifier: '' }],
  ])('%s is no key', async (_, payload) => {
    const { server, end } = await make({
      Locate: [() => located()],
      Create: [() => success('Create', payload)],
    })
    expect(end).toMatchObject({ code: 'KMIP_PROTOCOL', context: { operation: 'Create' } })
    expect(operationsOf(server)).not.toContain('Activate')
  })

  test('needs a name', async () => {
    const server = await stage.serve(() => undefined)
    await expect(keyServerOf([server.port]).create('')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(server.requests).toHaveLength(0)
  })

  test('that the server activates by itself is active', async () => {
    const { end } = await make({ Activate: [() => refused('Activate', 'WrongKeyLifecycleState')] })
    expect(end).toMatchObject({ id: '7', state: 'active' })
  })

  test('that cannot be activated is destroyed, and keeps no name', async () => {
    const { server, end } = await make({
      Activate: [() => refused('Activate', 'WrongKeyLifecycleState')],
      GetAttributes: [() => attributesOf('7', { state: 'Compromised' })],
    })
    expect(end).toMatchObject({ code: 'KMIP_RESULT', context: { kind: 'state' } })
    expect(operationsOf(server).at(-1)).toBe('Destroy')
  })

  test.each([
    ['another length', { name: 'CryptographicLength', value: 128 }],
    ['another algorithm', { name: 'CryptographicAlgorithm', value: 'Camellia' }],
  ])('of %s than was asked for is destroyed', async (_, attribute) => {
    const { server, end } = await make({
      GetAttributes: [
        () =>
          success('GetAttributes', {
            uniqueIdentifier: '7',
            attribute: [
              { name: 'State', value: 'Active' },
              { name: 'CryptographicUsageMask', value: 0x3c },
              ...[
                { name: 'CryptographicAlgorithm', value: 'AES' },
                { name: 'CryptographicLength', value: 256 },
              ].filter(({ name }) => name !== attribute.name),
              attribute,
            ],
          }),
      ],
    })
    expect(end).toMatchObject({ code: 'KMIP_PROTOCOL' })
    expect(operationsOf(server).at(-1)).toBe('Destroy')
  })

  test('whose name was taken in the meantime is destroyed', async () => {
    const { server, end } = await make({ Locate: [() => located(), () => located('6', '7')] })
    expect(end).toMatchObject({ code: 'ALREADY_EXISTS' })
    expect(operationsOf(server).at(-1)).toBe('Destroy')
  })

  test.each(['ObjectAlreadyExists', 'NonUniqueNameAttribute'])(
    'is refused by a server that minds names: %s',
    async (reason) => {
      const { end } = await make({ Create: [() => refused('Create', reason)] })
      expect(end).toMatchObject({ code: 'ALREADY_EXISTS', context: { name: 'name' } })
    },
  )

  test('is not made while it is not known whether a server knows its name', async () => {
    const knowing = await stage.serve(answering(usual))
    const silent = await stage.serve(() => undefined)
    const { tls } = clientOptions(identities, [])
    const keyServer = kmip({ version: '1.4', timeouts: { request: 20_000 } })({
      servers: [knowing, silent].map(({ port }) => ({ name: String(port), host: '127.0.0.1', port })),
      ...tls,
      timeoutSeconds: 0.2,
    })
    stage.onEnd(() => keyServer.close())
    await expect(keyServer.create('name')).rejects.toMatchObject({ code: 'TRANSPORT_TIMEOUT' })
    expect(operationsOf(knowing)).toEqual(['Locate'])
  })

  test('of a name that any of the servers knows is not made', async () => {
    const behind = await stage.serve(answering(usual))
    const ahead = await stage.serve(answering({ Locate: [() => located('6')] }))
    const make = keyServerOf([behind.port, ahead.port]).create('name')
    await expect(make).rejects.toMatchObject({ code: 'ALREADY_EXISTS' })
    expect(operationsOf(behind)).toEqual(['Locate'])
  })
})

describe('what a server says of a key', () => {
  const describeWith = async (more: State['more']) => {
    const server = await stage.serve(() => attributesOf('7', more === undefined ? {} : { more }))
    return await keyServerOf([server.port])
      .describe('7')
      .catch((error: unknown) => error)
  }
  const link = (linkType: string, linkedObjectIdentifier: string) => ({
    name: 'Link',
    value: { linkType, linkedObjectIdentifier },
  })

  test.each([
    ['nothing', undefined, undefined],
    ['extractable', [{ name: 'Extractable', value: true }], true],
    ['not extractable', [{ name: 'Extractable', value: false }], false],
    ['sensitive', [{ name: 'Sensitive', value: true }], false],
    ['not sensitive', [{ name: 'Sensitive', value: false }], true],
    [
      'extractable, but only wrapped',
      [
        { name: 'Extractable', value: true },
        { name: 'Sensitive', value: true },
      ],
      false,
    ],
  ])('%s', async (_, more, extractable) => {
    expect(((await describeWith(more)) as { extractable?: boolean }).extractable).toBe(extractable)
  })

  test('is what replaces it, and no other link', async () => {
    const replaced = [
      link('ReplacedObjectLink', '6'),
      link('ReplacementObjectLink', '8'),
      link('ParentLink', '9'),
    ]
    expect(await describeWith(replaced)).toMatchObject({ replacedBy: '8' })
    expect(await describeWith([link('ReplacedObjectLink', '6')])).not.toHaveProperty('replacedBy')
  })

  test.each([
    ['two keys', [link('ReplacementObjectLink', '8'), link('ReplacementObjectLink', '9')]],
    ['a key without an id', [link('ReplacementObjectLink', '')]],
  ])('that it is replaced by %s is nonsense', async (_, more) => {
    expect(await describeWith(more)).toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('has to be about that key, and whole', async () => {
    const other = await stage.serve(() => attributesOf('8'))
    await expect(keyServerOf([other.port]).describe('7')).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    const whole = [
      { name: 'State', value: 'Active' },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
    ]
    for (const missing of whole) {
      const attribute = whole.filter((one) => one !== missing)
      const less = await stage.serve(() => success('GetAttributes', { uniqueIdentifier: '7', attribute }))
      await expect(keyServerOf([less.port]).describe('7')).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    }
    for (const id of ['', undefined as unknown as string]) {
      const described = keyServerOf([other.port]).describe(id)
      await expect(described).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })
})

describe('abilities', () => {
  const serveWith = (operations: readonly string[], more?: State['more']) =>
    stage.serve(
      answering({
        GetAttributes: [() => attributesOf('7', more === undefined ? {} : { more })],
        Query: [() => success('Query', { operation: operations })],
      }),
    )
  const able = { able: true }

  test('are of the server and of the key', async () => {
    const { port } = await serveWith(['Get', 'Encrypt', 'Decrypt'])
    expect(await keyServerOf([port]).abilities('7')).toEqual({ get: able, encrypt: able, decrypt: able })
    expect(await keyServerOf([port], { version: '1.3' }).abilities('7')).toMatchObject({
      get: able,
      encrypt: { able: false, reason: expect.stringMatching(/1\.4.*1\.3/) },
      decrypt: { able: false },
    })
    const half = await serveWith(['Get', 'Encrypt'])
    expect(await keyServerOf([half.port]).abilities('7')).toMatchObject({
      encrypt: able,
      decrypt: { able: false, reason: expect.stringContaining('Decrypt') },
    })
  })

  test('are those of all servers: any may have to answer', async () => {
    const all = await serveWith(['Encrypt', 'Decrypt'])
    const less = await serveWith(['Decrypt'])
    expect(await keyServerOf([all.port, less.port]).abilities('7')).toMatchObject({
      encrypt: { able: false },
      decrypt: able,
    })
    expect(await keyServerOf([1, all.port]).abilities('7')).toMatchObject({ encrypt: able })
  })

  test.each([
    ['may not leave', [{ name: 'Extractable', value: false }], 'get'],
    ['is only for wrapping', [{ name: 'CryptographicUsageMask', value: 0x30 }], 'encrypt'],
    ['only decrypts', [{ name: 'CryptographicUsageMask', value: 0x8 }], 'encrypt'],
    ['only encrypts', [{ name: 'CryptographicUsageMask', value: 0x4 }], 'decrypt'],
    ['is not active', [{ name: 'State', value: 'Deactivated' }], 'decrypt'],
    ['is too short', [{ name: 'CryptographicLength', value: 128 }], 'encrypt'],
    ['is for another cipher', [{ name: 'CryptographicAlgorithm', value: 'Camellia' }], 'encrypt'],
  ] as const)('of a key that %s', async (_, more, ability) => {
    const server = await stage.serve(
      answering({
        GetAttributes: [
          () => {
            const names = more.map(({ name }): string => name)
            const usual = [
              { name: 'State', value: 'Active' },
              { name: 'CryptographicAlgorithm', value: 'AES' },
              { name: 'CryptographicLength', value: 256 },
              { name: 'CryptographicUsageMask', value: 0x3c },
            ].filter(({ name }) => !names.includes(name))
            return success('GetAttributes', { uniqueIdentifier: '7', attribute: [...usual, ...more] })
          },
        ],
        Query: [() => success('Query', { operation: ['Get', 'Encrypt', 'Decrypt'] })],
      }),
    )
    expect((await keyServerOf([server.port]).abilities('7'))[ability]).toMatchObject({ able: false })
  })
})

describe('encryption in the server', () => {
  const plaintext = new Uint8Array(32).fill(1)
  const none = new Uint8Array()
  const sealed: SealedBytes = { iv: new Uint8Array(12), ciphertext: plaintext, tag: new Uint8Array(16) }
  const encryptWith = async (answer: object, version: '1.4' | '1.3' = '1.4') => {
    const server = await stage.serve(() => success('Encrypt', { uniqueIdentifier: '7', ...answer }))
    return { server, end: keyServerOf([server.port], { version }).encrypt('7', plaintext, none) }
  }
  const good = { data: new Uint8Array(32), authenticatedEncryptionTag: new Uint8Array(16) }

  test('is believed when ciphertext and tag are whole', async () => {
    const { ciphertext, tag } = await (await encryptWith(good)).end
    expect([ciphertext.length, tag.length]).toEqual([32, 16])
  })

  test.each([
    ['no tag came back', { data: good.data }],
    ['the tag is at the end of the ciphertext', { data: new Uint8Array(48) }],
    ['the tag is short', { ...good, authenticatedEncryptionTag: new Uint8Array(12) }],
    ['nothing was encrypted', { authenticatedEncryptionTag: good.authenticatedEncryptionTag }],
    ['something else was encrypted', { ...good, data: new Uint8Array(16) }],
    ['the server chose a vector of its own', { ...good, ivCounterNonce: new Uint8Array(12) }],
    ['it was by another key', { ...good, uniqueIdentifier: '8' }],
  ])('is refused when %s', async (_, answer) => {
    await expect((await encryptWith(answer)).end).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test.each(['1.2', '1.3'] as const)('is not asked for by version %s', async (version) => {
    const server = await stage.serve(() => undefined)
    const keyServer = keyServerOf([server.port], { version })
    const unsupported = { code: 'KMIP_RESULT', context: { kind: 'unsupported' } }
    await expect(keyServer.encrypt('7', plaintext, none)).rejects.toMatchObject(unsupported)
    await expect(keyServer.decrypt('7', sealed, none)).rejects.toMatchObject(unsupported)
    expect(server.requests).toHaveLength(0)
  })

  test('is undone only when as much comes back as went in', async () => {
    const decryptTo = async (data: object) => {
      const server = await stage.serve(() => success('Decrypt', { uniqueIdentifier: '7', ...data }))
      return await keyServerOf([server.port]).decrypt('7', sealed, none)
    }
    expect((await decryptTo({ data: SecretBytes.from(plaintext) })).length).toBe(32)
    for (const data of [{}, { data: SecretBytes.from(plaintext.subarray(1)) }]) {
      await expect(decryptTo(data)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    }
  })
})

test.each([
  ['UsernameAndPassword', { username: 'us', password: 'secret' }],
  ['Device', { device: { deviceSerialNumber: 'serial-17' }, password: 'secret' }],
] as const)('the credential %s is sent with every request, the first included', async (type, credential) => {
  const server = await stage.serve(
    answering({
      DiscoverVersions: [() => versionsServed([1, 4])],
      GetAttributes: [() => attributesOf('7')],
    }),
  )
  const { tls } = clientOptions(identities, [])
  const keyServer = kmip()({
    servers: [{ name: 'one', host: '127.0.0.1', port: server.port }],
    ...tls,
    credential,
  })
  stage.onEnd(() => keyServer.close())
  await keyServer.describe('7')
  for (const { frame } of server.requests) {
    const { authentication } = decodeMessage(requestMessage, frame).requestHeader
    expect(authentication?.credential?.map(({ credentialType }) => credentialType)).toEqual([type])
    for (const said of ['secret', 'device' in credential ? 'serial-17' : 'us']) {
      expect(Buffer.from(frame).includes(said)).toBe(true)
    }
  }
  expect(server.requests).toHaveLength(2)
})

describe('health', () => {
  test('has the names of the configuration, in its order', async () => {
    const found = await keyServerOf([1, 2]).health()
    expect(found.map(({ name, endpoint }) => [name, endpoint])).toEqual([
      ['node-1', '127.0.0.1:1'],
      ['node-2', '127.0.0.1:2'],
    ])
    // Nothing is said of certificates that nobody has seen.
    expect(found.map(({ details }) => details.length)).toEqual([1, 1])
  })

  const searched = (search: Answer) =>
    stage.serve(answering({ Query: [() => success('Query', {})], Locate: [search] }))

  test('is a warning where searching is forbidden: keys can be used all the same', async () => {
    const { port } = await searched(() => refused('Locate', 'PermissionDenied'))
    expect(await keyServerOf([port]).health()).toMatchObject([
      { health: 'WARNING', details: [expect.stringContaining('PermissionDenied')] },
    ])
  })

  test('is a warning from thirty days before a certificate ends', async () => {
    const { port } = await searched(() => located())
    const days = (count: number) => ({ now: () => Date.now() + count * 86_400_000 })
    const healthAfter = async (count: number) =>
      (await keyServerOf([port], { version: '1.4', clock: days(count) }).health())[0]
    expect(await healthAfter(790)).toMatchObject({ health: 'OK', details: [] })
    expect(await healthAfter(800)).toMatchObject({
      health: 'WARNING',
      details: [expect.stringMatching(/our.* in 2\d days/), expect.stringMatching(/server's.* in 2\d days/)],
    })
    expect(await healthAfter(900)).toMatchObject({
      details: [expect.stringMatching(/our.*has ended/), expect.stringMatching(/server's.*has ended/)],
    })
  })
})
