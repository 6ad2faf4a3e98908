import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase64url, toBase64url, utf8 } from '../../src/bytes/index.js'
import { sealDirect } from '../../src/jose/index.js'
import { parseWrappedKey, unwrapKey, wrapKey } from '../../src/key-provider/index.js'
import { reasonOf, thrownBy } from '../jose/thrown.js'
import { random } from '../token/fixtures.js'

const primaryKey = new Uint8Array(32).fill(1)
const key = new Uint8Array(32).fill(2)
const names = { provider: 'finance', primaryKeyId: 'key-1' }
const iv = new Uint8Array(12).fill(3)
const wrapped = wrapKey(primaryKey, names, key, { bytes: () => iv })
const open = (text: string, under = primaryKey) => unwrapKey(under, parseWrappedKey(text)).copy()
const headerOf = (text: string) =>
  JSON.parse(new TextDecoder().decode(fromBase64url(text.split('.')[0] as string))) as Record<string, unknown>
const craft = (header: Record<string, unknown>) => sealDirect(primaryKey, iv, header as never, key)

describe('wrapKey', () => {
  it('names format, version, provider and primary key in its header', () => {
    expect(headerOf(wrapped)).toEqual({
      typ: 'trusthold-key',
      v: 1,
      provider: 'finance',
      kid: 'key-1',
      alg: 'dir',
      enc: 'A256GCM',
    })
  })

  it('has pinned bytes', () => {
    expect(wrapped).toBe(
      'eyJ0eXAiOiJ0cnVzdGhvbGQta2V5IiwidiI6MSwicHJvdmlkZXIiOiJmaW5hbmNlIiwia2lkIjoia2V5LTEiLCJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AwMDAwMDAwMDAwMD.-mMWmP2GNWuv_uRlzhsmqroxo0-FzcCwrhK_RKhIhHE.ISNyr6RBGJ-dhId37Q1j_Q',
    )
  })

  it('never uses an initialisation vector twice', () => {
    const made = Array.from({ length: 2_000 }, () => wrapKey(primaryKey, names, key, random).split('.')[2])
    expect(new Set(made).size).toBe(2_000)
    expect(fromBase64url(made[0] as string)).toHaveLength(12)
  })

  it('gives back every key, under names of any letters, and within the length that is read', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 })
    fc.assert(
      fc.property(
        name,
        name,
        fc.uint8Array({ minLength: 16, maxLength: 512 }),
        (provider, primaryKeyId, plain) => {
          const text = wrapKey(primaryKey, { provider, primaryKeyId }, plain, random)
          expect(parseWrappedKey(text)).toMatchObject({ provider, primaryKeyId })
          expect(open(text)).toEqual(plain)
        },
      ),
    )
  }, 30_000)

  it('fits the longest of everything', () => {
    const longest = { provider: '財'.repeat(128), primaryKeyId: '財'.repeat(256) }
    expect(open(wrapKey(primaryKey, longest, new Uint8Array(512), random))).toHaveLength(512)
  })
})

describe('unwrapKey', () => {
  it('opens under its own primary key only', () => {
    expect(open(wrapped)).toEqual(key)
    const error = thrownBy(() => open(wrapped, new Uint8Array(32).fill(9)))
    expect([error.code, reasonOf(error)]).toEqual(['WRAPPED_KEY_INVALID', 'it does not open'])
  })

  it.each([
    ['provider', 'marketing'],
    ['kid', 'key-2'],
    ['v', 1.0000000000000002],
    ['note', 'x'],
  ])('does not open when its %s was rewritten', (name, value) => {
    const [, ...rest] = wrapped.split('.')
    const header = toBase64url(utf8(JSON.stringify({ ...headerOf(wrapped), [name]: value })))
    expect(thrownBy(() => open([header, ...rest].join('.'))).code).toBe('WRAPPED_KEY_INVALID')
  })

  it('does not open with parts of another wrapped key', () => {
    const other = wrapKey(primaryKey, { ...names, provider: 'marketing' }, key, random).split('.')
    for (const i of [0, 2, 3, 4]) {
      const mixed = wrapped
        .split('.')
        .with(i, other[i] as string)
        .join('.')
      expect(thrownBy(() => open(mixed)).code).toBe('WRAPPED_KEY_INVALID')
    }
  })
})

describe('parseWrappedKey', () => {
  const good = { typ: 'trusthold-key', v: 1, provider: 'finance', kid: 'key-1' }

  it.each<[string, Record<string, unknown>, string]>([
    ['another typ', { ...good, typ: 'trusthold-delivery' }, 'it is not a wrapped key'],
    ['no typ', { ...good, typ: undefined }, 'it is not a wrapped key'],
    ['version 0', { ...good, v: 0 }, 'expected format version 1'],
    ['version 2', { ...good, v: 2 }, 'expected format version 1'],
    ['the version as a text', { ...good, v: '1' }, 'expected format version 1'],
    ['no version', { ...good, v: undefined }, 'expected format version 1'],
    ['no provider', { ...good, provider: undefined }, 'it names no provider or primary key'],
    ['a provider that is a list', { ...good, provider: ['finance'] }, 'it names no provider or primary key'],
    ['no primary key', { ...good, kid: undefined }, 'it names no provider or primary key'],
    ['a primary key that is a number', { ...good, kid: 1 }, 'it names no provider or primary key'],
    ['compression', { ...good, zip: 'DEF' }, 'it has extensions'],
  ])('refuses %s, although it would open', (_, header, reason) => {
    const error = thrownBy(() => open(craft(header)))
    expect([error.code, reasonOf(error)]).toEqual(['WRAPPED_KEY_INVALID', reason])
  })

  it('refuses 4,097 characters and reads 4,096', () => {
    const at = (length: number) => {
      // The header grows by whole bytes; the ciphertext takes up what is left.
      for (let pad = 0; pad < 3_000; pad++) {
        for (let size = 16; size < 20; size++) {
          const text = sealDirect(primaryKey, iv, { ...good, pad: 'x'.repeat(pad) }, new Uint8Array(size))
          if (text.length === length) return text
          if (text.length < length - 50) break
        }
      }
      throw new Error('no such length')
    }
    expect(parseWrappedKey(at(4_096)).provider).toBe('finance')
    expect(thrownBy(() => parseWrappedKey(at(4_097))).code).toBe('WRAPPED_KEY_INVALID')
  })

  it('refuses any other text with WRAPPED_KEY_INVALID', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.uint8Array().map(toBase64url)).map((p) => p.join('.')),
        ),
        (text) => {
          expect(thrownBy(() => open(text)).code).toBe('WRAPPED_KEY_INVALID')
        },
      ),
    )
    for (let length = 0; length < wrapped.length; length++) {
      expect(thrownBy(() => open(wrapped.slice(0, length))).code).toBe('WRAPPED_KEY_INVALID')
    }
  })
})
