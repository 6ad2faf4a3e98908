import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@trusthold/core/bytes'
import {
  type BootPhase,
  bootPhases,
  expectedKernelBootPcr,
  readUkiSections,
  type UkiSectionName,
} from '@trusthold/core/measured-boot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const measureTool = '/usr/lib/systemd/systemd-measure'
const stub = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub'
const banks = ['sha1', 'sha256', 'sha384', 'sha512'] as const

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-measure-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Sections of which systemd's tool of this version knows all. */
const contents: Readonly<Partial<Record<UkiSectionName, Uint8Array>>> = {
  '.linux': randomBytes(70_001),
  '.osrel': new TextEncoder().encode('ID=test\n'),
  '.cmdline': new TextEncoder().encode('root=/dev/sda1 quiet'),
  '.initrd': randomBytes(4096),
  '.splash': randomBytes(10),
  '.dtb': randomBytes(333),
  '.pcrpkey': new TextEncoder().encode('-----BEGIN PUBLIC KEY-----\n'),
}
const names = Object.keys(contents) as UkiSectionName[]

function fileOf(name: UkiSectionName): string {
  const file = join(directory, name.slice(1))
  writeFileSync(file, contents[name] ?? new Uint8Array(0))
  return file
}

/** What systemd's own tool reckons, by bank. */
function measure(sections: readonly UkiSectionName[], phases: readonly BootPhase[]): Map<string, string> {
  const output = execFileSync(measureTool, [
    'calculate',
    ...sections.map((name) => `--${name.slice(1)}=${fileOf(name)}`),
    ...banks.map((bank) => `--bank=${bank}`),
    `--phase=${phases.join(':')}`,
  ]).toString()
  const lines = [...output.matchAll(/^11:(\w+)=([0-9a-f]+)$/gm)]
  return new Map(lines.map(([, bank = '', value = '']) => [bank, value]))
}

function expectAgreement(
  sections: ReadonlyMap<UkiSectionName, Uint8Array>,
  phases: readonly BootPhase[],
): void {
  const theirs = measure([...sections.keys()], phases)
  for (const bank of banks) {
    expect(toHex(expectedKernelBootPcr(bank, sections, phases))).toBe(theirs.get(bank))
  }
}

describe('PCR 11 is what systemd-measure reckons', () => {
  test.each(bootPhases.map((_, i) => bootPhases.slice(0, i)).concat([bootPhases.slice()]))(
    'after the phases %s %s %s %s %s %s',
    (...phases) => {
      expectAgreement(new Map(names.map((name) => [name, contents[name] ?? new Uint8Array(0)])), phases)
    },
  )

  test.each(names.slice(1))('with %s alone beside the kernel', (name) => {
    const pair = ['.linux', name] as const
    expectAgreement(new Map(pair.map((one) => [one, contents[one] ?? new Uint8Array(0)])), [])
  })
})

describe('an image made of the stub', () => {
  /** Address of the first byte behind a PE file's sections. */
  function endOfSections(file: string): number {
    const table = execFileSync('objdump', ['-h', '-w', file]).toString()
    const ends = [...table.matchAll(/^ +\d+ +\S+ +([0-9a-f]{8}) +([0-9a-f]{16}) /gm)].map(
      ([, size = '', address = '']) => Number.parseInt(size, 16) + Number.parseInt(address, 16),
    )
    return Math.max(...ends)
  }

  function makeImage(): string {
    let address = endOfSections(stub)
    const args = names.flatMap((name) => {
      const file = fileOf(name)
      address = Math.ceil(address / 0x1000) * 0x1000
      const option = [
        '--add-section',
        `${name}=${file}`,
        '--change-section-vma',
        `${name}=0x${address.toString(16)}`,
      ]
      address += statSync(file).size
      return option
    })
    const image = join(directory, 'image.efi')
    execFileSync('objcopy', [...args, stub, image])
    return image
  }

  test('has the sections that were put in', () => {
    const sections = readUkiSections(readFileSync(makeImage()))
    for (const name of names) {
      const found = sections.get(name)
      expect(Buffer.from(found ?? new Uint8Array(0)).equals(contents[name] ?? new Uint8Array(0))).toBe(true)
    }
    // The stub has a section .sbat of its own, which this version does not measure.
    expect([...sections.keys()].sort()).toEqual([...names].sort())
    expectAgreement(sections, ['enter-initrd'])
  })
})
