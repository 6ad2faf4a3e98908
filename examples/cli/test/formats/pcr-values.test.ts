import { createHash } from 'node:crypto'
import { toHex } from '@trusthold/core/bytes'
import type { PcrValues } from '@trusthold/core/evidence'
import { describe, expect, test } from 'vitest'
import { readPcrValues } from '../../src/formats/pcr-values.js'
import { UserError } from '../../src/user-error.js'
import { serialize } from './serialized-pcrs.js'

const value = (bank: string, pcr: number): Uint8Array =>
  Uint8Array.from(createHash(bank).update(`PCR ${pcr}`).digest())
const valuesOf = (bank: string, pcrs: readonly number[]): PcrValues => ({
  bank,
  values: new Map(pcrs.map((pcr) => [pcr, value(bank, pcr)])),
})

/** More than one TPML_DIGEST takes, of several banks, in an order that is not that of the algorithms. */
const given: readonly PcrValues[] = [
  valuesOf('sha256', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 23]),
  valuesOf('sha1', [0, 7]),
  valuesOf('sha512', [16]),
]
const selection = given.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))
const input = (bytes: Uint8Array | string) => ({
  name: 'pcrs',
  bytes: typeof bytes === 'string' ? Uint8Array.from(Buffer.from(bytes, 'latin1')) : bytes,
})
const read = (bytes: Uint8Array | string) => readPcrValues(input(bytes), selection)
const plainly = (pcrs: readonly PcrValues[]) =>
  pcrs.map(({ bank, values }) => [bank, [...values].map(([pcr, bytes]) => [pcr, toHex(bytes)])])

const yaml = given
  .flatMap(({ bank, values }) => [
    `  ${bank}:`,
    ...[...values].map(([pcr, bytes]) => `    ${String(pcr).padEnd(2)}: 0x${toHex(bytes).toUpperCase()}`),
  ])
  .join('\n')
const joined = new Uint8Array(Buffer.concat(given.flatMap(({ values }) => [...values.values()])))
const serialized = serialize(given)

describe('each form gives the values by bank and PCR, in their order', () => {
  test.each([
    ['serialized', serialized],
    ['values', joined],
    ['YAML', yaml],
    ['YAML with a closing line break', `${yaml}\n`],
    ['YAML with CR LF', yaml.replaceAll('\n', '\r\n')],
    ['YAML with a bank that the TPM does not have', `${yaml}\n  sha384:\n`],
    ['YAML in lower case', yaml.replaceAll(/0x[0-9A-F]+/g, (hex) => hex.toLowerCase())],
  ])('%s', (_, bytes) => {
    expect(plainly(read(bytes))).toEqual(plainly(given))
  })
})

describe('serialized values', () => {
  const changed = (offset: number, byte: number): Uint8Array => {
    const bytes = Uint8Array.from(serialized)
    bytes[offset] = byte
    return bytes
  }
  const lists = 4 + 16 * 8

  test.each([
    ['an algorithm that is no hash', 4, 0x14, 'pcrSelections[0].hash: expected a hash algorithm at offset 4'],
    [
      'a bit map wider than tpm2-tools write',
      6,
      4,
      'pcrSelections[0].sizeofSelect: expected at most 3 at offset 6',
    ],
    ['a narrower bit map', 6, 2, 'expected 3 at offset 6, found 2'],
    ['a PCR beyond the bit map', 10, 1, 'expected 0 at offset 10, found 1'],
    ['alignment that is not empty', 11, 1, 'pcrSelections[0].padding'],
    ['a selection in an unused place', 4 + 5 * 8, 11, 'expected 0 at offset 44, found 11'],
    ['a PCR too many', 8, 0x0f, 'expected 16 digests as selected at offset 0, found 15'],
    ['a PCR too few', 8, 0x06, 'expected 14 digests as selected at offset 0, found 15'],
    ['a digest count above the places', lists + 4, 9, 'lists[0].count: expected at most 8'],
    ['a digest too few', lists + 4, 7, `expected 0 at offset ${lists + 8 + 7 * 66}, found 32`],
    ['a digest of another size', lists + 8, 20, `expected 0 at offset ${lists + 8 + 2 + 20}`],
    ['bytes behind a digest', lists + 8 + 2 + 40, 1, `expected 0 at offset ${lists + 8 + 2 + 40}, found 1`],
    ['an unused digest', serialized.length - 1, 1, `expected 0 at offset ${serialized.length - 1}, found 1`],
  ])('%s is refused', (_, offset, byte, message) => {
    expect(() => read(changed(offset, byte))).toThrow(message)
  })

  test('no changed byte goes unnoticed', () => {
    for (let offset = 0; offset < serialized.length; offset++) {
      for (const mask of [0x01, 0x80]) {
        const bytes = changed(offset, (serialized[offset] ?? 0) ^ mask)
        let found: unknown
        try {
          found = plainly(read(bytes))
        } catch (error) {
          expect(error, `offset ${offset}`).toBeInstanceOf(UserError)
          continue
        }
        expect(found, `offset ${offset}`).not.toEqual(plainly(given))
      }
    }
  })
})

describe('values', () => {
  test('of another length are refused, and the forms named', () => {
    expect(() => read(joined.subarray(1))).toThrow(
      `pcrs: expected PCR values of tpm2-tools (serialized, values or YAML); the values that were quoted have ${joined.length} bytes, found ${joined.length - 1}`,
    )
  })

  test('without a selection there are none', () => {
    expect(() => readPcrValues(input(joined), [])).toThrow('have 0 bytes')
  })
})

describe('YAML', () => {
  const hex = '00'.repeat(32)
  test.each([
    ['a value before any bank', `sha256 :\n    0 : 0x${hex}`, undefined],
    ['a bank that is no hash', '  rsa:\n', 'line 1: expected a hash algorithm, each once at offset 0'],
    ['a bank twice', '  sha1:\n  sha1:\n', 'line 2: expected a hash algorithm, each once at offset 8'],
    [
      'a PCR twice',
      `  sha256:\n    0 : 0x${hex}\n    0 : 0x${hex}`,
      'line 3: expected PCR 0 once at offset 85',
    ],
    ['a value of another size', `  sha256:\n    0 : 0x${hex}00`, "line 2: expected a PCR's number"],
    ['a PCR that no TPM has', `  sha256:\n    32: 0x${hex}`, "line 2: expected a PCR's number"],
    ['no hexadecimal', `  sha256:\n    0 : 0x${hex.slice(1)}g`, "line 2: expected a PCR's number"],
    ['other text', `  sha256:\nhello\x1b[31m`, "line 2: expected a PCR's number, a colon and 32 bytes"],
  ])('%s is refused with its place', (_, text, message) => {
    expect(() => read(text)).toThrow(message ?? 'expected PCR values of tpm2-tools')
  })
})
