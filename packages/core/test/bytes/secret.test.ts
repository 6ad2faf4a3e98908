import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { fromHex, SecretBytes } from '../../src/bytes/index.js'

const hex = 'c0ffee15c0ffee15'
const secret = (): SecretBytes => SecretBytes.from(fromHex(hex))

/** Every way in which the bytes could be written down. */
const spellings = (): string[] => {
  const bytes = fromHex(hex)
  const decimal = [...bytes].join(',')
  const spaced = [...bytes].join(', ')
  const base64 = Buffer.from(bytes).toString('base64')
  return [hex, hex.toUpperCase(), decimal, spaced, base64.slice(0, 6), 'c0 ff ee', '192', '"0":']
}

const hides = (text: string): void => {
  for (const spelling of spellings()) expect(text).not.toContain(spelling)
}

describe('a secret', () => {
  const printed: Readonly<Record<string, (value: SecretBytes) => string>> = {
    'template string': (value) => `${value}`,
    concatenation: (value) => 'key: '.concat(String(value)),
    'array join': (value) => [value, value].join(),
    JSON: (value) => JSON.stringify({ key: value, list: [value] }),
    inspect: (value) => inspect(value),
    'inspect, everything shown': (value) => inspect(value, { showHidden: true, depth: null, getters: true }),
    'inspect, not customised': (value) =>
      inspect(value, { customInspect: false, showHidden: true, depth: null, getters: true }),
    'inspect, nested': (value) => inspect({ request: { key: value } }, { depth: 9 }),
    'format %s': (value) => format('%s', value),
    'format %o': (value) => format('%o', value),
    'format %O': (value) => format('%O', value),
    'format %j': (value) => format('%j', value),
    'format %d': (value) => format('%d', value),
    spread: (value) => JSON.stringify({ ...value }),
    entries: (value) => JSON.stringify(Object.entries(value)),
    'own names': (value) => JSON.stringify(Object.getOwnPropertyDescriptors(value)),
    'structured clone': (value) => JSON.stringify(structuredClone({ ...value })),
    'structured log line': (value) => JSON.stringify({ level: 'info', context: { key: value } }),
    'an error that names it': (value) => inspect(new Error(`bad key ${value}`, { cause: value })),
  }

  it.each(Object.entries(printed))('does not show: %s', (_way, print) => {
    const value = secret()
    hides(print(value))
    expect(value.wiped).toBe(false)
  })

  it('says what it is instead', () => {
    expect(String(secret())).toBe('<redacted>')
    expect(JSON.stringify(secret())).toBe('"<redacted>"')
    expect(inspect(secret())).toBe('SecretBytes(8) <redacted>')
  })

  it('does not travel to another process or thread', () => {
    hides(serialize(secret()).toString('latin1'))
    expect(serialize(secret()).includes(Buffer.from(fromHex(hex)))).toBe(false)
  })
})

describe('use and copy', () => {
  it('lends the bytes and returns what the function returns', () => {
    expect(secret().use((bytes) => [...bytes])).toEqual([...fromHex(hex)])
    expect(secret().copy()).toEqual(fromHex(hex))
    expect(secret()).toHaveLength(8)
  })

  it('keeps a copy when made by from, and the array itself when made by take', () => {
    const bytes = fromHex(hex)
    const copied = SecretBytes.from(bytes)
    const taken = SecretBytes.take(bytes)
    bytes[0] = 0
    expect(copied.copy()[0]).toBe(0xc0)
    expect(taken.copy()[0]).toBe(0)
  })

  it('gives copies that do not touch the secret', () => {
    const value = secret()
    value.copy().fill(0)
    expect(value.copy()).toEqual(fromHex(hex))
  })

  it('copies a Buffer instead of looking into its pool', () => {
    const pooled = Buffer.from(hex, 'hex')
    const value = SecretBytes.from(pooled)
    pooled.fill(0)
    expect(value.copy()).toEqual(fromHex(hex))
  })
})

describe('wipe', () => {
  it('overwrites the bytes and refuses to lend them', () => {
    const bytes = fromHex(hex)
    const value = SecretBytes.take(bytes)
    value.wipe()
    expect(bytes).toEqual(new Uint8Array(8))
    expect(value.wiped).toBe(true)
    expect(value.length).toBe(8)
    const wiped = expect.objectContaining({ code: 'SECRET_WIPED', context: { length: 8 } })
    expect(() => value.use(() => 'lent')).toThrow(wiped)
    expect(() => value.copy()).toThrow(wiped)
  })

  it('may be called again', () => {
    const value = secret()
    value.wipe()
    expect(() => value.wipe()).not.toThrow()
  })

  it('happens at the end of a block, by its disposer', () => {
    const value = secret()
    value[Symbol.dispose]()
    expect(value.wiped).toBe(true)
  })

  it('leaves the bytes around a window alone', () => {
    const all = fromHex('0102030405')
    SecretBytes.take(all.subarray(1, 3)).wipe()
    expect(all).toEqual(fromHex('0100000405'))
  })
})

it.each(['text', 32, [1, 2], { length: 2 }, new Uint16Array(2), new ArrayBuffer(2), undefined, null])(
  'plain JavaScript cannot make a secret of %j, which would be another one than was meant',
  (value) => {
    const refused = expect.objectContaining({
      code: 'ARGUMENT_INVALID',
      context: expect.objectContaining({ name: 'bytes' }),
    })
    expect(() => SecretBytes.from(value as Uint8Array)).toThrow(refused)
    expect(() => SecretBytes.take(value as Uint8Array)).toThrow(refused)
  },
)

it('a secret can be made of a Buffer', () => {
  expect(SecretBytes.from(Buffer.from(hex, 'hex')).copy()).toEqual(fromHex(hex))
})
