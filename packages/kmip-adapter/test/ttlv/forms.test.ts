import { fromHex, toHex } from '@trusthold/core/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeItem,
  encodeItem,
  item,
  parseJson,
  parseXml,
  printJson,
  printXml,
  type Scalar,
  type TtlvItem,
  tags,
  toJsonForm,
} from '../../src/ttlv/index.js'
import { recordedMessages } from '../recordings.js'
import { anyTree } from './any-tree.js'

const reveal = { reveal: true } as const
const { Data, Name, Comment, State, LeaseTime, Modulus, Sensitive } = tags

/** Values of each type in both forms. */
const values: readonly (readonly [item: TtlvItem, json: Scalar, xml: string])[] = [
  [item(tags.BatchCount, 'Integer', 1), 1, '1'],
  [item(tags.BatchCount, 'Integer', -(2 ** 31)), -(2 ** 31), '-2147483648'],
  [item(tags.CryptographicUsageMask, 'Integer', 12), 'Encrypt|Decrypt', 'Encrypt Decrypt'],
  [item(tags.CryptographicUsageMask, 'Integer', 0), 0, '0'],
  [
    item(tags.CryptographicUsageMask, 'Integer', -(2 ** 31) + 0x100_0001),
    'Sign|0x81000000',
    'Sign 0x81000000',
  ],
  [
    item(tags.StorageStatusMask, 'Integer', 3),
    'OnLineStorage|ArchivalStorage',
    'OnLineStorage ArchivalStorage',
  ],
  [item(tags.ProtectionStorageMask, 'Integer', 2), 'Hardware', 'Hardware'],
  [item(tags.UsageLimitsTotal, 'LongInteger', 5n), '0x0000000000000005', '5'],
  [item(tags.UsageLimitsTotal, 'LongInteger', -(2n ** 63n)), '0x8000000000000000', '-9223372036854775808'],
  [item(Modulus, 'BigInteger', { number: -2n, width: 8 }), '0xfffffffffffffffe', 'fffffffffffffffe'],
  [item(Modulus, 'BigInteger', { number: 2n, width: 16 }), `0x${'0'.repeat(31)}2`, `${'0'.repeat(31)}2`],
  [item(State, 'Enumeration', 2), 'Active', 'Active'],
  [item(State, 'Enumeration', 0x8000_0001), '0x80000001', '0x80000001'],
  [item(Comment, 'Enumeration', 2), '0x00000002', '0x00000002'],
  [item(tags.AttributeReference, 'Enumeration', State), 'State', 'State'],
  [item(tags.AttributeReference, 'Enumeration', 0x54_0001), '0x00540001', '0x00540001'],
  [item(tags.ExtensionType, 'Enumeration', 7), 'TextString', 'TextString'],
  [item(tags.MaskGeneratorHashingAlgorithm, 'Enumeration', 6), 'SHA_256', 'SHA_256'],
  [item(tags.LinkedObjectIdentifier, 'Enumeration', 1), 'IDPlaceholder', 'IDPlaceholder'],
  [item(Sensitive, 'Boolean', true), true, 'true'],
  [item(Sensitive, 'Boolean', false), false, 'false'],
  [item(Name, 'TextString', ''), '', ''],
  [
    item(Name, 'TextString', `a "b" <c> & 'd'\t\n\u202e🔑`),
    `a "b" <c> & 'd'\t\n\u202e🔑`,
    `a "b" <c> & 'd'\t\n\u202e🔑`,
  ],
  [item(Data, 'ByteString', new Uint8Array()), '', ''],
  [item(Data, 'ByteString', Uint8Array.of(0, 0xab)), '00ab', '00ab'],
  [item(tags.TimeStamp, 'DateTime', 0x47da_67f8n), '2008-03-14T11:56:40+00:00', '2008-03-14T11:56:40+00:00'],
  [
    item(tags.TimeStamp, 'DateTime', -62_167_219_200n),
    '0000-01-01T00:00:00+00:00',
    '0000-01-01T00:00:00+00:00',
  ],
  [
    item(tags.TimeStamp, 'DateTime', 253_402_300_799n),
    '9999-12-31T23:59:59+00:00',
    '9999-12-31T23:59:59+00:00',
  ],
  [item(tags.TimeStamp, 'DateTime', -62_167_219_201n), '0xfffffff1868b83ff', '0xfffffff1868b83ff'],
  [item(tags.TimeStamp, 'DateTime', 253_402_300_800n), '0x0000003afff44180', '0x0000003afff44180'],
  [
    item(tags.TimeStamp, 'DateTimeExtended', 1_205_495_800_000_001n),
    '2008-03-14T11:56:40.000001+00:00',
    '2008-03-14T11:56:40.000001+00:00',
  ],
  [
    item(tags.TimeStamp, 'DateTimeExtended', -1n),
    '1969-12-31T23:59:59.999999+00:00',
    '1969-12-31T23:59:59.999999+00:00',
  ],
  [item(tags.TimeStamp, 'DateTimeExtended', 2n ** 63n - 1n), '0x7fffffffffffffff', '0x7fffffffffffffff'],
  [item(LeaseTime, 'Interval', 2 ** 32 - 1), 2 ** 32 - 1, '4294967295'],
]

const bytesOf = (items: readonly TtlvItem[]): string => items.map((one) => toHex(encodeItem(one))).join(' ')

/** The value of the only attribute `value`, as an XML reader sees it. */
const xmlValue = (xml: string): string =>
  (/ value="([^"]*)"/.exec(xml)?.[1] ?? '')
    .replace(/&#x([0-9a-f]+);/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

describe('values', () => {
  test.each(values)('%s', async (value, json, xml) => {
    expect(toJsonForm(value, reveal).value).toBe(json)
    expect(bytesOf(parseJson(printJson([value], reveal)))).toBe(bytesOf([value]))
    const printed = printXml([value], reveal)
    expect(xmlValue(printed)).toBe(xml)
    expect(bytesOf(await parseXml(printed))).toBe(bytesOf([value]))
  })

  test.each<[tag: string, type: string, value: unknown, hex: string]>([
    ['CryptographicUsageMask', 'Integer', '0x0000100c', '4200 2c02 00000004 0000100c 00000000'],
    [
      'CryptographicUsageMask',
      'Integer',
      'CertificateSign|0x00000004|0x8',
      '42002c02 00000004 0000100c 00000000',
    ],
    ['CryptographicUsageMask', 'Integer', 'Encrypt Decrypt', '42002c02 00000004 0000000c 00000000'],
    ['CryptographicUsageMask', 'Integer', 12, '42002c02 00000004 0000000c 00000000'],
    ['BatchCount', 'Integer', '0xffffffff', '42000d02 00000004 ffffffff 00000000'],
    ['UsageLimitsTotal', 'LongInteger', -5, '42009703 00000008 fffffffffffffffb'],
    ['UsageLimitsTotal', 'LongInteger', '0x5', '42009703 00000008 0000000000000005'],
    ['Modulus', 'BigInteger', -1, '42005204 00000008 ffffffffffffffff'],
    ['State', 'Enumeration', 2, '42008d05 00000004 00000002 00000000'],
    ['State', 'Enumeration', '0x00000002', '42008d05 00000004 00000002 00000000'],
    ['0x42008D', 'Enumeration', 'Active', '42008d05 00000004 00000002 00000000'],
    ['0x540001', 'Enumeration', '0x7', '54000105 00000004 00000007 00000000'],
    ['Sensitive', 'Boolean', '0x0000000000000001', '42012006 00000008 0000000000000001'],
    ['Sensitive', 'Boolean', '0', '42012006 00000008 0000000000000000'],
    ['Data', 'ByteString', 'ABcd', '4200c208 00000002 abcd000000000000'],
    ['TimeStamp', 'DateTime', '0x0000000047da67f8', '42009209 00000008 0000000047da67f8'],
    ['TimeStamp', 'DateTime', '2008-03-14T11:56:40Z', '42009209 00000008 0000000047da67f8'],
    ['TimeStamp', 'DateTime', '2008-03-14T13:26:40+01:30', '42009209 00000008 0000000047da67f8'],
    ['TimeStamp', 'DateTime', '2008-03-14T06:56:40.000-05:00', '42009209 00000008 0000000047da67f8'],
    ['TimeStamp', 'DateTimeExtended', '1970-01-01T00:00:01.5Z', '4200920b 00000008 000000000016e360'],
    ['LeaseTime', 'Interval', '0xffffffff', '4200490a 00000004 ffffffff 00000000'],
  ])('%s %s of %o is read', async (tag, type, value, hex) => {
    const expected = hex.replaceAll(' ', '')
    expect(bytesOf(parseJson(JSON.stringify({ tag, type, value })))).toBe(expected)
    const element = tag.startsWith('0x') ? `TTLV tag="${tag}"` : tag
    if (typeof value === 'string') {
      expect(bytesOf(await parseXml(`<${element} type="${type}" value="${value}"/>`))).toBe(expected)
    }
  })

  test.each<[type: string, value: unknown]>([
    ['Integer', 2 ** 31],
    ['Integer', 1.5],
    ['Integer', '0x123456789'],
    ['Integer', 'Encrypt'],
    ['Integer', true],
    ['Integer', ''],
    ['Integer', null],
    ['Integer', '01'],
    ['Integer', '1e3'],
    ['LongInteger', 2 ** 53],
    ['LongInteger', '9223372036854775808'],
    ['LongInteger', '0x10000000000000000'],
    ['LongInteger', '1'.repeat(1000)],
    ['BigInteger', '0x00'],
    ['BigInteger', '0x'],
    ['BigInteger', 2 ** 53],
    ['BigInteger', '0x000000000000000g'],
    ['Enumeration', -1],
    ['Enumeration', 2 ** 32],
    ['Enumeration', 'Nothing'],
    ['Enumeration', 'constructor'],
    ['Boolean', 'yes'],
    ['Boolean', 1],
    ['Boolean', '0x1'],
    ['TextString', 5],
    ['TextString', 'half \ud83d a pair'],
    ['TextString', {}],
    ['ByteString', 'abc'],
    ['ByteString', '0xab'],
    ['ByteString', 'gg'],
    ['DateTime', '2008-03-14T11:56:40'],
    ['DateTime', '2008-02-30T11:56:40Z'],
    ['DateTime', '2008-13-01T11:56:40Z'],
    ['DateTime', '2008-03-14T24:00:00Z'],
    ['DateTime', '2008-03-14T11:56:40.5Z'],
    ['DateTime', '2008-03-14T11:56:40+15:00'],
    ['DateTime', '2008-03-14'],
    ['DateTime', 5],
    ['DateTimeExtended', '2008-03-14T11:56:40.1234567Z'],
    ['Interval', -1],
    ['Interval', '4294967296'],
    ['Interval', 0.5],
    ['Nothing', 1],
    ['constructor', 1],
    ['Structure', 1],
    ['Structure', undefined],
    ['Integer', undefined],
    ['Integer', []],
  ])('%s of %o is refused', async (type, value) => {
    const refusal = (offset: number) =>
      expect.objectContaining({
        code: 'CODEC_VALUE',
        context: expect.objectContaining({ path: 'Comment', offset }),
      })
    const json = ` ${JSON.stringify({ tag: 'Comment', type, value })}`
    expect(() => parseJson(json)).toThrow(refusal(1))
    if (typeof value !== 'string' || /\ud83d/.test(value)) return
    await expect(parseXml(`<!-- é --><Comment type="${type}" value="${value}"/>`)).rejects.toThrow(
      refusal(11),
    )
  })
})

describe('attributes of KMIP 1.x', () => {
  const attribute = (name: string, value: TtlvItem): TtlvItem =>
    item(tags.Attribute, 'Structure', [item(tags.AttributeName, 'TextString', name), value])
  const shown = (name: string, type: 'Enumeration' | 'Integer', value: number): unknown => {
    const form = toJsonForm(attribute(name, item(tags.AttributeValue, type, value)))
    return Array.isArray(form.value) ? form.value[1]?.value : undefined
  }

  test('have the names that go with theirs', () => {
    expect(shown('Cryptographic Algorithm', 'Enumeration', 3)).toBe('AES')
    expect(shown('Cryptographic Usage Mask', 'Integer', 3)).toBe('Sign|Verify')
    expect(shown('x-Cryptographic Algorithm', 'Enumeration', 3)).toBe('0x00000003')
    expect(shown('Cryptographic Length', 'Integer', 3)).toBe(3)
  })

  test('and not those of another', () => {
    const list = item(tags.TemplateAttribute, 'Structure', [
      attribute('State', item(tags.AttributeValue, 'Enumeration', 1)),
      item(tags.AttributeValue, 'Enumeration', 1),
    ])
    expect(printXml([list])).toMatch(/"PreActive".*"0x00000001"/s)
  })

  test('are read in both forms', async () => {
    const usage = attribute('Cryptographic Usage Mask', item(tags.AttributeValue, 'Integer', 3))
    expect(bytesOf(parseJson(printJson([usage])))).toBe(bytesOf([usage]))
    expect(bytesOf(await parseXml(printXml([usage])))).toBe(bytesOf([usage]))
  })
})

describe('documents', () => {
  const one = item(tags.BatchCount, 'Integer', 1)
  const vendor = item(0x54_0001, 'Structure', [
    item(0x54_0002, 'Integer', 1),
    item(0x54_0002, 'Structure', []),
  ])

  test('of one message, of several, of none', async () => {
    expect(printXml([one])).toBe('<BatchCount type="Integer" value="1"/>')
    expect(printXml([one, vendor])).toBe(
      [
        '<KMIP>',
        '  <BatchCount type="Integer" value="1"/>',
        '  <TTLV tag="0x540001">',
        '    <TTLV tag="0x540002" type="Integer" value="1"/>',
        '    <TTLV tag="0x540002"/>',
        '  </TTLV>',
        '</KMIP>',
      ].join('\n'),
    )
    expect(JSON.parse(printJson([one]))).toEqual({ tag: 'BatchCount', type: 'Integer', value: 1 })
    expect(JSON.parse(printJson([one, vendor]))).toHaveLength(2)
    for (const list of [[], [one], [vendor], [one, vendor]]) {
      expect(bytesOf(parseJson(printJson(list)))).toBe(bytesOf(list))
      expect(bytesOf(await parseXml(printXml(list)))).toBe(bytesOf(list))
    }
  })

  test('command no terminal', () => {
    const text = item(Name, 'TextString', 'a\u001b[31m\u202e\u2028\u{e0001}')
    expect(printJson([text])).toContain('"a\\u001b[31m\\u202e\\u2028\\udb40\\udc01"')
    expect(printXml([item(Name, 'TextString', 'a\u0085\u202e\u2028\u{e0001}')])).toContain(
      '"a&#x85;&#x202e;&#x2028;&#xe0001;"',
    )
    expect(() => printXml([text])).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE', context: expect.objectContaining({ path: 'Name' }) }),
    )
  })

  test('of XML with a declaration, comments, white space and name spaces', async () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
      <!-- TIME 0 --><KMIP xmlns="urn:x"><BatchCount name="count" type="Integer" value="1"></BatchCount>
      </KMIP>`
    expect(bytesOf(await parseXml(xml))).toBe(bytesOf([one]))
  })

  test('of XML as the test cases of the standard have it', async () => {
    const items = await parseXml(`<?xml version="1.0" ?>
<KMIP>
# TIME 0
  <RequestMessage><BatchCount type="Integer" value="1"/></RequestMessage>
  <ResponseMessage><VendorExtension><TTLV tag="0x540001" type="TextString" value="na"/></VendorExtension></ResponseMessage>
# TIME 1
</KMIP>`)
    const count = '42000d02000000040000000100000000'
    const extension = '4200 9c01 00000010 54000107 00000002 6e61000000000000'.replaceAll(' ', '')
    expect(bytesOf(items)).toBe(`4200780100000010${count} 42007b0100000018${extension}`)
  })

  test('of XML with texts and bytes that are empty', async () => {
    const [text, bytes] = await parseXml('<KMIP><Name type="TextString"/><Data type="ByteString"/></KMIP>')
    expect(text?.value).toBe('')
    expect(bytes?.value).toEqual(new Uint8Array())
    await expect(parseXml('<State type="Enumeration"/>')).rejects.toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE' }),
    )
  })

  test.each([
    ['no element', '', 'XML'],
    ['text in a message', '<KMIP><RequestHeader>x</RequestHeader></KMIP>', 'XML'],
    ['a tag that does not end', '<BatchCount', 'XML'],
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><BatchCount type="Integer" value="1"/>', 'XML'],
    ['an entity of nobody', '<Name type="TextString" value="&a;"/>', 'XML'],
    ['text between elements', '<RequestHeader>x</RequestHeader>', 'XML'],
    ['a section of text', '<RequestHeader><![CDATA[x]]></RequestHeader>', 'XML'],
    [
      'an element in a value',
      '<Name type="TextString" value="x"><Name type="TextString" value="x"/></Name>',
      'XML',
    ],
    [
      'a tag of nobody',
      '<RequestHeader><Nothing type="Integer" value="1"/></RequestHeader>',
      'RequestHeader',
    ],
    ['an element TTLV without tag', '<TTLV type="Integer" value="1"/>', 'TTLV'],
    ['a tag of four bytes', '<TTLV tag="0x42000d02" type="Integer" value="1"/>', 'TTLV'],
    ['a value without type', '<BatchCount value="1"/>', 'BatchCount'],
    ['another attribute', '<BatchCount type="Integer" value="1" x="y"/>', 'BatchCount'],
    [
      'the second of two',
      '<RequestHeader><BatchCount type="Integer" value="1"/><BatchCount type="Integer" value="x"/></RequestHeader>',
      'RequestHeader.BatchCount[1]',
    ],
  ])('XML with %s is refused', async (_, xml, path) => {
    await expect(parseXml(xml)).rejects.toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE', context: expect.objectContaining({ path }) }),
    )
  })

  test.each([
    ['what is not JSON', '{"tag": "Name", "value": "secret', 'JSON', 0],
    ['a member twice', '{"tag": "BatchCount", "type": "Integer", "value": 1, "value": 2}', 'JSON', 0],
    ['no object', '[1]', 'TTLV', 0],
    ['an array in an array', '{"tag": "RequestHeader", "value": [[]]}', 'RequestHeader', 0],
    ['no tag', '{"type": "Integer", "value": 1}', 'TTLV', 0],
    ['a tag that is a number', '{"tag": 4325389, "type": "Integer", "value": 1}', 'TTLV', 0],
    ['another member', '{"tag": "BatchCount", "type": "Integer", "value": 1, "x": {}}', 'BatchCount', 0],
    ['a type that is a number', '{"tag": "BatchCount", "type": 2, "value": 1}', 'BatchCount', 0],
    [
      'the second of two',
      '{"tag": "RequestHeader", "value": [ {"tag": "Name", "type": "TextString", "value": "{é"},\n{"tag": "Name", "value": 1}]}',
      'RequestHeader.Name[1]',
      91,
    ],
  ])('JSON with %s is refused', (_, json, path, offset) => {
    expect(() => parseJson(json)).toThrow(
      expect.objectContaining({ code: 'CODEC_VALUE', context: expect.objectContaining({ path, offset }) }),
    )
  })

  test('no refusal quotes what may be secret', async () => {
    const secret = 'c0ffee!'
    const message = { tag: 'KeyMaterial', type: 'ByteString', value: secret }
    const xml = `<KeyMaterial type="ByteString" value="${secret}"/>`
    for (const json of [JSON.stringify(message), JSON.stringify(message).slice(0, -1), `[${secret}]`]) {
      expect(() => parseJson(json)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('c0ffee') }),
      )
    }
    for (const text of [xml, xml.slice(0, -1), `<${secret}>`, `<Name>${secret}</Name>`]) {
      await expect(parseXml(text)).rejects.toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('c0ffee') }),
      )
    }
  })
})

describe('limits', () => {
  const nested = (depth: number): TtlvItem =>
    depth === 1 ? item(Name, 'Structure', []) : item(Name, 'Structure', [nested(depth - 1)])
  const limit = (max: number, actual: number) =>
    expect.objectContaining({
      code: 'CODEC_LIMIT',
      context: expect.objectContaining({ limit: max, actual }),
    })

  test('of depth', async () => {
    const [fits, json, xml] = [nested(32), printJson([nested(33)]), printXml([nested(33)])]
    expect(parseJson(printJson([fits]))).toHaveLength(1)
    expect(await parseXml(printXml([fits]))).toHaveLength(1)
    expect(() => parseJson(json)).toThrow(limit(32, 33))
    await expect(parseXml(xml)).rejects.toThrow(limit(32, 33))
    expect(parseJson(json, { maxDepth: 33 })).toHaveLength(1)
    expect(await parseXml(xml, { maxDepth: 33 })).toHaveLength(1)
  })

  test('of bombs', async () => {
    const deep = 100_000
    const codec = expect.objectContaining({ code: expect.stringMatching(/^CODEC_/) })
    expect(() => parseJson('{"tag":"Name","value":['.repeat(deep) + ']}'.repeat(deep))).toThrow(codec)
    expect(() => parseJson('['.repeat(deep))).toThrow(codec)
    // While it is read, and not only once all of it is there.
    const early = (expected: string) =>
      expect.objectContaining({ context: expect.objectContaining({ path: 'XML', expected }) })
    await expect(parseXml('<Name>'.repeat(deep) + '</Name>'.repeat(deep))).rejects.toThrow(
      early('at most 300 elements in each other'),
    )
    await expect(parseXml(`<KMIP>${'<Name/>'.repeat(deep)}</KMIP>`)).rejects.toThrow(
      early('at most 65537 elements'),
    )
  })

  test('of items', async () => {
    const list = item(Name, 'Structure', [nested(1), nested(1)])
    expect(parseJson(printJson([list]), { maxItems: 3 })).toHaveLength(1)
    expect(await parseXml(printXml([list]), { maxItems: 3 })).toHaveLength(1)
    expect(() => parseJson(printJson([list]), { maxItems: 2 })).toThrow(limit(2, 3))
    await expect(parseXml(printXml([list]), { maxItems: 2 })).rejects.toThrow(limit(2, 3))
  })

  test('of bytes', async () => {
    const text = item(Name, 'TextString', 'éé')
    const [json, xml] = [printJson([text]), printXml([text])]
    const [jsonBytes, xmlBytes] = [Buffer.byteLength(json), Buffer.byteLength(xml)]
    expect(parseJson(json, { maxBytes: jsonBytes })).toHaveLength(1)
    expect(await parseXml(xml, { maxBytes: xmlBytes })).toHaveLength(1)
    expect(() => parseJson(json, { maxBytes: jsonBytes - 1 })).toThrow(limit(jsonBytes - 1, jsonBytes))
    await expect(parseXml(xml, { maxBytes: xmlBytes - 1 })).rejects.toThrow(limit(xmlBytes - 1, xmlBytes))
  })

  test.each([{ maxDepth: 0 }, { maxDepth: 257 }, { maxItems: 0.5 }, { maxBytes: Number.NaN }])(
    'of %o are none',
    async (options) => {
      const invalid = expect.objectContaining({ code: 'ARGUMENT_INVALID' })
      expect(() => parseJson('{}', options)).toThrow(invalid)
      await expect(parseXml('<Name/>', options)).rejects.toThrow(invalid)
    },
  )
})

test('every recorded message is the same in both forms', async () => {
  for (const [label, hex] of recordedMessages) {
    const message = decodeItem(fromHex(hex))
    expect(bytesOf(parseJson(printJson([message], reveal))), label).toBe(hex)
    expect(bytesOf(await parseXml(printXml([message], reveal))), label).toBe(hex)
  }
})

test('so is any item', async () => {
  await fc.assert(
    fc.asyncProperty(anyTree(), async (tree) => {
      const frame = bytesOf([tree])
      expect(bytesOf(parseJson(printJson([tree], reveal)))).toBe(frame)
      const xml = (() => {
        try {
          return printXml([tree], reveal)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CODEC_RANGE' })
          return undefined
        }
      })()
      if (xml !== undefined) expect(bytesOf(await parseXml(xml))).toBe(frame)
    }),
    { numRuns: 500 },
  )
})
