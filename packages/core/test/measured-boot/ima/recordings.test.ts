import { describe, expect, test } from 'vitest'
import { bootNames, loadBoot, recordedBanks } from '../../../../../test/recordings/load.js'
import {
  type ImaRecordingName,
  imaRecordingNames,
  loadIma,
  loadImaSigner,
} from '../../../../../test/recordings/load-ima.js'
import { toHex } from '../../../src/bytes/index.js'
import {
  checkBootAggregate,
  compareLog,
  createImaKeyring,
  type ImaLog,
  matchImaLog,
  parseEventLog,
  parseImaLog,
  replayEventLog,
  verifyFileSignature,
} from '../../../src/measured-boot/index.js'

const empty = new Uint8Array(0)
/** Lists whose text form says the same: but one file has a line break in its name. */
const inText = imaRecordingNames.filter((name) => name !== 'custom')

/** Templates of each list, in the order of their first entries. */
const templates: Record<ImaRecordingName, string[]> = {
  ima: ['ima'],
  'ima-ng': ['ima-ng'],
  'ima-sig': ['ima-sig'],
  mixed: ['ima-ngv2', 'ima-buf', 'ima-sigv2'],
  'ima-modsig': ['ima-modsig'],
  'evm-sig': ['evm-sig'],
  custom: ['d-ngv2|iuid|imode|n-ng|sig'],
}

/** All that entries say, as plain data. */
function contentOf(log: ImaLog): unknown {
  return log.events.map((entry) => ({
    index: entry.index,
    pcr: entry.pcr,
    template: entry.template,
    listed: toHex(entry.listedHash),
    data: toHex(entry.templateData),
    violation: entry.violation,
    described: entry.describe(),
  }))
}

describe.each(imaRecordingNames)('a kernel with %s', (name) => {
  const recording = loadIma(name)
  const log = parseImaLog(recording.binary)

  test('is read to the last byte', () => {
    expect(log).toMatchObject({ source: 'ima', encoding: 'binary', listedAlgorithm: 'sha1', first: 0 })
    expect(log.events).toHaveLength(recording.count)
    expect(log.events.filter(({ violation }) => violation)).toHaveLength(recording.violations)
    expect([...new Set(log.events.map(({ label }) => label))]).toEqual(templates[name])
    expect(log.events.map((entry) => entry.hasListedHash())).toEqual(log.events.map(() => true))
    const length = log.events.reduce((sum, { record }) => sum + record.length, 0)
    expect(length).toBe(recording.binary.length)
  })

  test.each(['sha1', 'sha256'] as const)('replays to the PCR of %s', (bank) => {
    const value = recording.pcrs.get(bank)?.get(10)
    expect(replayEventLog(log, bank).get(10)).toEqual(value)
    expect(matchImaLog(log, bank, value ?? empty)).toMatchObject({ matched: true, rule: 'recomputed' })
  })

  // This kernel has SHA-384 and SHA-512 as modules only, which are not there when IMA begins.
  test.each(['sha384', 'sha512'] as const)('replays to the PCR of %s by SHA-1 and zeros', (bank) => {
    const value = recording.pcrs.get(bank)?.get(10) ?? empty
    expect(matchImaLog(log, bank, value)).toMatchObject({ matched: false, cause: 'zero-padded' })
    const match = matchImaLog(log, bank, value, { acceptZeroPadded: true })
    expect(match).toMatchObject({ matched: true, rule: 'zero-padded' })
  })

  test.each(recordedBanks)('is longer than the PCR of %s before the programs ran', (bank) => {
    const value = recording.early.pcrs.get(bank)?.get(10) ?? empty
    const match = matchImaLog(log, bank, value, { acceptZeroPadded: true })
    expect(match).toMatchObject({ matched: true, count: recording.early.count })
    expect(recording.early.count).toBeLessThan(recording.count)
  })

  test('starts with the aggregate of the boot', () => {
    const [first] = log.events
    if (first === undefined) throw new Error('the list is empty')
    expect(checkBootAggregate(first, recording.pcrs)).toMatchObject({ outcome: 'matches' })
  })
})

test.each(inText)('the text of %s says what the binary list says', (name) => {
  const { binary, ascii } = loadIma(name)
  const text = parseImaLog(ascii)
  expect(text.encoding).toBe('ascii')
  expect(contentOf(text)).toEqual(contentOf(parseImaLog(binary)))
  const lines = Buffer.from(ascii).toString('latin1').split('\n')
  expect(text.events.map(({ record }) => Buffer.from(record).toString('latin1'))).toEqual(lines.slice(0, -1))
  expect(text.events.map(({ offset }) => ascii[offset - 1] ?? 0x0a)).toEqual(text.events.map(() => 0x0a))
})

test('a line break in a name is read in binary, and breaks the text', () => {
  const { binary, ascii } = loadIma('custom')
  expect(parseImaLog(binary).events.at(-1)?.path).toBe('/system/odd/a\nb')
  expect(parseImaLog(binary).events.at(-1)?.describe()).not.toContain('\n')
  expect(() => parseImaLog(ascii)).toThrow(/entries\[17\].templateData: expected 5 fields/)
})

test('template ima has the name of a file whose path is too long for it', () => {
  const names = parseImaLog(loadIma('ima').binary).events.map(({ path }) => path)
  expect(names).toContain('deep-file')
  expect(names).toContain('/system/etc/größe')
  expect(names).toContain('/system/etc/web_server')
})

describe('keys, critical data, fs-verity, another PCR', () => {
  const { binary, pcrs } = loadIma('mixed')
  const log = parseImaLog(binary)
  const byPath = new Map(log.events.map((entry) => [entry.path, entry]))

  test('a key that was put into a keyring is a buffer', () => {
    expect(byPath.get('_vendor')?.buffer).toEqual(new Uint8Array(loadImaSigner('rsa').raw))
    const version = byPath.get('kernel_version')?.buffer ?? empty
    expect(new TextDecoder().decode(version)).toMatch(/^6\.1\.\d.*-cloud-amd64$/)
  })

  test('digests of content and of fs-verity are told apart', () => {
    const digests = log.events.map(({ fileDigest }) => `${fileDigest?.type}:${fileDigest?.algorithm}`)
    expect(digests[0]).toBe('ima:sha256')
    expect(digests[1]).toBe('undefined:sha256')
    expect(byPath.get('/system/etc/verity')?.fileDigest).toMatchObject({
      type: 'verity',
      algorithm: 'sha256',
    })
  })

  test('entries of PCR 11 are proved by PCR 11 alone', () => {
    const value = pcrs.get('sha256')?.get(11) ?? empty
    expect(log.events.filter(({ pcr }) => pcr === 11).map(({ index }) => index)).toEqual([3, 4])
    expect(matchImaLog(log, 'sha256', value, { pcr: 11 })).toMatchObject({ matched: true, count: 5 })
    expect(matchImaLog(log, 'sha256', value, { pcr: 10 })).toMatchObject({ matched: false })
    expect(replayEventLog(log, 'sha256').get(11)).toEqual(value)
  })
})

test.each(['ima-sig', 'ima-modsig', 'custom'] as const)('evmctl signed two files of %s', (name) => {
  const keyring = createImaKeyring(
    (['rsa', 'ecc'] as const).map((kind) => ({ key: loadImaSigner(kind).publicKey, name: kind })),
  )
  const signed = parseImaLog(loadIma(name).binary).events.flatMap((entry) => {
    const result = verifyFileSignature(entry, keyring)
    return result.outcome === 'unsigned' ? [] : [[entry.path, result.outcome, 'key' in result && result.key]]
  })
  expect(signed).toEqual([
    ['/system/etc/signed-ecc', 'verified', 'ecc'],
    ['/system/etc/signed-rsa', 'verified', 'rsa'],
  ])
})

test('owner and mode of files are in evm-sig', () => {
  const [, entry] = parseImaLog(loadIma('evm-sig').binary).events
  expect(entry?.field('iuid')).toEqual(new Uint8Array(4))
  expect(entry?.field('imode')).toEqual(Uint8Array.of(0xed, 0x81))
  expect(entry?.field('n')).toBeUndefined()
})

describe.each(bootNames)('%s', (name) => {
  const boot = loadBoot(name)
  const log = parseImaLog(boot.imaLog)

  test.each(['sha1', 'sha256'] as const)('replays to PCR 10 of %s', (bank) => {
    const value = boot.pcrs[bank].get(10) ?? empty
    expect(matchImaLog(log, bank, value)).toMatchObject({ matched: true, count: log.events.length })
    expect(compareLog(log, bank, new Map([[10, value]])).matching).toEqual([10])
  })

  test('its boot aggregate is over what the event log replays to', () => {
    const [first] = log.events
    if (first === undefined) throw new Error('the list is empty')
    const firmware = replayEventLog(parseEventLog(boot.eventLog), 'sha256')
    expect(checkBootAggregate(first, new Map([['sha256', firmware]]))).toMatchObject({ outcome: 'matches' })
    for (const other of bootNames.filter((known) => known !== name)) {
      const { pcrs } = loadBoot(other)
      expect(checkBootAggregate(first, new Map([['sha256', pcrs.sha256]])).outcome).toBe('differs')
    }
  })
})
