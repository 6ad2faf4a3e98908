import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../src/bytes/index.js'
import { kdfa, kdfe } from '../../src/tpm2/index.js'

const key = utf8('key')
const u = utf8('context U')
const v = utf8('context V')
const word = (value: number): Uint8Array => Uint8Array.of(0, 0, value >> 8, value & 0xff)

describe('KDFa', () => {
  const block = (hash: string, counter: number, bits: number): string =>
    createHmac(hash, key)
      .update(word(counter))
      .update('LABEL\0')
      .update(u)
      .update(v)
      .update(word(bits))
      .digest('hex')

  it('is one block, part of one, or several', () => {
    expect(toHex(kdfa('sha256', key, 'LABEL', u, v, 256))).toBe(block('sha256', 1, 256))
    expect(toHex(kdfa('sha256', key, 'LABEL', u, v, 128))).toBe(block('sha256', 1, 128).slice(0, 32))
    const several = block('sha1', 1, 400) + block('sha1', 2, 400) + block('sha1', 3, 400)
    expect(toHex(kdfa('sha1', key, 'LABEL', u, v, 400))).toBe(several.slice(0, 100))
  })

  it('clears the bits of the first byte that were not asked for', () => {
    const derived = kdfa('sha512', key, 'LABEL', u, v, 521)
    const blocks = block('sha512', 1, 521) + block('sha512', 2, 521)
    const first = Number.parseInt(blocks.slice(0, 2), 16) & 0x01
    expect(toHex(derived)).toBe(`0${first}${blocks.slice(2, 132)}`)
  })
})

describe('KDFe', () => {
  it('hashes counter, shared point, use and both parties', () => {
    const z = utf8('shared x')
    const block = (counter: number): string =>
      createHash('sha256').update(word(counter)).update(z).update('USE\0').update(u).update(v).digest('hex')
    expect(toHex(kdfe('sha256', z, 'USE', u, v, 256))).toBe(block(1))
    expect(toHex(kdfe('sha256', z, 'USE', u, v, 384))).toBe((block(1) + block(2)).slice(0, 96))
    const masked = Number.parseInt(block(1).slice(0, 2), 16) & 0x0f
    expect(toHex(kdfe('sha256', z, 'USE', u, v, 12))).toBe(`0${masked.toString(16)}${block(1).slice(2, 4)}`)
  })
})
