import { createHash } from 'node:crypto'
import { concatBytes, toHex, utf8 } from '@trusthold/core/bytes'
import {
  type ImaAllowListDocument,
  type ImaVerdict,
  matchImaLog,
  parseImaLog,
  readImaAllowList,
  verifyImaLog,
} from '@trusthold/core/measured-boot'
import { imaList } from '@trusthold/core/testing'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../recordings/load.js'
import { type ImaRecording, loadIma } from '../recordings/load-ima.js'

const sha256 = (data: Uint8Array | string): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(data).digest())

/** The recorded lists, cut into their records: what an attacker has to work with. */
const recording = loadIma('ima-ng')
const records: readonly Uint8Array[] = parseImaLog(recording.binary).events.map(({ record }) =>
  Uint8Array.from(record),
)

/** Allows all that the recorded host measured, but for what changed while it was measured. */
function allowAll({ binary }: ImaRecording): ImaAllowListDocument {
  const digests = parseImaLog(binary).events.flatMap(({ fileDigest, violation }) =>
    violation || fileDigest === undefined ? [] : [`${fileDigest.algorithm}:${toHex(fileDigest.value)}`],
  )
  return { version: 1, digests }
}

function verify(list: Uint8Array, quoted = recording.pcrs, document = allowAll(recording)): ImaVerdict {
  const allowList = readImaAllowList(document)
  return verifyImaLog(parseImaLog(list), { bank: 'sha256', pcrs: quoted, allowList, acceptViolations: true })
}

/** PCRs of the recorded boot with another PCR 10. */
function quoteWith(value: Uint8Array) {
  const values = new Map<number, Uint8Array>(recording.pcrs.get('sha256'))
  return new Map([['sha256', values.set(10, value)]] as const)
}

test('T-39 the honest list is accepted', () => {
  expect(verify(recording.binary)).toMatchObject({ accepted: true, notJudged: 0 })
  expect(verify(recording.ascii)).toMatchObject({ accepted: true, notJudged: 0 })
})

describe('T-39 the list is longer or shorter than the quote', () => {
  test('what came after the quote is not judged, and does not make the quoted part doubtful', () => {
    const more = imaList().file('/usr/bin/evil').build().binary
    const verdict = verify(concatBytes(recording.binary, more))
    expect(verdict).toMatchObject({ accepted: true, notJudged: 1, match: { count: recording.count } })
    expect(verify(recording.binary, recording.early.pcrs).match).toMatchObject({
      count: recording.early.count,
    })
  })

  test('a list that hides its last entries is refused', () => {
    for (let kept = 0; kept < records.length; kept++) {
      const verdict = verify(concatBytes(...records.slice(0, kept)))
      expect(verdict).toMatchObject({ accepted: false, match: { cause: 'no-prefix' } })
    }
  })

  test('a list without one of its entries, or with two of them exchanged, is refused', () => {
    for (let i = 0; i < records.length; i++) {
      expect(verify(concatBytes(...records.toSpliced(i, 1))).accepted).toBe(false)
      if (i === 0) continue
      const [one, other] = [records[i - 1] as Uint8Array, records[i] as Uint8Array]
      expect(verify(concatBytes(...records.toSpliced(i - 1, 2, other, one))).accepted).toBe(false)
    }
  })

  test('a host that measures nothing is not one that measured nothing bad', () => {
    for (const list of [new Uint8Array(), recording.binary]) {
      expect(verify(list, quoteWith(new Uint8Array(32)))).toMatchObject({
        accepted: false,
        match: { cause: 'unextended' },
      })
    }
  })

  test('an entry is not hidden by giving it another PCR', () => {
    for (let i = 0; i < records.length; i++) {
      const moved = Uint8Array.from(records[i] as Uint8Array)
      moved[0] = 11
      expect(verify(concatBytes(...records.with(i, moved))).accepted).toBe(false)
    }
  })

  test('a genuine list of another boot is told by its boot aggregate', () => {
    const other = loadBoot('boot-debug')
    const list = parseImaLog(other.imaLog)
    const value = other.pcrs.sha256.get(10) ?? new Uint8Array()
    expect(matchImaLog(list, 'sha256', value).matched).toBe(true)
    const verdict = verify(other.imaLog, quoteWith(value), allowAll({ ...recording, binary: other.imaLog }))
    expect(verdict.findings.map(({ check }) => check)).toEqual(['boot-aggregate'])
  })
})

describe('T-39 violations', () => {
  const violations = parseImaLog(recording.binary).events.filter(({ violation }) => violation)

  test('are refused unless they are accepted, and counted also then', () => {
    const allowList = readImaAllowList({ ...allowAll(recording), exclude: ['*'] })
    const options = { bank: 'sha256', pcrs: recording.pcrs, allowList } as const
    const strict = verifyImaLog(parseImaLog(recording.binary), options)
    expect(strict.findings.map(({ check, entry }) => [check, entry])).toEqual(
      violations.map(({ index }) => ['violation', index]),
    )
    expect(verify(recording.binary).counts.violation).toBe(recording.violations)
  })

  test('the name that one states is anybody’s: no exclusion applies to it', () => {
    const { index } = violations[0] ?? { index: 0 }
    const renamed = imaList().file('/tmp/harmless', { violation: true }).build().binary
    const list = concatBytes(...records.with(index, renamed))
    const allowList = readImaAllowList({ ...allowAll(recording), exclude: ['/tmp/*'] })
    const log = parseImaLog(list)
    // The PCR still matches: it was extended with ones, whatever the entry says.
    const verdict = verifyImaLog(log, { bank: 'sha256', pcrs: recording.pcrs, allowList })
    expect(verdict.match.matched).toBe(true)
    expect(verdict.findings.map(({ check }) => check)).toEqual(['violation', 'violation'])
  })

  test('none is made of an entry, and no entry of one', () => {
    for (let i = 0; i < records.length; i++) {
      const changed = Uint8Array.from(records[i] as Uint8Array)
      const isViolation = violations.some(({ index }) => index === i)
      changed.fill(isViolation ? 0xff : 0, 4, 24)
      expect(verify(concatBytes(...records.with(i, changed))).accepted).toBe(false)
    }
  })
})

describe('T-39 the list lies about an entry', () => {
  const evil = { content: 'evil', template: 'ima-ng' } as const
  const allowed = { version: 1, files: { '/bin/sh': [`sha256:${toHex(sha256('good'))}`] } } as const

  test('the listed hash of what was measured, with the data of what is allowed', () => {
    const measured = imaList({ banks: ['sha1'] })
      .file('/bin/sh', evil)
      .build()
    const [{ listedHash } = { listedHash: new Uint8Array() }] = parseImaLog(measured.binary).events
    const fields = [concatBytes(utf8('sha256:\0'), sha256('good')), '/bin/sh\0']
    const lie = imaList().entry({ template: 'ima-ng', fields, listedHash }).build()
    for (const list of [lie.binary, lie.ascii]) {
      const verdict = verifyImaLog(parseImaLog(list), {
        bank: 'sha1',
        pcrs: measured.pcrs,
        allowList: readImaAllowList(allowed),
        bootAggregate: 'if-known',
      })
      expect(verdict).toMatchObject({ accepted: false, match: { matched: false, cause: 'template-hash' } })
    }
  })

  test('a listed hash that is not that of its data is never accepted, though the bank needs none', () => {
    const fields = [concatBytes(utf8('sha256:\0'), sha256('good')), '/bin/sh\0']
    const listedHash = new Uint8Array(20).fill(7)
    const { binary, pcrs } = imaList().entry({ template: 'ima-ng', fields, listedHash }).build()
    const verdict = verifyImaLog(parseImaLog(binary), {
      bank: 'sha256',
      pcrs,
      allowList: readImaAllowList(allowed),
      bootAggregate: 'if-known',
    })
    expect(verdict.match.matched).toBe(true)
    expect(verdict.findings.map(({ check }) => check)).toEqual(['template-hash'])
  })

  test('another template’s name makes no other entry of the same data', () => {
    const excluded = { ...allowed, exclude: ['/tmp/*', '*'] }
    const commandLine = concatBytes(utf8('sha256:\0'), sha256('good'))
    const fields = [concatBytes(utf8('sha256:\0'), sha256(commandLine)), 'kexec-cmdline\0', commandLine]
    const { pcrs } = imaList().entry({ template: 'ima-buf', fields }).build()
    for (const template of [
      'ima-sig',
      'ima-sigv2',
      'sig|n-ng|d-ng',
      'sig|n|d-ngv2',
      'xattrvalues|n-ng|d-ng',
    ]) {
      const { binary } = imaList().entry({ template, fields }).build()
      const log = parseImaLog(binary)
      expect(matchImaLog(log, 'sha256', pcrs.get('sha256')?.get(10) ?? new Uint8Array()).matched).toBe(true)
      const digests = [`sha256:${toHex(sha256('good'))}`]
      const verdict = verifyImaLog(log, {
        bank: 'sha256',
        pcrs,
        allowList: readImaAllowList({ ...excluded, digests }),
        bootAggregate: 'if-known',
      })
      expect(verdict.findings.map(({ check }) => check)).toEqual(['allow-list'])
    }
  })

  test('an entry that passes for one of the first template, whose name would be excluded', () => {
    // 276 bytes of template data are also a digest of 20 bytes and a name of 256: the digest's bytes 9 to 13 are its start.
    const digest = concatBytes(new Uint8Array(8).fill(9), utf8('/tmp/'), new Uint8Array(19).fill(9))
    const path = `/${'x'.repeat(276 - 4 - 40 - 4 - 2)}\0`
    const fields = [concatBytes(utf8('sha256:\0'), digest), path]
    const { binary, pcrs } = imaList().entry({ template: 'ima-ng', fields }).build()
    const data = parseImaLog(binary).events[0]?.templateData ?? new Uint8Array()
    expect(data).toHaveLength(276)
    const disguised = imaList()
      .entry({ template: 'ima', fields: [data.slice(0, 20), data.slice(20)] })
      .build()
    const log = parseImaLog(disguised.binary)
    expect(matchImaLog(log, 'sha256', pcrs.get('sha256')?.get(10) ?? new Uint8Array()).matched).toBe(true)
    const allowList = readImaAllowList({ version: 1, exclude: ['/tmp/*'] })
    const verdict = verifyImaLog(log, { bank: 'sha256', pcrs, allowList, bootAggregate: 'if-known' })
    expect(verdict).toMatchObject({ accepted: false, counts: { excluded: 0 } })
  })

  test('a file’s name with a line break makes no entry of its own in a text', () => {
    const injected = `/tmp/x\n10 ${'00'.repeat(20)} ima-ng sha256:${'00'.repeat(32)} /bin/sh`
    const { ascii, pcrs } = imaList().file(injected, { content: 'good' }).build()
    const log = parseImaLog(ascii)
    expect(log.events).toHaveLength(2)
    const allowList = readImaAllowList({ ...allowed, exclude: ['/tmp/*'] })
    const verdict = verifyImaLog(log, {
      ...{ bank: 'sha256', pcrs, allowList, bootAggregate: 'if-known', acceptViolations: true },
    })
    expect(verdict).toMatchObject({ accepted: false, match: { matched: false } })
  })
})

describe('T-39 hash-agile extension', () => {
  test('a bank that only has SHA-1 and zeros is not one of its name', () => {
    for (const bank of ['sha384', 'sha512'] as const) {
      const value = recording.pcrs.get(bank)?.get(10) ?? new Uint8Array()
      expect(matchImaLog(parseImaLog(recording.binary), bank, value)).toMatchObject({
        matched: false,
        cause: 'zero-padded',
      })
    }
  })

  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s: every bank has its own digests', (bank) => {
    const built = imaList({ banks: [bank] })
      .bootAggregate()
      .file('/a')
      .file('/b', { violation: true })
      .build()
    const value = built.pcrs.get(bank)?.get(10) ?? new Uint8Array()
    for (const list of [built.binary, built.ascii]) {
      expect(matchImaLog(parseImaLog(list), bank, value)).toMatchObject({ matched: true, count: 3 })
    }
    for (const other of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      if (other === bank) continue
      expect(matchImaLog(parseImaLog(built.binary), other, value).matched).toBe(false)
    }
  })
})
