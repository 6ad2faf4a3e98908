import { describe, expect, test } from 'vitest'
import {
  answering,
  attributesOf,
  keyServerOf,
  type State,
  stage,
  success,
  useStage,
} from './key-server-stage.js'

useStage()

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
