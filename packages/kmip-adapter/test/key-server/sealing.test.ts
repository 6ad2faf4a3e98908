import { SecretBytes } from '@trusthold/core/bytes'
import type { SealedBytes } from '@trusthold/core/ports'
import { describe, expect, test } from 'vitest'
import { keyServerOf, stage, success, useStage } from './key-server-stage.js'

useStage()

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
