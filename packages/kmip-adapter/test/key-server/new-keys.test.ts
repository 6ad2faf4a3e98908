import { describe, expect, test } from 'vitest'
import { kmip } from '../../src/key-server/index.js'
import { clientOptions, created, located } from '../scripted-server.js'
import {
  type Answer,
  about,
  answering,
  attributesOf,
  broken,
  identities,
  keyServerOf,
  operationsOf,
  refused,
  stage,
  success,
  useStage,
} from './key-server-stage.js'

useStage()

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
