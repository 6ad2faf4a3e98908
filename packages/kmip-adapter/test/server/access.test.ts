import { createHash, X509Certificate } from 'node:crypto'
import { SecretBytes, utf8 } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Identity } from '../../../../scripts/peers/certificate-authority.mjs'
import { userCredential } from '../../src/protocol/index.js'
import {
  allowOperations,
  type ClientIdentity,
  limitRate,
  type OperationRecord,
  ownerBySubject,
  recordOperations,
  refuse,
} from '../../src/server/index.js'
import { createIdentities, startEmbedded, type TestIdentities } from './embedded.js'
import { attr, named, talk } from './talker.js'

let identities: TestIdentities
let other: Identity
beforeAll(async () => {
  identities = await createIdentities()
  other = await identities.authority.issue({ subject: '/CN=client', usage: ['clientAuth'] })
})
afterAll(() => identities.remove())

describe('owners', () => {
  test('see their own objects only: another’s is not there, and its names are free', async () => {
    await using embedded = await startEmbedded(identities)
    await using mine = await talk(embedded, identities, '2.1')
    await using theirs = await talk(embedded, identities, '2.1', other)
    const id = await mine.createKey(named('mine'))
    const asks: readonly (readonly [string, object])[] = [
      ['Get', {}],
      ['GetAttributes', {}],
      ['Activate', {}],
      ['Destroy', {}],
      ['ReKey', {}],
      ['Export', {}],
      ['Check', {}],
      ['AddAttribute', { newAttribute: [attr('Comment', 'a')] }],
      ['Encrypt', { data: SecretBytes.from(utf8('a')) }],
    ]
    for (const [operation, payload] of asks) {
      const request = { uniqueIdentifier: id, ...payload }
      expect(await theirs.refused(operation as 'Get', request)).toBe('ItemNotFound')
    }
    expect(await theirs.ask('Locate', {})).toEqual({ locatedItems: 0 })
    await theirs.createKey(named('mine'))
    await mine.ask('Get', { uniqueIdentifier: id })
  })

  test('are told by the public key: two clients of one name are two, a renewed certificate is the same', async () => {
    const seen: ClientIdentity[] = []
    await using embedded = await startEmbedded(identities, {
      owner: (client) => {
        seen.push(client)
        return ownerBySubject(client)
      },
    })
    await using mine = await talk(embedded, identities, '2.1')
    await using theirs = await talk(embedded, identities, '2.1', other)
    const id = await mine.createKey()
    // By their names they are one, which is what that function is for.
    await theirs.ask('Get', { uniqueIdentifier: id })
    const certificate = new X509Certificate(identities.client.certificate)
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    expect(seen[0]).toEqual({
      publicKey: sha256(certificate.publicKey.export({ type: 'spki', format: 'der' })),
      fingerprint: sha256(certificate.raw),
      subject: 'CN=client',
      issuer: certificate.issuer,
    })
    expect(seen.at(-1)?.subject).toBe(seen[0]?.subject)
    expect(seen.at(-1)?.publicKey).not.toBe(seen[0]?.publicKey)
  })

  test('may be groups; who belongs to none is refused', async () => {
    const group = ({ publicKey }: ClientIdentity) => (publicKey === strangersKey ? undefined : 'team')
    const stranger = await identities.authority.issue({ subject: '/CN=stranger', usage: ['clientAuth'] })
    const spki = new X509Certificate(stranger.certificate).publicKey.export({ type: 'spki', format: 'der' })
    const strangersKey = createHash('sha256').update(spki).digest('hex')
    await using embedded = await startEmbedded(identities, { owner: group })
    await using one = await talk(embedded, identities, '2.1')
    await using two = await talk(embedded, identities, '2.1', other)
    await using none = await talk(embedded, identities, '2.1', stranger)
    const id = await one.createKey()
    await two.ask('Get', { uniqueIdentifier: id })
    expect(await none.refused('Get', { uniqueIdentifier: id })).toBe('AuthenticationNotSuccessful')
  })
})

describe('credentials', () => {
  test('are checked with every request when there is a check', async () => {
    const passwords: SecretBytes[] = []
    await using embedded = await startEmbedded(identities, {
      authenticate([credential], { subject }) {
        const { username, password } = (credential?.credentialValue ?? {}) as {
          username?: string
          password?: SecretBytes
        }
        if (password === undefined) return false
        passwords.push(password)
        const isRight = password.use((bytes) => Buffer.from(bytes).toString() === 'right')
        return isRight && username === 'me' && subject === 'CN=client'
      },
    })
    await using talker = await talk(embedded, identities)
    const send = async (...credential: ReturnType<typeof userCredential>[]) => {
      const header = credential.length === 0 ? {} : { authentication: { credential } }
      const ping = [{ operation: 'DiscoverVersions', payload: {} }] as const
      const { batchItem = [] } = await talker.send(ping, header)
      return batchItem[0]?.resultReason ?? batchItem[0]?.resultStatus
    }
    expect(await send(userCredential('me', 'right'))).toBe('Success')
    expect(await send(userCredential('me', 'wrong'))).toBe('AuthenticationNotSuccessful')
    expect(await send(userCredential('you', 'right'))).toBe('AuthenticationNotSuccessful')
    expect(await send()).toBe('AuthenticationNotSuccessful')
    expect(passwords.every((password) => password.wiped)).toBe(true)
  })

  test('are not looked at when there is none', async () => {
    await using embedded = await startEmbedded(identities)
    await using talker = await talk(embedded, identities)
    const authentication = { credential: [userCredential('anyone', 'anything')] }
    const { batchItem } = await talker.send([{ operation: 'DiscoverVersions', payload: {} }], {
      authentication,
    })
    expect(batchItem?.[0]?.resultStatus).toBe('Success')
  })

  test('a check that fails lets nobody in', async () => {
    const errors: unknown[] = []
    await using embedded = await startEmbedded(identities, {
      authenticate: () => Promise.reject(new Error('directory down')),
      onError: (error) => errors.push(error),
    })
    await using talker = await talk(embedded, identities)
    expect(await talker.refused('DiscoverVersions', {})).toBe('GeneralFailure')
    expect(errors).toHaveLength(1)
  })
})

describe('middleware', () => {
  test('records every operation, also those that are refused, and no secret', async () => {
    const records: OperationRecord[] = []
    await using embedded = await startEmbedded(identities, {
      middleware: [recordOperations((record) => records.push(record))],
    })
    await using talker = await talk(embedded, identities, '2.1')
    const id = await talker.createKey()
    await talker.refused('Get', { uniqueIdentifier: 'nobody' })
    await talker.ask('Get', { uniqueIdentifier: id })
    await talker.ask('Locate', {})
    expect(records.map(({ operation, objectId, refused }) => [operation, objectId, refused?.reason])).toEqual(
      [
        ['Create', id, undefined],
        ['Get', 'nobody', 'ItemNotFound'],
        ['Get', id, undefined],
        ['Locate', undefined, undefined],
      ],
    )
    expect(records[0]).toMatchObject({ version: '2.1', client: { subject: 'CN=client' } })
    expect(records[0]?.owner).toBe(`spki:${records[0]?.client.publicKey}`)
    const { symmetricKey } = await talker.ask('Get', { uniqueIdentifier: id })
    const { keyBlock } = symmetricKey as { keyBlock: { keyValue: { keyMaterial: SecretBytes } } }
    const hex = Buffer.from(keyBlock.keyValue.keyMaterial.copy()).toString('hex')
    expect(JSON.stringify(records)).not.toContain(hex)
  })

  test('sees the id that the ID Placeholder stands for', async () => {
    const records: OperationRecord[] = []
    await using embedded = await startEmbedded(identities, {
      middleware: [recordOperations((record) => records.push(record))],
    })
    await using talker = await talk(embedded, identities)
    const id = await talker.createKey()
    await talker.send([
      { operation: 'Get', payload: { uniqueIdentifier: id } },
      { operation: 'Locate', payload: { maximumItems: 1 } },
      { operation: 'Activate', payload: {} },
    ])
    expect(records.at(-1)).toMatchObject({ operation: 'Activate', objectId: id })
  })

  test('allows and refuses, before anything is done', async () => {
    await using embedded = await startEmbedded(identities, {
      middleware: [
        allowOperations(async ({ operation }) => operation !== 'Destroy'),
        async (call, next) =>
          call.operation === 'Get' ? refuse('NotExtractable', 'keys stay here') : await next(),
      ],
    })
    await using talker = await talk(embedded, identities, '2.1')
    const id = await talker.createKey()
    expect(await talker.refused('Destroy', { uniqueIdentifier: id })).toBe('PermissionDenied')
    expect(await talker.refused('Get', { uniqueIdentifier: id })).toBe('NotExtractable')
    expect(await talker.ask('Locate', {})).toMatchObject({ locatedItems: 1 })
  })

  test('goes from the outside in, and may turn a success into a refusal', async () => {
    const order: string[] = []
    await using embedded = await startEmbedded(identities, {
      middleware: [
        async (_, next) => {
          order.push('outer')
          const outcome = await next()
          return { ...outcome, refused: { reason: 'PermissionDenied', message: 'after all' } }
        },
        async (_, next) => {
          order.push('inner')
          return await next()
        },
      ],
    })
    await using talker = await talk(embedded, identities)
    expect(await talker.refused('DiscoverVersions', {})).toBe('PermissionDenied')
    expect(order).toEqual(['outer', 'inner'])
  })

  test('that answers without asking gives nothing away', async () => {
    await using embedded = await startEmbedded(identities, { middleware: [async () => ({})] })
    await using talker = await talk(embedded, identities)
    expect(await talker.refused('DiscoverVersions', {})).toBe('PermissionDenied')
  })

  test('that fails is a failure of the server’s', async () => {
    const errors: unknown[] = []
    const records: OperationRecord[] = []
    await using embedded = await startEmbedded(identities, {
      middleware: [
        recordOperations((record) => records.push(record)),
        () => Promise.reject(new Error('a secret path')),
      ],
      onError: (error) => errors.push(error),
    })
    await using talker = await talk(embedded, identities, '2.1')
    const { batchItem } = await talker.send([{ operation: 'Ping', payload: {} }])
    expect(batchItem).toMatchObject([
      { resultReason: 'InternalServerError', resultMessage: 'the server failed' },
    ])
    expect(records).toMatchObject([
      { refused: { reason: 'InternalServerError', message: 'the server failed' } },
    ])
    expect(errors).toHaveLength(1)
  })

  test('limits the rate of each owner', async () => {
    let now = 0
    await using embedded = await startEmbedded(identities, {
      middleware: [limitRate({ burst: 2, perSecond: 10, now: () => now })],
    })
    await using mine = await talk(embedded, identities, '2.1')
    await using theirs = await talk(embedded, identities, '2.1', other)
    await mine.ask('Ping', {})
    await mine.ask('Ping', {})
    expect(await mine.refused('Ping', {})).toBe('ServerLimitExceeded')
    await theirs.ask('Ping', {})
    now += 99
    expect(await mine.refused('Ping', {})).toBe('ServerLimitExceeded')
    now += 101
    await mine.ask('Ping', {})
    now += 10_000
    await mine.ask('Ping', {})
    await mine.ask('Ping', {})
    expect(await mine.refused('Ping', {})).toBe('ServerLimitExceeded')
  })
})
