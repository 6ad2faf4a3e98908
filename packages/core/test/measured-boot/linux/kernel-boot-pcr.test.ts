import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../../../../../test/recordings/load.js'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import {
  type BootPhase,
  bootFacts,
  bootPhases,
  expectedKernelBootPcr,
  parseEventLog,
  readUkiSections,
  replayEventLog,
  type UkiSectionName,
  ukiSectionNames,
} from '../../../src/measured-boot/index.js'
import { all, linuxOf, section, systemdLog } from './boots.js'

const sections = new Map<UkiSectionName, Uint8Array>([
  ['.linux', utf8('kernel')],
  ['.cmdline', utf8('quiet')],
  ['.initrd', utf8('initrd')],
])
const sha256 = (...parts: readonly (Uint8Array | string)[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

describe('the expected value of PCR 11', () => {
  test('is what names and contents extend, and then the phases', () => {
    const measured = ['.linux\0', 'kernel', '.cmdline\0', 'quiet', '.initrd\0', 'initrd', 'enter-initrd']
    let value = new Uint8Array(32)
    for (const one of measured) value = new Uint8Array(sha256(value, sha256(one)))
    expect(expectedKernelBootPcr('sha256', sections, ['enter-initrd'])).toEqual(value)
  })

  test('is what a log of the same replays to', () => {
    const events = [...sections].flatMap(([name, content]) => [...section(name, content)])
    const { uki } = linuxOf(events, all, [systemdLog(...bootPhases.map((string) => ({ pcr: 11, string })))])
    expect(uki.phases).toEqual({ verified: true, value: bootPhases })
    const inOrder = expectedKernelBootPcr('sha256', sections)
    const reversed = new Map([...sections].reverse())
    expect(expectedKernelBootPcr('sha256', reversed)).toEqual(inOrder)
  })

  test('leaves empty sections out', () => {
    const more = new Map([...sections, ['.osrel', new Uint8Array(0)] as const])
    expect(expectedKernelBootPcr('sha256', more)).toEqual(expectedKernelBootPcr('sha256', sections))
  })

  test.each(['sha1', 'sha384', 'sha512'] as const)('has the size of %s', (bank) => {
    expect(expectedKernelBootPcr(bank, sections)).toHaveLength({ sha1: 20, sha384: 48, sha512: 64 }[bank])
  })

  test.each<readonly BootPhase[]>([[], ['enter-initrd'], ['leave-initrd', 'enter-initrd']])(
    'differs by phases',
    (...phases) => {
      const others = [['enter-initrd', 'leave-initrd'], ['ready']] as BootPhase[][]
      const value = expectedKernelBootPcr('sha256', sections, phases)
      for (const other of others) expect(expectedKernelBootPcr('sha256', sections, other)).not.toEqual(value)
    },
  )

  test.each([[new Map()], [new Map([['.linux', new Uint8Array(0)] as const])]])('needs a kernel', (none) => {
    expect(() => expectedKernelBootPcr('sha256', none)).toThrow(/no section \.linux/)
  })
})

test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)(
  'the recorded image has in its %s log what the TPM has in PCR 11',
  (bank) => {
    const boot = loadBoot('boot-uki')
    const log = parseEventLog(boot.eventLog)
    expect(replayEventLog(log, bank).get(11)).toEqual(boot.pcrs[bank].get(11))
    const { sections: measured } = bootFacts(log, bank, all).linux.uki
    expect(measured.verified && measured.value.map(({ name }) => name)).toEqual([
      '.linux',
      '.osrel',
      '.cmdline',
      '.initrd',
      '.pcrpkey',
    ])
    const hash = (text: string) => Uint8Array.from(createHash(bank).update(text).digest())
    const digests = new Map(measured.verified ? measured.value.map(({ name, digest }) => [name, digest]) : [])
    expect(digests.get('.cmdline')).toEqual(hash(boot.commandLine))
  },
)

/** A section of a PE file: name, contents, and how much memory it takes. */
interface Section {
  readonly name: string
  readonly content: Uint8Array | string
  readonly virtualSize?: number
}

const headerSize = 0x80

/** A PE file of the fewest bytes that has these sections. */
function peFile(list: readonly Section[], change: (view: DataView, table: number) => void = () => undefined) {
  const optionalHeader = 8
  const table = headerSize + 24 + optionalHeader
  const contents = list.map(({ content }) => (typeof content === 'string' ? utf8(content) : content))
  const head = new DataView(new ArrayBuffer(table + 40 * list.length))
  head.setUint16(0, 0x5a4d, true)
  head.setUint32(0x3c, headerSize, true)
  head.setUint32(headerSize, 0x4550, true)
  head.setUint16(headerSize + 6, list.length, true)
  head.setUint16(headerSize + 20, optionalHeader, true)
  let offset = head.byteLength
  list.forEach(({ name, virtualSize }, i) => {
    const at = table + 40 * i
    const size = contents[i]?.length ?? 0
    new Uint8Array(head.buffer).set(utf8(name), at)
    head.setUint32(at + 8, virtualSize ?? size, true)
    head.setUint32(at + 16, size, true)
    head.setUint32(at + 20, offset, true)
    offset += size
  })
  change(head, table)
  return concatBytes(new Uint8Array(head.buffer), ...contents)
}

describe('the sections of an image file', () => {
  const texts = (file: Uint8Array, profile?: number) =>
    Object.fromEntries(
      [...readUkiSections(file, profile)].map(([name, content]) => [name, Buffer.from(content).toString()]),
    )

  test('are those that are measured, of their size in memory', () => {
    const file = peFile([
      { name: '.text', content: 'code' },
      { name: '.linux', content: 'kernel', virtualSize: 9 },
      { name: '.cmdline', content: 'quiet   ', virtualSize: 5 },
      { name: '.pcrsig', content: '{}' },
      { name: '.pcrpkey', content: 'key' },
    ])
    expect(texts(file)).toEqual({ '.linux': 'kernel\0\0\0', '.cmdline': 'quiet', '.pcrpkey': 'key' })
  })

  test('are those of a profile', () => {
    const file = peFile([
      { name: '.linux', content: 'kernel' },
      { name: '.cmdline', content: 'base' },
      { name: '.profile', content: 'ID=0' },
      { name: '.profile', content: 'ID=1' },
      { name: '.cmdline', content: 'one' },
      { name: '.profile', content: 'ID=2' },
      { name: '.initrd', content: 'two' },
    ])
    expect(texts(file)).toEqual({ '.linux': 'kernel', '.cmdline': 'base', '.profile': 'ID=0' })
    expect(texts(file, 1)).toEqual({ '.linux': 'kernel', '.cmdline': 'one', '.profile': 'ID=1' })
    expect(texts(file, 2)).toMatchObject({ '.cmdline': 'base', '.profile': 'ID=2', '.initrd': 'two' })
    expect(() => readUkiSections(file, 3)).toThrow(/no profile 3/)
  })

  test.each([
    ['252.39-1~deb12u2', ['.linux', '.pcrpkey']],
    ['254.1', ['.linux', '.uname', '.sbat', '.pcrpkey']],
    ['256', ['.linux', '.ucode', '.uname', '.sbat', '.pcrpkey']],
    ['v257-rc1', ['.linux', '.ucode', '.uname', '.sbat', '.pcrpkey', '.hwids']],
    ['259', ['.linux', '.ucode', '.uname', '.sbat', '.pcrpkey', '.hwids', '.efifw']],
    ['later', ['.linux', '.ucode', '.uname', '.sbat', '.pcrpkey', '.hwids', '.efifw']],
  ])('are those that stub %s measures', (version, names) => {
    const list = ['.efifw', '.hwids', '.linux', '.pcrpkey', '.sbat', '.ucode', '.uname']
    const magic = { name: '.sdmagic', content: `#### LoaderInfo: systemd-stub ${version} ####\0` }
    const sections = readUkiSections(peFile([magic, ...list.map((name) => ({ name, content: name }))]))
    expect([...sections.keys()].sort()).toEqual([...names].sort())
  })

  test('the first of a name counts', () => {
    const file = peFile([
      { name: '.linux', content: 'one' },
      { name: '.linux', content: 'two' },
    ])
    expect(texts(file)).toEqual({ '.linux': 'one' })
  })

  test('have names of eight characters', () => {
    const names = ukiSectionNames.map((name) => ({ name, content: name }))
    expect(texts(peFile(names))).toEqual(Object.fromEntries(ukiSectionNames.map((name) => [name, name])))
  })

  const good = [{ name: '.linux', content: 'kernel' }]
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['text', utf8('a'.repeat(200))],
    ['no PE header', peFile(good, (view) => view.setUint32(headerSize, 0, true))],
    ['its header behind the file', peFile(good, (view) => view.setUint32(0x3c, 0xffff_fff0, true))],
    ['too many sections', peFile(good, (view) => view.setUint16(headerSize + 6, 0xffff, true))],
    ['more sections than fit', peFile(good, (view) => view.setUint16(headerSize + 6, 9, true))],
    ['a section behind the file', peFile(good, (view, at) => view.setUint32(at + 20, 0x1000, true))],
    ['a section of too many bytes', peFile(good, (view, at) => view.setUint32(at + 8, 0xffff_ffff, true))],
  ])('are refused in a file with %s', (_, file) => {
    expect(() => readUkiSections(file)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(ARGUMENT_INVALID|CODEC_UNDERFLOW)$/) }),
    )
  })

  test.each<[RegExp, Uint8Array]>([
    [/does not begin with a DOS header/, concatBytes(utf8('MZ'), new Uint8Array(61))],
    [/does not begin with a DOS header/, peFile(good, (view) => view.setUint16(0, 0x5a4e, true))],
    [/has 1025 sections/, peFile(good, (view) => view.setUint16(headerSize + 6, 1025, true))],
  ])('are refused with the reason %s', (reason, file) => {
    expect(() => readUkiSections(file)).toThrow(reason)
  })

  test('are refused in every part of a file', () => {
    const file = peFile(good)
    for (let length = 0; length < file.length; length++) {
      expect(() => readUkiSections(file.subarray(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(ARGUMENT_INVALID|CODEC_UNDERFLOW)$/) }),
      )
    }
  })
})
