import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { isTrustholdError } from '../../../src/errors/index.js'
import { type ImageDatabaseLimits, readImageDatabase } from '../../../src/measured-boot/index.js'
import {
  databaseFiles,
  octal,
  profileXml,
  rawTar,
  systemTgz,
  tarHeader,
  tarOf,
  testImage,
  tgzOf,
  vibXml,
} from './fixtures.js'

const image = testImage('24022510')
type Files = ReadonlyMap<string, string | Uint8Array>
const vibPath = 'var/db/esximg/vibs/esx-base-123456789.xml'
const profilePath = `var/db/esximg/profiles/${image.name}`

/** What an archive is refused with. */
async function refusal(bytes: Uint8Array, limits?: Partial<ImageDatabaseLimits>) {
  try {
    await readImageDatabase(bytes, limits)
    return undefined
  } catch (error) {
    if (!isTrustholdError(error, 'BASE_IMAGE_INVALID')) throw error
    expect(error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
    expect(error.message.length).toBeLessThan(800)
    return error.context
  }
}
const withFiles = (
  ...changes: [string, string | Uint8Array | undefined][]
): Map<string, string | Uint8Array> => {
  const files = databaseFiles(image)
  for (const [name, content] of changes) {
    if (content === undefined) files.delete(name)
    else files.set(name, content)
  }
  return files
}
const gzip = (tar: Uint8Array): Uint8Array => Uint8Array.from(gzipSync(tar))

describe('a database', () => {
  test.each<[string, (files: Files) => Uint8Array | Promise<Uint8Array>]>([
    ['made here', tgzOf],
    ['of GNU tar', (files) => systemTgz(files)],
    ['of GNU tar in the pax format', (files) => systemTgz(files, '--format=posix')],
    ['of GNU tar in the ustar format', (files) => systemTgz(files, '--format=ustar')],
    ['of GNU tar in the old format', (files) => systemTgz(files, '--format=oldgnu')],
    ['of GNU tar without folders', (files) => systemTgz(files, '--format=v7')],
  ])('%s gives its packages and profile', async (_, pack) => {
    const database = await readImageDatabase(await pack(databaseFiles(image)))
    expect(database.profiles).toMatchObject([
      { name: image.name, creator: 'Acme, Inc.', version: '8.0.3-0.0.24022510' },
    ])
    expect([...database.vibs.keys()].toSorted()).toEqual([
      'Acme Net_bootbank_ne1000_0.9.0-1',
      'Acme_bootbank_esx-base_8.0.3-0.0.24022510',
      'Acme_bootbank_esx-update_8.0.3-0.0.24022510',
    ])
    const base = database.vibs.get('Acme_bootbank_esx-base_8.0.3-0.0.24022510')
    expect(base).toMatchObject({
      name: 'esx-base',
      vendor: 'Acme',
      type: 'bootbank',
      version: '8.0.3-0.0.24022510',
      acceptanceLevel: 'partner',
    })
    expect(base?.payloads.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'b boot',
      'k boot',
      's vgz',
      'sb vgz',
    ])
    const kernel = base?.payloads[1]
    const digest = (hash: string) => createHash(hash).update('k of 24022510').digest('hex')
    expect(toHex(kernel?.unpacked.get('sha256') ?? new Uint8Array(0))).toBe(digest('sha256'))
    expect(toHex(kernel?.unpacked.get('sha1') ?? new Uint8Array(0))).toBe(digest('sha1'))
    expect(kernel?.packed.size).toBe(1)
    expect(database.profiles[0]?.vibs[0]?.files.get('k')).toBe('k.b00')
  })

  test('has the digests of its own archive', async () => {
    const bytes = await tgzOf(databaseFiles(image))
    const { digests } = await readImageDatabase(bytes)
    expect(toHex(digests.get('sha384') ?? bytes)).toBe(
      createHash('sha384').update(gunzipSync(bytes)).digest('hex'),
    )
  })

  test('names of over 100 characters are read whole', async () => {
    const path = `var/db/esximg/vibs/${'long-'.repeat(40)}.xml`
    const vib = vibXml({ name: 'long', version: '1', payloads: [] })
    for (const bytes of [await tgzOf(withFiles([path, vib])), systemTgz(withFiles([path, vib]))]) {
      expect((await readImageDatabase(bytes)).vibs.has('Acme_bootbank_long_1')).toBe(true)
    }
  })

  test('checksums of other kinds and by other programs are passed over', async () => {
    const xml = vibXml({
      name: 'x',
      version: '1',
      payloads: [{ name: 'x', type: 'vgz', contents: 'x', file: 'x.v00' }],
    })
    const more = `<checksum checksum-type="md5">00</checksum><checksum checksum-type="sha-256" verify-process="unxz">00</checksum><checksum checksum-type="__proto__">00</checksum></payload>`
    const { vibs } = await readImageDatabase(
      await tgzOf(withFiles(['var/db/esximg/vibs/x.xml', xml.replace('</payload>', more)])),
    )
    const [payload] = vibs.get('Acme_bootbank_x_1')?.payloads ?? []
    expect([...(payload?.packed.keys() ?? [])]).toEqual(['sha256'])
    expect([...(payload?.unpacked.keys() ?? [])]).toEqual(['sha256', 'sha1'])
  })

  test('a word that is no acceptance level is none', async () => {
    const level = async (word: string) => {
      const xml = vibXml({ name: 'x', version: '1', level: word, payloads: [] })
      const { vibs } = await readImageDatabase(await tgzOf(withFiles(['var/db/esximg/vibs/x.xml', xml])))
      return vibs.get('Acme_bootbank_x_1')?.acceptanceLevel
    }
    expect([await level('certified'), await level('VMwareCertified'), await level('')]).toEqual([
      'certified',
      'unknown',
      'unknown',
    ])
  })

  test('an image without a kernel has no version', async () => {
    const small = { name: 'small', vibs: image.vibs.slice(2) }
    expect((await readImageDatabase(await tgzOf(databaseFiles(small)))).profiles[0]?.version).toBeUndefined()
  })
})

describe('archives', () => {
  test('that are damaged are refused', async () => {
    const good = await tgzOf(databaseFiles(image))
    const tar = gunzipSync(good)
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), 'gzip'],
      [utf8('no archive'), 'gzip'],
      [tar, 'gzip'],
      [good.subarray(0, good.length - 9), 'gzip'],
      [concatBytes(good, utf8('behind it')), 'gzip'],
      [gzip(tar.subarray(0, 700)), 'tar'],
      [gzip(tar.subarray(0, tar.length - 1024)), 'tar'],
      [gzip(utf8('no archive'.repeat(100))), 'octal'],
      [gzip(new Uint8Array(1024)), 'profile'],
      [gzip(concatBytes(tar, utf8('behind it'))), 'tar'],
    ]
    for (const [bytes, expected] of cases) {
      expect((await refusal(bytes))?.expected).toContain(expected)
    }
  })

  test('with a wrong checksum in a header are refused', async () => {
    const header = tarHeader({ name: 'x' })
    header[0] = 0x79
    expect(await refusal(gzip(rawTar({ header })))).toMatchObject({
      actual: expect.stringContaining('checksum'),
    })
  })

  test.each([
    ['hard links', '1'],
    ['symbolic links', '2'],
    ['devices', '3'],
    ['pipes', '6'],
    ['contiguous files', '7'],
    ['sparse files', 'S'],
    ['volume headers', 'V'],
    ['long links', 'K'],
    ['types of nobody', 'Z'],
  ])('with %s are refused', async (_, type) => {
    const header = tarHeader({ name: 'var/db/esximg/vibs/x.xml', type })
    expect(await refusal(gzip(rawTar({ header })))).toMatchObject({ expected: 'only files and folders' })
  })

  test.each([
    '/var/db/esximg/vibs/x.xml',
    '../vibs/x.xml',
    'var/../x.xml',
    'var//x.xml',
    'var/./x.xml',
    'a\\b',
    'a\nb',
    'a\u202eb',
    '..',
  ])('T-33: with a path such as %j are refused, wherever it leads', async (name) => {
    expect(await refusal(await tgzOf(withFiles([name, 'x'])))).toMatchObject({
      expected: 'relative paths without detours',
    })
  })

  test('with a file twice are refused', async () => {
    const record = { header: tarHeader({ name: 'x' }) }
    const dotted = { header: tarHeader({ name: './x' }) }
    expect(await refusal(gzip(rawTar(record, dotted)))).toMatchObject({
      path: 'imgdb.tgz:x',
      expected: 'each file once',
    })
  })

  test.each([
    ['larger than the archive', octal(4096), 'tar'],
    ['of 8 GiB', '77777777777\0', 'at most'],
    ['of 64 GiB', '777777777777', 'at most'],
    ['in another base', '\x80\0\0\0\0\0\0\0\0\0\x10\0', 'octal'],
    ['negative', `\xff${'\xff'.repeat(11)}`, 'octal'],
    ['of no number', 'ninety-nine\0', 'octal'],
    ['of nothing', '\0'.repeat(12), 'octal'],
  ])('with a size %s are refused', async (_, size, expected) => {
    const header = tarHeader({ name: 'var/db/esximg/vibs/x.xml', size })
    expect((await refusal(gzip(rawTar({ header }))))?.expected).toContain(expected)
  })

  test('with a folder that has contents are refused', async () => {
    const header = tarHeader({ name: 'x/', type: '5', size: octal(512) })
    expect(await refusal(gzip(rawTar({ header, body: new Uint8Array(512) })))).toMatchObject({
      expected: 'only files and folders',
    })
  })

  test('that change sizes by an extension, or have large ones, are refused', async () => {
    const extension = (type: string, body: Uint8Array) =>
      refusal(
        gzip(
          rawTar(
            { header: tarHeader({ type, size: octal(body.length) }), body },
            { header: tarHeader({ name: 'x' }) },
          ),
        ),
      )
    expect(await extension('x', utf8('12 size=10\n'))).toMatchObject({
      expected: 'sizes in the headers of files',
    })
    expect(await extension('g', utf8('12 size=10\n'))).toMatchObject({
      expected: 'sizes in the headers of files',
    })
    for (const type of ['x', 'g', 'L']) {
      expect(await extension(type, new Uint8Array(64 * 1024 + 1).fill(0x61))).toMatchObject({
        expected: 'extensions of at most 65536 bytes',
      })
    }
  })

  test('that hide an extension behind a header without a name are refused', async () => {
    const large = {
      header: tarHeader({ name: '', type: 'x', size: octal(2 ** 20) }),
      body: new Uint8Array(2 ** 20),
    }
    expect(await refusal(gzip(rawTar(large)))).toMatchObject({
      expected: 'extensions of at most 65536 bytes',
    })
  })

  test('T-30: are read up to each limit and not beyond it', async () => {
    const files = withFiles()
    const tar = await tarOf(files)
    const bytes = gzip(tar)
    const size = (name: string) => utf8(String(files.get(name) ?? '')).length
    const largest = Math.max(
      ...[...files.keys()].filter((name) => !/\.(sig|orig)$|bulletins/.test(name)).map(size),
    )
    const limits: [keyof ImageDatabaseLimits, number][] = [
      ['bytes', bytes.length],
      ['decompressed', tar.length],
      ['entries', files.size],
      ['xmlBytes', largest],
      ['elements', 50],
      ['depth', 5],
      ['attributes', 4],
    ]
    for (const [limit, value] of limits) {
      expect([limit, await refusal(bytes, { [limit]: value })]).toEqual([limit, undefined])
      expect((await refusal(bytes, { [limit]: limit === 'elements' ? 10 : value - 1 }))?.expected).toMatch(
        /at most/,
      )
    }
  })

  test('T-30: that are bombs cost no more than their limit', async () => {
    const bomb = gzip(new Uint8Array(200 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(1024 * 1024)
    const before = process.memoryUsage().rss
    expect(await refusal(bomb, { decompressed: 8 * 1024 * 1024 })).toMatchObject({
      expected: 'at most 8388608 bytes decompressed',
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })
})

describe('what the files say', () => {
  const vib = vibXml(image.vibs[0] ?? { name: '', version: '', payloads: [] })
  const profile = profileXml(image)
  const at = (path: string) => expect.stringContaining(`${path}:`)

  test.each<[string, string, string, string]>([
    ['no name', vib, vib.replace('<name>esx-base</name>', ''), 'name on one line'],
    ['two names', vib, vib.replace('<name>', '<name>x</name><name>'), 'one element name'],
    ['an empty version', vib, vib.replace('8.0.3-0.0.24022510', ''), 'version on one line'],
    ['a vendor on two lines', vib, vib.replace('>Acme<', '>Ac&#10;me<'), 'vendor on one line'],
    ['another root', vib, '<bulletin/>', 'the element vib'],
    ['an element around it', vib, `<x>${vib.slice(vib.indexOf('<vib'))}</x>`, 'the element vib'],
    ['a payload without a name', vib, vib.replace(' name="k"', ''), 'name on one line'],
    ['a payload twice', vib, vib.replace('name="k"', 'name="b"'), 'each payload once'],
    ['a size below zero', vib, vib.replace(/ size="\d+"/, ' size="-1"'), 'a size in bytes'],
    ['a size in words', vib, vib.replace(/ size="\d+"/, ' size="1e3"'), 'a size in bytes'],
    ['a checksum of no kind', vib, vib.replace('checksum-type="sha-1"', ''), 'checksum-type on one line'],
    [
      'a checksum that is cut',
      vib,
      vib.replace(/[0-9a-f]{2}<\/checksum>/, '</checksum>'),
      '32 bytes in hexadecimal',
    ],
    [
      'a checksum of letters',
      vib,
      vib.replace(/[0-9a-f]{2}<\/checksum>/, 'zz</checksum>'),
      '32 bytes in hexadecimal',
    ],
    ['a checksum twice', vib, vib.replace(' verify-process="gunzip"', ''), 'each checksum once'],
  ])('a package with %s is refused where that is', async (_, original, xml, expected) => {
    expect(xml).not.toBe(original)
    expect(await refusal(await tgzOf(withFiles([vibPath, xml])))).toMatchObject({
      path: at(vibPath),
      expected: expect.stringContaining(expected),
    })
  })

  test.each<[string, string, string]>([
    ['no name', profile.replace(/<name>.*<\/name>/, ''), 'name on one line'],
    ['another root', profile.replaceAll('imageprofile', 'profile'), 'the element imageprofile'],
    ['a package without an id', profile.replace(/<vib-id>[^<]*<\/vib-id>/, ''), 'vib-id on one line'],
    ['a package twice', profile.replace(/(<vib>.*?<\/vib>)/, '$1$1'), 'each package once'],
    ['a payload twice', profile.replace('payload-name="k"', 'payload-name="b"'), 'each payload once'],
    ['a file on two lines', profile.replace('>k.b00<', '>k&#x0a;b00<'), 'a file name on one line'],
    ['two lists', profile.replace('<viblist>', '<viblist/><viblist>'), 'one element viblist'],
  ])('a profile with %s is refused where that is', async (_, xml, expected) => {
    expect(xml).not.toBe(profile)
    expect(await refusal(await tgzOf(withFiles([profilePath, xml])))).toMatchObject({
      path: at(profilePath),
      expected: expect.stringContaining(expected),
    })
  })

  test('a profile of a package that is not there is refused', async () => {
    expect(await refusal(await tgzOf(withFiles([vibPath, undefined])))).toMatchObject({
      path: `profile ${image.name}`,
      expected: expect.stringContaining('Acme_bootbank_esx-base_8.0.3-0.0.24022510'),
    })
  })

  test('a package in two files is refused', async () => {
    expect(await refusal(await tgzOf(withFiles(['var/db/esximg/vibs/again.xml', vib])))).toMatchObject({
      expected: 'each package once',
    })
  })

  test('T-31: XML that is more than XML needs is refused', async () => {
    const bombs: [string, string][] = [
      ['<!DOCTYPE vib><vib/>', 'no document type'],
      ['<!DOCTYPE vib SYSTEM "http://attacker.example/x.dtd"><vib/>', 'no document type'],
      [`<!DOCTYPE vib [<!ENTITY a "x">${entities()}]><vib><name>&j;</name></vib>`, 'no document type'],
      [
        '<!DOCTYPE vib [<!ENTITY x SYSTEM "file:///etc/passwd">]><vib><name>&x;</name></vib>',
        'no document type',
      ],
      ['<vib><name>&x;</name></vib>', 'well-formed'],
      ['<vib><name>&#0;</name></vib>', 'well-formed'],
      ['<vib><name>x</vib>', 'well-formed'],
      ['<vib>', 'well-formed'],
      ['', 'well-formed'],
      ['<vib/><vib/>', 'well-formed'],
      ['<vib a="1" a="2"/>', 'well-formed'],
      ['<vib a=1/>', 'well-formed'],
      [`<?xml version="1.0" encoding="UTF-16"?>${vib.slice(vib.indexOf('<vib'))}`, 'UTF-8'],
      [`<?xml version="1.0" encoding="ISO-8859-1"?>${vib.slice(vib.indexOf('<vib'))}`, 'UTF-8'],
      [`<vib>${'<a>'.repeat(100_000)}`, 'in at most 16'],
      [`<vib ${Array.from({ length: 100_000 }, (_, i) => `a${i}=""`).join(' ')}/>`, 'at most 32 attributes'],
      [`<vib>${'<a/>'.repeat(300_000)}</vib>`, 'at most 200000 elements'],
      [`<vib><name>${'x'.repeat(1025)}</name></vib>`, 'at most 1024 characters'],
      [`<vib version="${'x'.repeat(1025)}"/>`, 'at most 1024 characters'],
      [`<vib><name>${'<![CDATA[xx]]>'.repeat(513)}</name></vib>`, 'at most 1024 characters'],
      [`<vib>${' '.repeat(9 * 1024 * 1024)}</vib>`, 'at most 8388608 bytes'],
    ]
    for (const [xml, expected] of bombs) {
      const context = await refusal(await tgzOf(withFiles([vibPath, xml])))
      expect([xml.slice(0, 60), context?.path, context?.expected]).toEqual([
        xml.slice(0, 60),
        expect.stringContaining(vibPath),
        expect.stringContaining(expected),
      ])
    }
    const latin1 = concatBytes(utf8('<vib><name>'), fromHex('e9'), utf8('</name></vib>'))
    expect(await refusal(await tgzOf(withFiles([vibPath, latin1])))).toMatchObject({
      path: vibPath,
      expected: 'UTF-8',
    })
  })

  test('names of attributes and elements that objects have of themselves are names', async () => {
    const xml = vib
      .replace('<vib version', '<vib __proto__="x" constructor="y" toString="z" version')
      .replace('<urls>', '<constructor/><__proto__>x</__proto__><urls>')
    const { vibs } = await readImageDatabase(await tgzOf(withFiles([vibPath, xml])))
    expect(vibs.has('Acme_bootbank_esx-base_8.0.3-0.0.24022510')).toBe(true)
  })

  test('the place is that of the element', async () => {
    const xml =
      '<vib>\n  <name>x</name>\n  <payloads>\n    <payload name="p" type="vgz" size="x"/></payloads></vib>'
    const whole = xml.replace('<name>', '<type>t</type><version>1</version><vendor>v</vendor><name>')
    expect(await refusal(await tgzOf(withFiles([vibPath, whole])))).toMatchObject({ path: `${vibPath}:4:43` })
  })

  function entities(): string {
    const names = [...'abcdefghij']
    return names
      .slice(1)
      .map((name, i) => `<!ENTITY ${name} "${`&${names[i]};`.repeat(10)}">`)
      .join('')
  }
})
