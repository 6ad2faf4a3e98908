import { toBase64, toBase64url, toHex, utf8 } from '@trusthold/core/bytes'
import { systemRandom } from '@trusthold/core/ports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challengeIn } from './forged-host.js'
import { createRig, type Rig, refusedBy, send } from './rig.js'

let rig: Rig
beforeAll(async () => {
  rig = await createRig()
})
afterAll(() => rig.close())

describe('T-05 nonces are random, never repeat, and are compared as bytes', () => {
  test('a million draws from the source of nonces are a million values', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 1_000_000; i++) seen.add(Buffer.from(systemRandom.bytes(32)).toString('latin1'))
    expect(seen.size).toBe(1_000_000)
  })

  test('a clock that stands still makes no nonce repeat, nor any other part of a challenge', async () => {
    const parts = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const { nonce, state, credentialBlob, encryptedSecret } = challengeIn(await send(rig, rig.host.hello()))
      for (const part of [nonce, state, credentialBlob, encryptedSecret]) parts.add(toHex(part))
      expect(nonce).toHaveLength(32)
    }
    expect(parts.size).toBe(200)
  })

  const forms: readonly (readonly [string, (nonce: Uint8Array) => Uint8Array])[] = [
    ['as hexadecimal text', (n) => utf8(toHex(n))],
    ['as upper-case hexadecimal text', (n) => utf8(toHex(n).toUpperCase())],
    ['as base64 text', (n) => utf8(toBase64(n))],
    ['as base64url text', (n) => utf8(toBase64url(n))],
    ['with a zero before it', (n) => Uint8Array.of(0, ...n)],
    ['with a zero after it', (n) => Uint8Array.of(...n, 0)],
    ['without its last byte', (n) => n.subarray(0, n.length - 1)],
    ['without its first byte', (n) => n.subarray(1)],
    ['with one bit changed', (n) => n.with(31, (n[31] ?? 0) ^ 1)],
    ['reversed', (n) => n.toReversed()],
  ]
  test.each(forms)('%s it is refused', async (_, form) => {
    expect(await refusedBy(rig.attest({ nonce: (n) => form(n).subarray(0, 64) }))).toEqual(['quote.nonce'])
  })
})
