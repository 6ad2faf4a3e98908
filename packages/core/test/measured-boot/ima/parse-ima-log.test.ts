import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { isTrustholdError } from '../../../src/errors/index.js'
import { type ImaLogOptions, parseImaLog, replayEventLog } from '../../../src/measured-boot/index.js'
import { imaList } from '../../../src/testing/index.js'
import { everyTemplate } from './every-template.js'

const typed = ['CODEC_UNDERFLOW', 'CODEC_TRAILING', 'CODEC_LIMIT', 'CODEC_VALUE']

function failureOf(bytes: Uint8Array, options?: ImaLogOptions): Record<string, unknown> | undefined {
  try {
    parseImaLog(bytes, options)
    return undefined
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    expect(typed).toContain(error.code)
    const context = error.context as { path: string; offset: number }
    expect(context.path).toMatch(/^ImaLog/)
    expect(context.offset).toBeGreaterThanOrEqual(0)
    expect(context.offset).toBeLessThanOrEqual(bytes.length)
    return { code: error.code, ...context }
  }
}

describe('layout', () => {
  // Made by hand from the kernel's format: PCR, template hash, name, data; one of ima-ng, one of ima.
  const ng = `0a000000 ${'11'.repeat(20)} 06000000 696d612d6e67 34000000 28000000 7368613235363a00 ${'ab'.repeat(32)} 04000000 2f612f00`
  const old = `0b000000 ${'22'.repeat(20)} 03000000 696d61 ${'cd'.repeat(20)} 03000000 2f6f6c`
  const bytes = fromHex((ng + old).replaceAll(' ', ''))

  test('every field is where the kernel has it', () => {
    const log = parseImaLog(bytes)
    expect(log).toMatchObject({ source: 'ima', encoding: 'binary', first: 0, end: 2, base: 0 })
    expect(log).toMatchObject({ listedAlgorithm: 'sha1', startupLocality: 0 })
    const [first, second] = log.events
    expect(first).toMatchObject({ index: 0, offset: 0, pcr: 10, label: 'ima-ng', extends: true, path: '/a/' })
    expect(first?.listedHash).toEqual(fromHex('11'.repeat(20)))
    expect(first?.fileDigest).toEqual({
      type: undefined,
      algorithm: 'sha256',
      value: fromHex('ab'.repeat(32)),
    })
    expect(first?.describe()).toBe(`ima-ng '/a/' sha256:${'ab'.repeat(32)}`)
    expect(second).toMatchObject({ index: 1, offset: 90, pcr: 11, label: 'ima', path: '/ol' })
    expect(second?.fileDigest).toEqual({
      type: undefined,
      algorithm: 'sha1',
      value: fromHex('cd'.repeat(20)),
    })
    expect(toHex(second?.record ?? bytes)).toBe(old.replaceAll(' ', ''))
  })

  test('the same as text', () => {
    const text = `10 ${'11'.repeat(20)} ima-ng sha256:${'ab'.repeat(32)} /a/\n11 ${'22'.repeat(20)} ima ${'cd'.repeat(20)} /ol\n`
    const log = parseImaLog(utf8(text))
    expect(log.encoding).toBe('ascii')
    expect(log.events.map(({ templateData }) => toHex(templateData))).toEqual(
      parseImaLog(bytes).events.map(({ templateData }) => toHex(templateData)),
    )
    expect(log.events.map(({ offset }) => offset)).toEqual([0, 127])
    expect(parseImaLog(utf8(text.slice(0, -1))).events[1]?.path).toBe('/ol')
  })

  test('a view into a larger buffer reads the same', () => {
    const larger = concatBytes(new Uint8Array(13).fill(7), bytes, new Uint8Array(5).fill(7))
    const log = parseImaLog(larger.subarray(13, 13 + bytes.length))
    expect(log.events.map(({ offset }) => offset)).toEqual([0, 90])
    expect(log.events[1]?.path).toBe('/ol')
  })

  test('an empty list has no entries', () => {
    expect(parseImaLog(new Uint8Array()).events).toEqual([])
    expect(parseImaLog(new Uint8Array()).entry(0)).toBeUndefined()
  })

  test('one entry can be had by its index', () => {
    expect(parseImaLog(bytes).entry(1)).toMatchObject({ index: 1, path: '/ol' })
    expect(parseImaLog(bytes).entry(2)).toBeUndefined()
    expect(parseImaLog(bytes).entry(-1)).toBeUndefined()
  })
})

describe('every template', () => {
  test.each(everyTemplate().map((entry) => [entry.template, entry] as const))(
    '%s is read and replayed in both forms',
    (_, entry) => {
      const { binary, ascii, pcrs } = imaList({ banks: ['sha1', 'sha256', 'sha384'] })
        .entry(entry)
        .entry({ ...entry, violation: true })
        .build()
      for (const bytes of [binary, ascii]) {
        const log = parseImaLog(bytes)
        expect(log.events.map(({ violation }) => violation)).toEqual([false, true])
        expect(log.events.every((parsed) => parsed.hasListedHash())).toBe(true)
        expect(log.events[0]?.path).toBe('/usr/bin/größe')
        for (const bank of ['sha1', 'sha256', 'sha384'] as const) {
          expect(replayEventLog(log, bank).get(10)).toEqual(pcrs.get(bank)?.get(10))
        }
      }
    },
  )

  test.each(everyTemplate().map((entry) => [entry.template, entry] as const))(
    '%s, cut at every byte, is refused or has lost whole entries only',
    (_, entry) => {
      const { binary, offsets } = imaList().entry(entry).entry(entry).build()
      for (let length = 0; length < binary.length; length++) {
        const cut = binary.slice(0, length)
        const failure = failureOf(cut)
        if (offsets.includes(length)) expect(failure).toBeUndefined()
        else expect(failure).toMatchObject({ code: 'CODEC_UNDERFLOW' })
      }
    },
  )

  test.each(everyTemplate().map((entry) => [entry.template, entry] as const))(
    'the text of %s, cut at every byte, is refused or its last entry is not what it says',
    (_, entry) => {
      const { ascii } = imaList().entry(entry).entry(entry).build()
      const line = ascii.length / 2
      for (let length = line + 1; length < ascii.length - 1; length++) {
        const cut = ascii.slice(0, length)
        if (failureOf(cut) !== undefined) continue
        expect(parseImaLog(cut).events[1]?.hasListedHash()).toBe(false)
      }
    },
  )
})

test('a digest is written over whatever was in its place, and over nothing else', () => {
  const { binary } = imaList().file('/a').file('/b', { violation: true }).build()
  for (const entry of parseImaLog(binary).events) {
    for (const rule of [undefined, 'recomputed', 'zero-padded', 'zero-padded-violations'] as const) {
      for (const bank of ['sha1', 'sha256', 'sha512']) {
        const size = entry.digest(bank)?.length ?? 0
        const clean = new Uint8Array(size + 4)
        const dirty = new Uint8Array(size + 4).fill(0xaa)
        expect(entry.copyDigest(bank, clean, 2, rule)).toBe(true)
        entry.copyDigest(bank, dirty, 2, rule)
        expect(dirty.subarray(2, -2)).toEqual(clean.subarray(2, -2))
        expect([...dirty.subarray(0, 2), ...dirty.subarray(-2)]).toEqual([0xaa, 0xaa, 0xaa, 0xaa])
        if (rule === undefined) expect(entry.digest(bank)).toEqual(clean.slice(2, -2))
      }
    }
    expect(entry.copyDigest('sha3_256', new Uint8Array(64), 0)).toBe(false)
    expect(entry.digest('sha3_256')).toBeUndefined()
    expect([...entry.digests.keys()]).toEqual(['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256'])
  }
})

describe('templates', () => {
  test('a format that was given at boot is its own name', () => {
    const template = 'iuid|n-ng|d-ng'
    const fields = [Uint8Array.of(1, 0, 0, 0), '/x\0', concatBytes(utf8('sha256:\0'), new Uint8Array(32))]
    const { binary, ascii } = imaList().entry({ template, fields }).build()
    for (const bytes of [binary, ascii]) {
      const [entry] = parseImaLog(bytes).events
      expect(entry?.template).toEqual({
        name: template,
        builtIn: false,
        fields: ['iuid', 'n-ng', 'd-ng'],
      })
      expect(entry?.field('iuid')).toEqual(Uint8Array.of(1, 0, 0, 0))
      expect(entry?.path).toBe('/x')
    }
  })

  test.each(['tpm-secret', 'd-ng|n-ng|unknown', Array(16).fill('sig').join('|')])(
    'of an unknown one, %s, only the hash is known',
    (template) => {
      const { binary, ascii, pcrs } = imaList()
        .entry({ template, fields: ['anything', Uint8Array.of(1, 2, 3)] })
        .build()
      const log = parseImaLog(binary)
      const [entry] = log.events
      expect(entry).toMatchObject({ template: { fields: undefined }, path: undefined, fileDigest: undefined })
      expect(entry?.hasListedHash()).toBe(true)
      expect(replayEventLog(log, 'sha256').get(10)).toEqual(pcrs.get('sha256')?.get(10))
      expect(failureOf(ascii)).toMatchObject({ code: 'CODEC_VALUE', path: 'ImaLog.entries[0].templateName' })
    },
  )

  test('its name is of printable characters', () => {
    const { binary } = imaList().entry({ template: 'ima\n', fields: [] }).build()
    expect(failureOf(binary)).toMatchObject({ code: 'CODEC_VALUE', path: 'ImaLog.entries[0].templateName' })
  })

  test('many in one list do not get mixed up', () => {
    const names = ['d-ng', 'n-ng', 'sig', 'buf', 'iuid', 'igid', 'modsig', 'd-ng', 'buf', 'evmsig', 'n-ng']
    const builder = imaList()
    for (const template of names) builder.entry({ template, fields: [new Uint8Array(4)] })
    expect(parseImaLog(builder.build().binary).events.map(({ label }) => label)).toEqual(names)
  })
})

describe('hash-agile lists', () => {
  test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('template hashes of %s', (listed) => {
    const { binary, ascii, pcrs } = imaList({ banks: ['sha1', 'sha256'], listed })
      .bootAggregate()
      .file('/bin/sh', { violation: true })
      .file('/bin/sh')
      .build()
    for (const bytes of [binary, ascii]) {
      const log = parseImaLog(bytes)
      expect(log.listedAlgorithm).toBe(listed)
      expect(log.events.every((entry) => entry.hasListedHash())).toBe(true)
      expect(log.events[1]?.violation).toBe(true)
      for (const bank of ['sha1', 'sha256'] as const) {
        expect(replayEventLog(log, bank).get(10)).toEqual(pcrs.get(bank)?.get(10))
      }
    }
  })

  test('an algorithm that has the size of another one has to be named', () => {
    const { binary, ascii } = imaList({ listed: 'sm3_256' }).file('/bin/sh').build()
    for (const bytes of [binary, ascii]) {
      expect(parseImaLog(bytes).events[0]?.hasListedHash()).toBe(false)
      const log = parseImaLog(bytes, { listedAlgorithm: 'sm3_256' })
      expect(log.events[0]?.hasListedHash()).toBe(true)
    }
    expect(() => parseImaLog(binary, { listedAlgorithm: 'sha3_256' })).toThrow(/ARGUMENT_INVALID|listed/)
  })

  test('a text with hashes of two sizes is refused', () => {
    const short = imaList().file('/a').build().ascii
    const long = imaList({ listed: 'sha256' }).file('/b').build().ascii
    expect(failureOf(concatBytes(short, long))).toMatchObject({
      path: 'ImaLog.entries[1].templateHash',
      expected: '20 bytes',
    })
  })
})

describe('byte order', () => {
  test('a list of a big-endian machine is read when that is said', () => {
    const template = 'd-ng|n-ng|iuid'
    const digest = concatBytes(utf8('sha256:\0'), new Uint8Array(32))
    const { binary, ascii, pcrs } = imaList({ byteOrder: 'big' })
      .file('/bin/sh')
      .entry({ template, fields: [digest, '/x\0', Uint8Array.of(0, 0, 3, 232)] })
      .build()
    for (const bytes of [binary, ascii]) {
      const log = parseImaLog(bytes, { byteOrder: 'big' })
      expect(log.events.map(({ path }) => path)).toEqual(['/bin/sh', '/x'])
      expect(log.events.every((entry) => entry.hasListedHash())).toBe(true)
      expect(replayEventLog(log, 'sha256').get(10)).toEqual(pcrs.get('sha256')?.get(10))
    }
    expect(failureOf(binary)).toMatchObject({ code: 'CODEC_VALUE', path: 'ImaLog.entries[0].pcr' })
    expect(parseImaLog(ascii).events[0]?.hasListedHash()).toBe(false)
  })
})

describe('limits', () => {
  const path = `/${'x'.repeat(99)}`
  const { binary, ascii } = imaList().file(path).file(path).build()
  const record = binary.length / 2

  test.each([
    ['bytes', { bytes: binary.length }, { bytes: binary.length - 1 }, 'ImaLog'],
    ['entries', { entries: 2 }, { entries: 1 }, 'ImaLog.entries'],
    ['templateName', { templateName: 6 }, { templateName: 5 }, 'ImaLog.entries[0].templateName'],
    ['templateData', { templateData: 149 }, { templateData: 148 }, 'ImaLog.entries[0].templateData'],
    ['path', { path: 101 }, { path: 100 }, 'ImaLog.entries[0].n-ng'],
  ])('%s', (_, allowed, tooFew, failing) => {
    expect(record).toBe(4 + 20 + 4 + 6 + 4 + 149)
    expect(parseImaLog(binary, allowed).events).toHaveLength(2)
    expect(failureOf(binary, tooFew)).toMatchObject({ code: 'CODEC_LIMIT', path: failing })
    if ('bytes' in allowed) return
    expect(parseImaLog(ascii, allowed).events).toHaveLength(2)
    expect(failureOf(ascii, tooFew)).toMatchObject({ code: 'CODEC_LIMIT', path: failing })
  })

  test('template ima has names of 255 bytes at most', () => {
    const fits = imaList().entry({ template: 'ima', fields: [new Uint8Array(20), `${'n'.repeat(255)}\0`] })
    const { binary: good, ascii: goodText } = fits.build()
    expect(parseImaLog(good).events[0]?.hasListedHash()).toBe(true)
    expect(parseImaLog(goodText).events[0]?.hasListedHash()).toBe(true)
    const longer = goodText.map((byte) => byte)
    const text = concatBytes(longer.slice(0, -1), utf8('n\n'))
    expect(failureOf(text)).toMatchObject({ code: 'CODEC_LIMIT', path: 'ImaLog.entries[0].n' })
    const grown = Uint8Array.from(good)
    new DataView(grown.buffer).setUint32(4 + 20 + 4 + 3 + 20, 256, true)
    expect(failureOf(grown)).toMatchObject({ code: 'CODEC_LIMIT', path: 'ImaLog.entries[0].n' })
  })
})

describe('malformed', () => {
  const good = imaList().file('/bin/sh', { template: 'ima-sig' }).build()
  const line = new TextDecoder().decode(good.ascii)

  test.each([
    ['a PCR that does not exist', line.replace('10 ', '24 '), 'pcr'],
    ['a PCR in hexadecimal', line.replace('10 ', '1a '), 'pcr'],
    ['a PCR of three digits', line.replace('10 ', '010 '), 'pcr'],
    ['a template hash of an odd length', line.replace('10 ', '10 a'), 'templateHash'],
    ['a template hash of an unknown length', line.replace('10 ', '10 aa'), 'templateHash'],
    ['a template hash with a sign', line.replace(/^10 .{4}/, '10 xyz0'), 'templateHash'],
    ['two spaces', line.replace(' ima-sig', '  ima-sig'), 'templateName'],
    ['no algorithm', line.replace('sha256:', ''), 'd-ng'],
    ['half a digit', line.replace('sha256:', 'sha256:a'), 'd-ng'],
    ['a signature that is no hexadecimal', line.replace('\n', 'zz\n'), 'sig'],
    ['no field for the signature', line.replace(' \n', '\n'), 'templateData'],
    ['a field too many', line.replace('\n', ' 00\n'), 'templateData'],
    ['nothing after the PCR', '10\n', 'templateHash'],
    ['an empty line', `${line}\n`, 'pcr'],
    ['a carriage return', line.replace('\n', '\r\n'), 'sig'],
  ])('text with %s', (_, text, field) => {
    expect(text).not.toBe(line)
    expect(failureOf(utf8(text))).toMatchObject({ path: expect.stringMatching(`\\]\\.${field}$`) as string })
  })

  test.each([
    ['', ''],
    ['4294967295', '01000000'],
    ['x', 'undefined'],
    ['4294967296', 'undefined'],
    ['-1', 'undefined'],
    ['1e3', 'undefined'],
  ])('a number %j in a text', (number, expected) => {
    const digest = concatBytes(utf8('sha256:\0'), new Uint8Array(32))
    const { ascii } = imaList()
      .entry({ template: 'd-ng|n-ng|iuid', fields: [digest, '/x\0', Uint8Array.of(1, 0, 0, 0)] })
      .build()
    const text = new TextDecoder().decode(ascii).replace(' 1\n', ` ${number}\n`)
    if (expected === 'undefined') {
      expect(failureOf(utf8(text))).toMatchObject({ path: 'ImaLog.entries[0].iuid' })
    } else expect(parseImaLog(utf8(text)).events[0]?.field('iuid')).toHaveLength(number === '' ? 0 : 4)
  })

  test('a template hash that is none is told from one of another length', () => {
    expect(failureOf(utf8(line.replace('10 ', '10 a')))).toMatchObject({
      expected: 'hexadecimal digits',
    })
  })

  test('a name with spaces, as old kernels list it, is the rest of the line', () => {
    const [entry] = parseImaLog(utf8(`10 ${'11'.repeat(20)} ima ${'00'.repeat(20)} /my  file \n`)).events
    expect(entry?.path).toBe('/my  file ')
  })

  test('a file that is no list at all', () => {
    expect(failureOf(utf8('this is something else\n'))).toMatchObject({ path: 'ImaLog.entries[0].pcr' })
    expect(failureOf(utf8('{"ima": []}'))).toMatchObject({ path: 'ImaLog.entries[0].pcr' })
  })

  test('a digest that is none is no digest', () => {
    for (const digest of [
      '',
      'sha256',
      'sha256\0',
      ':\0x',
      'a:b:c:\0x',
      'a:ima:sha256:\0x',
      'other:sha256:\0x',
      'x'.repeat(300),
    ]) {
      const { binary } = imaList()
        .entry({ template: 'ima-ngv2', fields: [digest, '/x\0'] })
        .build()
      expect(parseImaLog(binary).events[0]?.fileDigest).toBeUndefined()
      expect(parseImaLog(binary).events[0]?.path).toBe('/x')
    }
  })

  test('fields that do not fill the template data', () => {
    const bytes = Uint8Array.from(good.binary)
    const nameAt = 4 + 20 + 4 + 7 + 4 + 4 + 40
    new DataView(bytes.buffer).setUint32(nameAt, 9, true)
    expect(failureOf(bytes)).toMatchObject({ code: 'CODEC_UNDERFLOW' })
    const longer = imaList()
      .entry({ template: 'ima-ng', fields: ['', '', ''] })
      .build()
    expect(failureOf(longer.binary)).toMatchObject({
      code: 'CODEC_TRAILING',
      path: 'ImaLog.entries[0].templateData',
      trailing: 4,
    })
  })
})

describe('properties', () => {
  const name = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll(/[\0\n ]/g, '_'))
  const bytes = fc.uint8Array({ maxLength: 60 })
  const digest = fc.uint8Array({ maxLength: 64 }).map((value) => concatBytes(utf8('sha512:\0'), value))
  const entry = fc.record({
    pcr: fc.integer({ min: 0, max: 23 }),
    violation: fc.boolean(),
    template: fc.constantFrom('ima-sig', 'ima-buf', 'd-ngv2|n-ng|evmsig'),
    fields: fc.tuple(
      digest,
      name.map((text) => `${text}\0`),
      bytes,
    ),
  })

  test('both forms of a list are the same list, and replay', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (entries) => {
        const builder = imaList({ banks: ['sha1', 'sha256'] })
        for (const one of entries) builder.entry(one)
        const { binary, ascii, pcrs, offsets } = builder.build()
        const logs = [parseImaLog(binary), parseImaLog(ascii)] as const
        expect(logs[0].events.map(({ offset }) => offset)).toEqual(offsets)
        for (const log of logs) {
          expect(log.events.map(({ pcr }) => pcr)).toEqual(entries.map(({ pcr }) => pcr))
          expect(log.events.map(({ templateData }) => toHex(templateData))).toEqual(
            logs[0].events.map(({ templateData }) => toHex(templateData)),
          )
          expect(log.events.every((parsed) => parsed.hasListedHash())).toBe(true)
          expect(replayEventLog(log, 'sha1')).toEqual(pcrs.get('sha1'))
          expect(replayEventLog(log, 'sha256')).toEqual(pcrs.get('sha256'))
        }
      }),
    )
  })

  test('any bytes are read or refused with a typed error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => void failureOf(any)))
    const text = fc.string({ unit: fc.constantFrom(...'01 af:\n|dngima-'), maxLength: 200 })
    fc.assert(fc.property(text, (any) => void failureOf(utf8(any))))
  })

  test('a changed list is refused, or what it says can be asked for, and does not pass for the other', () => {
    const { binary, ascii } = imaList()
      .bootAggregate()
      .file('/bin/sh', { template: 'ima-sig', signature: Uint8Array.of(3, 2, 4, 0, 0, 0, 0, 0, 1, 9) })
      .entry({ template: 'ima', fields: [new Uint8Array(20).fill(5), 'old\0'] })
      .build()
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), fc.integer({ min: 1, max: 255 }), (inText, place, flip) => {
        const bytes = Uint8Array.from(inText ? ascii : binary)
        const at = place % bytes.length
        bytes[at] = (bytes[at] as number) ^ flip
        if (failureOf(bytes) !== undefined) return
        for (const changed of parseImaLog(bytes).events) {
          expect(changed.describe()).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
          changed.hasListedHash()
          expect(changed.digests.size).toBeGreaterThan(3)
        }
      }),
      { numRuns: 500 },
    )
  })
})
