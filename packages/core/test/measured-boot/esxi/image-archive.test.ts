import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import type { ImageDatabaseLimits } from '../../../src/measured-boot/index.js'
import {
  databaseFiles,
  octal,
  rawTar,
  refusalOf,
  tarHeader,
  tarOf,
  testImage,
  tgzOf,
  withFiles,
} from './fixtures.js'

const image = testImage('24022510')

const gzip = (tar: Uint8Array): Uint8Array => Uint8Array.from(gzipSync(tar))

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
      expect((await refusalOf(bytes))?.expected).toContain(expected)
    }
  })

  test('with a wrong checksum in a header are refused', async () => {
    const header = tarHeader({ name: 'x' })
    header[0] = 0x79
    expect(await refusalOf(gzip(rawTar({ header })))).toMatchObject({
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
    expect(await refusalOf(gzip(rawTar({ header })))).toMatchObject({ expected: 'only files and folders' })
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
    expect(await refusalOf(await tgzOf(withFiles([name, 'x'])))).toMatchObject({
      expected: 'relative paths without detours',
    })
  })

  test('with a file twice are refused', async () => {
    const record = { header: tarHeader({ name: 'x' }) }
    const dotted = { header: tarHeader({ name: './x' }) }
    expect(await refusalOf(gzip(rawTar(record, dotted)))).toMatchObject({
      path: 'imgdb.tgz:x',
      expected: 'each file once',
    })
  })

  test('with a folder twice are read, as archives are that were added to', async () => {
    const folder = { header: tarHeader({ name: 'x/', type: '5' }) }
    const context = await refusalOf(gzip(rawTar(folder, folder)))
    expect(context?.expected).toContain('profile')
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
    expect((await refusalOf(gzip(rawTar({ header }))))?.expected).toContain(expected)
  })

  test('with a folder that has contents are refused', async () => {
    const header = tarHeader({ name: 'x/', type: '5', size: octal(512) })
    expect(await refusalOf(gzip(rawTar({ header, body: new Uint8Array(512) })))).toMatchObject({
      expected: 'only files and folders',
    })
  })

  test('that change sizes by an extension, or have large ones, are refused', async () => {
    const extension = (type: string, body: Uint8Array) =>
      refusalOf(
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
    expect(await refusalOf(gzip(rawTar(large)))).toMatchObject({
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
      expect([limit, await refusalOf(bytes, { [limit]: value })]).toEqual([limit, undefined])
      expect((await refusalOf(bytes, { [limit]: limit === 'elements' ? 10 : value - 1 }))?.expected).toMatch(
        /at most/,
      )
    }
  })

  test('T-30: that are bombs cost no more than their limit', async () => {
    const bomb = gzip(new Uint8Array(200 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(1024 * 1024)
    const before = process.memoryUsage().rss
    expect(await refusalOf(bomb, { decompressed: 8 * 1024 * 1024 })).toMatchObject({
      expected: 'at most 8388608 bytes decompressed',
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  }, 60_000)
})
