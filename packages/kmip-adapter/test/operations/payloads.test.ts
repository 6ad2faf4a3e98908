import { inspect } from 'node:util'
import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { operations } from '../../src/operations/index.js'
import {
  decodeMessage,
  encodeItem,
  encodeMessage,
  isAtLeast,
  item,
  kmipVersions,
  type StructureKind,
  type TtlvItem,
} from '../../src/ttlv/index.js'
import { S } from '../items.js'
import { attributes } from './rows/attributes.js'
import { cryptography } from './rows/cryptography.js'
import { lifeCycle } from './rows/life-cycle.js'
import { madeKeys } from './rows/made-keys.js'
import { objects } from './rows/objects.js'
import type { Row } from './rows/row.js'
import { serverInformation } from './rows/server-information.js'

const rows: readonly Row[] = [
  ...madeKeys,
  ...objects,
  ...attributes,
  ...lifeCycle,
  ...cryptography,
  ...serverInformation,
]

const schemaOf = ({ operation, part }: Row): StructureKind<unknown> => {
  const found = operations.get(operation)
  if (found === undefined) throw new Error(`no ${operation}`)
  return found[part]
}
const bytesOf = ({ part, items }: Row, order = items): Uint8Array =>
  encodeItem(S(part === 'request' ? 'RequestPayload' : 'ResponsePayload', ...order))

/** The same items, the structures among them turned around too, but those of one tag in their order. */
function turnAround(items: readonly TtlvItem[]): TtlvItem[] {
  const byTag = new Map<number, TtlvItem[]>()
  for (const one of items) {
    const turned = one.type === 'Structure' ? item(one.tag, 'Structure', turnAround(one.value)) : one
    byTag.set(one.tag, [...(byTag.get(one.tag) ?? []), turned])
  }
  return [...byTag.values()].reverse().flat()
}

const labelled = rows.map((row, i) => [`${i} ${row.operation} ${row.part} ${row.since}`, row] as const)

describe('payloads', () => {
  test.each(labelled)('%s is written and read', (_, row) => {
    const schema = schemaOf(row)
    const written = encodeMessage(schema, row.value, row.until)
    expect(toHex(written)).toBe(toHex(bytesOf(row)))
    const read = decodeMessage(schema, written)
    expect(toHex(encodeMessage(schema, read, row.until))).toBe(toHex(written))
    expect(Object.keys(read as object)).toEqual(Object.keys(row.value as object))
  })

  test.each(labelled)('%s is of its versions only', (_, row) => {
    const schema = schemaOf(row)
    for (const version of kmipVersions) {
      const write = () => encodeMessage(schema, row.value, version)
      if (isAtLeast(version, row.since) && isAtLeast(row.until, version)) write()
      else expect(write).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
    }
  })

  test.each(labelled.filter(([, { items }]) => items.length > 1))('%s is read in any order', (_, row) => {
    // What is not known keeps its place, so that it is not turned back.
    if (inspect(row.value, { depth: 9 }).includes('unknown:')) return
    const schema = schemaOf(row)
    const read = decodeMessage(schema, bytesOf(row, turnAround(row.items)))
    expect(toHex(encodeMessage(schema, read, row.until))).toBe(toHex(bytesOf(row)))
  })

  test('are tested of every operation', () => {
    const tested = new Set(rows.map(({ operation, part }) => `${operation} ${part}`))
    const all = [...operations.keys()].flatMap((name) => [`${name} request`, `${name} response`])
    expect(all.filter((name) => !tested.has(name))).toEqual([])
  })
})

test('an operation that can be asked twice changes nothing', () => {
  const repeatable = [...operations.values()].filter((operation) => operation.repeatable)
  expect(repeatable.map(({ name }) => name).sort()).toEqual([
    'Check',
    'Decrypt',
    'DiscoverVersions',
    'Encrypt',
    'Export',
    'Get',
    'GetAttributeList',
    'GetAttributes',
    'Hash',
    'Locate',
    'MAC',
    'MACVerify',
    'ObtainLease',
    'Ping',
    'Poll',
    'Query',
    'RNGRetrieve',
    'SignatureVerify',
  ])
})
