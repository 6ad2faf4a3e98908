import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadIma } from '../../../../../test/recordings/load-ima.js'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import {
  bufferSourceOf,
  type ImaAllowListDocument,
  type ImaEntry,
  judgeImaEntry,
  parseImaLog,
  readImaAllowList,
} from '../../../src/measured-boot/index.js'
import { type BuiltImaEntry, imaList } from '../../../src/testing/index.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const of = (text: string): string => `sha256:${sha256(text)}`

function entryOf(entry: BuiltImaEntry): ImaEntry {
  const [parsed] = parseImaLog(imaList().entry(entry).build().binary).events
  if (parsed === undefined) throw new Error('the list is empty')
  return parsed
}

function file(path: string, content = path, change: Partial<BuiltImaEntry> = {}): ImaEntry {
  const digest = concatBytes(utf8('sha256:\0'), Buffer.from(sha256(content), 'hex'))
  return entryOf({ template: 'ima-ng', fields: [digest, `${path}\0`], ...change })
}

function buffer(name: string, content: string, stated = content): ImaEntry {
  const digest = concatBytes(utf8('sha256:\0'), Buffer.from(sha256(stated), 'hex'))
  return entryOf({ template: 'ima-buf', fields: [digest, `${name}\0`, content] })
}

const judge = (document: Omit<ImaAllowListDocument, 'version'>, entry: ImaEntry) =>
  judgeImaEntry(readImaAllowList({ version: 1, ...document }), entry)

describe('files', () => {
  const document = {
    files: { '/bin/sh': [of('old sh'), of('/bin/sh')], '/opt/my app/run': [of('app')], '/größe': [of('1')] },
    digests: [of('anywhere')],
    exclude: ['/tmp/*', '/bin/*', '/var/log/my file'],
  }

  test.each([
    ['one of its digests', file('/bin/sh'), 'allowed'],
    ['another digest of it', file('/bin/sh', 'old sh'), 'allowed'],
    ['a listed path with another digest, though it is excluded', file('/bin/sh', 'evil'), 'wrong-digest'],
    ['a digest that is allowed anywhere', file('/root/x', 'anywhere'), 'allowed'],
    ['the same in place of a listed file', file('/bin/sh', 'anywhere'), 'allowed'],
    ['an excluded path', file('/tmp/x'), 'excluded'],
    ['an excluded path with an underscore for its space', file('/var/log/my_file'), 'excluded'],
    ['a path with underscores for its spaces', file('/opt/my_app/run', 'app'), 'allowed'],
    ['a path that is not of ASCII characters', file('/größe', '1'), 'allowed'],
    ['a path that nothing fits', file('/etc/x'), 'unknown'],
    ['a path that starts alike', file('/bin/sh2', '/bin/sh'), 'excluded'],
    ['a path in other letters', file('/BIN/sh', '/bin/sh'), 'unknown'],
    ['a path of the same letters in bytes', file('/gr\u00c3\u00b6\u00c3\u009fe', '1'), 'unknown'],
  ])('%s', (_, entry, outcome) => {
    expect(judge(document, entry)).toEqual({ kind: 'file', outcome })
  })

  test('an empty list allows nothing', () => {
    expect(judge({}, file('/bin/sh'))).toEqual({ kind: 'file', outcome: 'unknown' })
    expect(judge({ files: { '/bin/sh': [] } }, file('/bin/sh')).outcome).toBe('wrong-digest')
  })

  test('names that objects have anyway are no entries', () => {
    for (const path of ['constructor', '__proto__', 'toString']) {
      expect(judge({}, file(path)).outcome).toBe('unknown')
    }
    const parsed: unknown = JSON.parse(`{"version": 1, "files": {"__proto__": ["${of('x')}"]}}`)
    expect(judgeImaEntry(readImaAllowList(parsed), file('__proto__', 'x')).outcome).toBe('allowed')
  })

  test('two paths that lists do not tell apart have the digests of both', () => {
    const files = { '/a b': [of('1')], '/a_b': [of('2')] }
    for (const content of ['1', '2']) expect(judge({ files }, file('/a_b', content)).outcome).toBe('allowed')
  })

  test('bytes that are not UTF-8 are a path of their own', () => {
    const digest = concatBytes(utf8('sha256:\0'), Buffer.from(sha256('x'), 'hex'))
    const fields = [digest, Uint8Array.of(0x2f, 0xff, 0)]
    const entry = entryOf({ template: 'ima-ng', fields })
    expect(entry.path).toBe('/\ufffd')
    expect(judge({ files: { '/\ufffd': [of('x')] } }, entry).outcome).toBe('unknown')
    expect(judge({ digests: [of('x')] }, entry).outcome).toBe('allowed')
  })

  test('a digest of the same bytes by another algorithm is another', () => {
    const value = Buffer.from(sha256('x'), 'hex')
    for (const prefix of ['sm3', 'sha3-256', 'verity:sha256']) {
      const template = prefix.startsWith('verity') ? 'ima-ngv2' : 'ima-ng'
      const entry = entryOf({ template, fields: [concatBytes(utf8(`${prefix}:\0`), value), '/x\0'] })
      expect(judge({ files: { '/x': [of('x')] }, digests: [of('x')] }, entry).outcome).toBe('wrong-digest')
      const listed = `${prefix}:${sha256('x')}`
      expect(judge({ files: { '/x': [listed] } }, entry).outcome).toBe('allowed')
    }
  })

  test('the kind of digest that ima-ngv2 names is the one that is meant anyway', () => {
    const digest = concatBytes(utf8('ima:sha256:\0'), Buffer.from(sha256('x'), 'hex'))
    const entry = entryOf({ template: 'ima-ngv2', fields: [digest, '/x\0'] })
    expect(judge({ digests: [of('x')] }, entry).outcome).toBe('allowed')
  })
})

describe('what is no file', () => {
  const everything = { exclude: ['*'], digests: [of('/bin/sh')], files: { '/bin/sh': [of('/bin/sh')] } }

  test('a violation is one, whatever path it states', () => {
    expect(judge(everything, file('/bin/sh', '/bin/sh', { violation: true }))).toEqual({
      kind: 'violation',
      outcome: 'violation',
    })
  })

  test('a boot aggregate is not a matter of the list', () => {
    const [entry] = parseImaLog(imaList().bootAggregate().build().binary).events
    expect(judge(everything, entry as ImaEntry)).toEqual({
      kind: 'boot-aggregate',
      outcome: 'boot-aggregate',
    })
    expect(judge(everything, file('./boot_aggregate')).kind).toBe('file')
    expect(judge(everything, file('boot_aggregate\0')).kind).toBe('opaque')
  })

  test('of an entry without a path or a digest nothing is known', () => {
    const opaque = [
      entryOf({ template: 'something', fields: ['x'] }),
      entryOf({ template: 'sig', fields: ['x'] }),
      entryOf({ template: 'ima-ng', fields: ['no digest', '/bin/sh\0'] }),
      entryOf({ template: 'ima-ng', fields: [`unknown:\0${'x'.repeat(32)}`, '/bin/sh\0'] }),
      entryOf({ template: 'ima-ng', fields: [`sha256:\0${'x'.repeat(31)}`, '/bin/sh\0'] }),
      entryOf({ template: 'ima', fields: [new Uint8Array(20), '/tmp/\0x'] }),
      file('/bin/sh', '/bin/sh', { template: 'd-ng|n-ng' }),
    ]
    for (const entry of opaque)
      expect(judge(everything, entry)).toEqual({ kind: 'opaque', outcome: 'unknown' })
  })

  test('buffers have names and digests of their own', () => {
    const document = { ...everything, buffers: { 'kexec-cmdline': [of('quiet')], '.ima': [of('key')] } }
    expect(judge(document, buffer('kexec-cmdline', 'quiet'))).toEqual({ kind: 'buffer', outcome: 'allowed' })
    expect(judge(document, buffer('kexec-cmdline', 'debug')).outcome).toBe('wrong-digest')
    expect(judge(document, buffer('.ima', 'quiet')).outcome).toBe('wrong-digest')
    expect(judge(document, buffer('_other', 'key')).outcome).toBe('unknown')
    expect(judge(document, buffer('/bin/sh', '/bin/sh')).outcome).toBe('unknown')
    expect(judge(document, file('kexec-cmdline', 'quiet')).outcome).toBe('excluded')
  })

  test('formats that hosts are started with are judged when they are expected', () => {
    const document = { ...everything, formats: ['d-ng|n-ng'] }
    expect(judge(document, file('/bin/sh', '/bin/sh', { template: 'd-ng|n-ng' }))).toEqual({
      kind: 'file',
      outcome: 'allowed',
    })
  })

  test('a buffer is one also under the name of another template', () => {
    const digest = concatBytes(utf8('sha256:\0'), Buffer.from(sha256('quiet'), 'hex'))
    for (const template of ['ima-sig', 'ima-sigv2']) {
      const entry = entryOf({ template, fields: [digest, 'kexec-cmdline\0', 'quiet'] })
      const document = { exclude: ['*'], digests: [of('quiet')] }
      expect(judge(document, entry)).toEqual({ kind: 'buffer', outcome: 'unknown' })
    }
  })

  test('a buffer has the digest that it states', () => {
    const document = { buffers: { '.ima': [of('key')] } }
    expect(judge(document, buffer('.ima', 'other key', 'key'))).toEqual({
      kind: 'buffer',
      outcome: 'wrong-digest',
    })
  })

  test.each([
    ['kexec-cmdline', 'kexec-cmdline'],
    ['dm_table_load', 'device-mapper'],
    ['dm_device_resume', 'device-mapper'],
    ['.ima', 'keyring'],
    ['_vendor', 'keyring'],
    ['selinux-state', 'other'],
    ['kernel_version', 'other'],
  ] as const)('%s is measured as %s', (name, source) => {
    expect(bufferSourceOf(buffer(name, 'x'))).toBe(source)
  })

  test('a kernel’s own buffers', () => {
    const log = parseImaLog(loadIma('mixed').binary)
    const kinds = log.events.map((entry) => judge({}, entry).kind)
    expect(kinds).toEqual([
      'boot-aggregate',
      'buffer',
      'buffer',
      'file',
      'file',
      'file',
      'file',
      'violation',
      'violation',
    ])
  })
})

describe('patterns', () => {
  test.each([
    ['/tmp/*', '/tmp/', true],
    ['/tmp/*', '/tmp/a/b/c', true],
    ['/tmp/*', '/tmp', false],
    ['/tmp/*', '/var/tmp/a', false],
    ['*.pyc', '/a/b.pyc', true],
    ['*.pyc', '/a/b.pyc.exe', false],
    ['/home/*/.bashrc', '/home/me/.bashrc', true],
    ['/home/*/.bashrc', '/home/.bashrc', false],
    ['/aa*aa', '/aa', false],
    ['/aa*aa', '/aaa', false],
    ['/aa*aa', '/aaaa', true],
    ['*', '', true],
    ['/a.c', '/abc', false],
    ['/a?c', '/abc', false],
    ['/[ab]', '/a', false],
  ])('%s and %j', (pattern, path, fits) => {
    expect(judge({ exclude: [pattern] }, file(path)).outcome).toBe(fits ? 'excluded' : 'unknown')
  })
})

describe('documents', () => {
  test.each<[unknown, string]>([
    [null, '$'],
    [[], '$'],
    ['', '$'],
    [{}, 'version'],
    [{ version: 2 }, 'version'],
    [{ version: 1, allow: [] }, '$'],
    [{ version: 1, files: [] }, 'files'],
    [{ version: 1, files: { '/a': 'x' } }, 'files["/a"]'],
    [{ version: 1, files: { '/a': [1] } }, 'files["/a"][0]'],
    [{ version: 1, files: { '': [] } }, 'files'],
    [{ version: 1, files: { '/a\0b': [] } }, 'files'],
    [{ version: 1, files: { ['x'.repeat(8193)]: [] } }, 'files'],
    [{ version: 1, digests: {} }, 'digests'],
    [{ version: 1, digests: [of('x').toUpperCase()] }, 'digests[0]'],
    [{ version: 1, digests: [sha256('x')] }, 'digests[0]'],
    [{ version: 1, digests: ['sha256:abcd'] }, 'digests[0]'],
    [{ version: 1, digests: [`md5:${'0'.repeat(32)}`] }, 'digests[0]'],
    [{ version: 1, digests: [`ima:${of('x')}`] }, 'digests[0]'],
    [{ version: 1, exclude: '/tmp/*' }, 'exclude'],
    [{ version: 1, exclude: ['/tmp/*/x/*'] }, 'exclude[0]'],
    [{ version: 1, exclude: [''] }, 'exclude[0]'],
    [{ version: 1, exclude: ['/x', 7] }, 'exclude[1]'],
    [{ version: 1, formats: [null] }, 'formats[0]'],
    [{ version: 1, exclude: ['/'.repeat(8193)] }, 'exclude[0]'],
    [{ version: 1, exclude: Array(1025).fill('/x') }, 'exclude'],
    [{ version: 1, buffers: { '.ima': ['x'] } }, 'buffers[".ima"][0]'],
    [{ version: 1, formats: 'd-ng|n-ng' }, 'formats'],
    [{ version: 1, formats: ['ima-ng'] }, 'formats[0]'],
    [{ version: 1, formats: ['d-ng|n-ng|nothing'] }, 'formats[0]'],
  ])('%j is refused', (document, path) => {
    expect(() => readImaAllowList(document)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', context: expect.objectContaining({ path }) }),
    )
  })
})
