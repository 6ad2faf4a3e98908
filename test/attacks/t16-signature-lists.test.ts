/**
 * Whoever can write a signature database into the log, or change the firmware's, tries lists that readers take for
 * something else: sizes that wrap around or do not divide, headers where there are none, types that nobody knows. Each is
 * measured here as the firmware would, so that the digests are right and only reading it can tell.
 */
import { fromHex, utf8 } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import {
  bootFacts,
  decodeEvent,
  type EfiSignatureList,
  efiGuid,
  efiSignatureDatabase,
  eventTypes,
  imageSecurityDatabase,
  parseEventLog,
  type TcgEvent,
  type TcgEventLog,
  uefiVariableData,
} from '@trusthold/core/measured-boot'
import { eventLog } from '@trusthold/core/testing'
import { describe, expect, test } from 'vitest'

const owner = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
const sha256 = 'c1c41626-504c-4092-aca9-41f936934328'
const unknown = '03020100-0504-0706-0809-0a0b0c0d0e0f'
const pcrs = Array.from({ length: 24 }, (_, pcr) => pcr)

/** EFI_SIGNATURE_LIST with whatever sizes it states. */
function listOf(
  type: typeof sha256 | typeof unknown,
  [listSize, headerSize, signatureSize]: readonly [number, number, number],
  body: Uint8Array,
): Uint8Array {
  const head = new Uint8Array(28)
  const view = new DataView(head.buffer)
  head.set(encode(efiGuid, type))
  view.setUint32(16, listSize, true)
  view.setUint32(20, headerSize, true)
  view.setUint32(24, signatureSize, true)
  return Uint8Array.from([...head, ...body])
}

const signature = Uint8Array.from([...encode(efiGuid, owner), ...new Uint8Array(32).fill(0xab)])
const good = listOf(sha256, [76, 0, 48], signature)
const goodList: EfiSignatureList = {
  type: 'EFI_CERT_SHA256_GUID',
  header: new Uint8Array(0),
  signatures: [{ owner, data: new Uint8Array(32).fill(0xab) }],
}

/** Where {@link bootWith} has db. */
const dbIndex = 4

/** A boot whose firmware measured this database as `db`, with Secure Boot on. */
function bootWith(database: Uint8Array): TcgEventLog {
  const variable = (name: string, data: Uint8Array) =>
    encode(uefiVariableData, { vendor: encode(efiGuid, imageSecurityDatabase), name, data })
  const { bytes } = eventLog()
    .specId()
    .variable('SecureBoot', Uint8Array.of(1))
    .variable('PK', good)
    .variable('KEK', good)
    .event({ pcr: 7, type: eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG, data: variable('db', database) })
    .event({ pcr: 7, type: eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG, data: variable('dbx', good) })
    .separator(7)
    .build()
  return parseEventLog(bytes)
}

const attacks: readonly (readonly [name: string, database: Uint8Array])[] = [
  ['header bytes', listOf(sha256, [78, 2, 48], Uint8Array.from([0, 0, ...signature]))],
  [
    'header bytes that hide a signature',
    listOf(sha256, [124, 48, 48], Uint8Array.from([...signature, ...signature])),
  ],
  ['a list smaller than its head', listOf(sha256, [27, 0, 48], signature)],
  ['a list of size 0, which never ends', listOf(sha256, [0, 0, 48], signature)],
  ['a list whose header is larger than itself', listOf(unknown, [76, 77, 48], signature)],
  ['a header size that wraps around', listOf(unknown, [76, 0xffff_ffd0, 48], signature)],
  ['a size that does not divide', listOf(sha256, [77, 0, 48], Uint8Array.from([...signature, 0]))],
  ['no signatures', listOf(sha256, [28, 0, 48], new Uint8Array(0))],
  ['signatures of size 0', listOf(unknown, [76, 0, 0], signature)],
  ['signatures without data', listOf(unknown, [44, 0, 16], signature.subarray(0, 16))],
  ['signatures smaller than their owner', listOf(unknown, [36, 0, 8], signature.subarray(0, 8))],
  ['two hashes as one', listOf(sha256, [124, 0, 96], Uint8Array.from([...signature, ...signature]))],
  ['a list beyond the variable', listOf(sha256, [124, 0, 48], signature)],
  ['a list beyond any variable', listOf(sha256, [0xffff_fffc, 0, 48], signature)],
  ['bytes behind its lists', Uint8Array.from([...good, 0])],
  ['a bad list behind a good one', Uint8Array.from([...good, ...listOf(sha256, [0, 0, 0], signature)])],
  ['a text', utf8('no signature list at all, but a text')],
]

describe('T-16 signature lists', () => {
  test.each(attacks)('%s are not read, and the event says why', (_, database) => {
    const log = bootWith(database)
    const { data, coverage } = decodeEvent(log.events[dbIndex] as TcgEvent, log.algorithms)
    expect(coverage).toEqual({ covered: 'all', banks: ['sha256'] })
    expect(data).toMatchObject({
      kind: 'uefi-variable',
      name: 'db',
      value: { kind: 'malformed', reason: expect.stringContaining('EFI_SIGNATURE_LIST'), bytes: database },
    })
  })

  test.each(attacks)('%s make no database a fact, and leave the others', (_, database) => {
    const { secureBoot } = bootFacts(bootWith(database), 'sha256', pcrs)
    expect(secureBoot.db).toMatchObject({ verified: false })
    expect(secureBoot.dbx).toMatchObject({ verified: true, value: [goodList] })
    expect(secureBoot.platformKey).toMatchObject({ verified: true, value: [goodList] })
  })

  test('a good list is a fact', () => {
    const { secureBoot } = bootFacts(bootWith(good), 'sha256', pcrs)
    expect(secureBoot.db).toMatchObject({ verified: true, value: [goodList] })
  })

  test('a list of an unknown type is read as that and as nothing else', () => {
    const list = listOf(unknown, [78, 2, 48], Uint8Array.from([0xbe, 0xef, ...signature]))
    const { secureBoot } = bootFacts(bootWith(list), 'sha256', pcrs)
    const value = [{ ...goodList, type: unknown, header: fromHex('beef') }]
    expect(secureBoot.db).toMatchObject({ verified: true, value })
    expect(encode(efiSignatureDatabase, decode(efiSignatureDatabase, list))).toEqual(list)
  })

  test('many lists take time and room by their size only', () => {
    const count = 10_000
    const database = new Uint8Array(count * good.length)
    for (let i = 0; i < count; i++) database.set(good, i * good.length)
    const { secureBoot } = bootFacts(bootWith(database), 'sha256', pcrs)
    expect(secureBoot.db.verified && secureBoot.db.value.length).toBe(count)
  })
})
