import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { packTar } from 'modern-tar'
import { expect } from 'vitest'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import { isTrustholdError } from '../../../src/errors/index.js'
import {
  compareLog,
  type EsxiBootOptions,
  esxiBoot,
  type ImageDatabaseLimits,
  parseEventLog,
  readImageDatabase,
} from '../../../src/measured-boot/index.js'
import {
  type BuiltEvent,
  type EsxiBootFile,
  type EsxiBootPlan,
  esxiBootEvents,
  eventLog,
} from '../../../src/testing/index.js'
import type { HashAlgorithm } from '../../../src/tpm2/index.js'

/** A payload as a package has it: gzip around its contents. */
export interface TestPayload {
  name: string
  type: string
  contents: string
  /** File name in the boot bank. */
  file: string
}

/** A package of a test image. */
export interface TestVib {
  name: string
  version: string
  vendor?: string
  level?: string
  payloads: readonly TestPayload[]
}

/** An image made up for tests. */
export interface TestImage {
  name: string
  vibs: readonly TestVib[]
}

/** What a payload's package holds: always the same bytes for the same payload. */
export const packed = ({ contents }: TestPayload): Uint8Array => Uint8Array.from(gzipSync(contents))

const hash = (name: string, data: Uint8Array | string): string => createHash(name).update(data).digest('hex')

/** A descriptor with the elements that real ones have, in their order. */
export function vibXml({ name, version, vendor = 'Acme', level = 'partner', payloads }: TestVib): string {
  const payloadXml = payloads.map(
    (payload) => `
    <payload name="${payload.name}" type="${payload.type}" size="${packed(payload).length}" uncompressed-size="${payload.contents.length}">
      <checksum checksum-type="sha-256">${hash('sha256', packed(payload))}</checksum>
      <checksum checksum-type="sha-256" verify-process="gunzip">${hash('sha256', payload.contents)}</checksum>
      <checksum checksum-type="sha-1" verify-process="gunzip">${hash('sha1', payload.contents)}</checksum>
    </payload>`,
  )
  return `<?xml version='1.0' encoding='UTF-8'?>
<vib version="5.0">
  <type>bootbank</type>
  <name>${name}</name>
  <version>${version}</version>
  <vendor>${vendor}</vendor>
  <summary>${name} &amp; its files</summary>
  <description>Made for tests: &lt;nothing&gt; real &#8212; at all</description>
  <release-date>2024-02-29T00:00:00.000000+00:00</release-date>
  <urls><url key="website">https://acme.example/</url></urls>
  <relationships><depends><constraint name="vmkapi_2_11_0_0"/></depends><conflicts/><replaces/><provides/></relationships>
  <software-tags><tag>module</tag></software-tags>
  <system-requires><maintenance-mode>true</maintenance-mode></system-requires>
  <file-list><file>etc/vmware/${name}.conf</file><file>bin/${name}</file></file-list>
  <acceptance-level>${level}</acceptance-level>
  <live-install-allowed>false</live-install-allowed>
  <payloads>${payloadXml.join('')}
  </payloads>
</vib>
`
}

export const vibId = ({ vendor = 'Acme', name, version }: TestVib): string =>
  `${vendor}_bootbank_${name}_${version}`

/** An image profile, in one line as the installer writes them. */
export function profileXml({ name, vibs }: TestImage): string {
  const list = vibs.map((vib) => {
    const payloads = vib.payloads.map(
      (payload) => `<payload payload-name="${payload.name}">${payload.file}</payload>`,
    )
    return `<vib><vib-id>${vibId(vib)}</vib-id><installdate>2024-03-01T10:00:00+00:00</installdate><payloads>${payloads.join('')}</payloads></vib>`
  })
  return `<imageprofile><name>${name}</name><creator>Acme, Inc.</creator><creationtime>2024-02-29T00:00:00+00:00</creationtime><acceptancelevel>partner</acceptancelevel><viblist>${list.join('')}</viblist></imageprofile>`
}

/** Files of an image database. */
export function databaseFiles(image: TestImage): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>([
    [`var/db/esximg/profiles/${image.name}`, profileXml(image)],
    ['var/db/esximg/bulletins/note.xml', '<not read'],
  ])
  for (const vib of image.vibs) {
    const file = `var/db/esximg/vibs/${vib.name}-123456789.xml`
    files.set(file, vibXml(vib))
    files.set(`${file}.sig`, 'not a signature')
    files.set(`${file}.orig`, vibXml(vib))
  }
  return files
}

/** A tar archive made here. */
export async function tarOf(files: ReadonlyMap<string, string | Uint8Array>): Promise<Uint8Array> {
  const entries = [...files].map(([name, content]) => {
    const body = typeof content === 'string' ? utf8(content) : content
    return { header: { name, size: body.length, type: 'file' as const }, body }
  })
  return await packTar(entries)
}

/** The same, compressed. */
export async function tgzOf(files: ReadonlyMap<string, string | Uint8Array>): Promise<Uint8Array> {
  return Uint8Array.from(gzipSync(await tarOf(files)))
}

/** An archive made by the system's own tar and gzip. */
export function systemTgz(files: ReadonlyMap<string, string | Uint8Array>, ...options: string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'imgdb-'))
  try {
    for (const [name, content] of files) {
      mkdirSync(join(folder, 'in', dirname(name)), { recursive: true })
      writeFileSync(join(folder, 'in', name), content)
    }
    const archive = join(folder, 'imgdb.tgz')
    execFileSync('tar', ['-czf', archive, ...options, '-C', join(folder, 'in'), '.'])
    return Uint8Array.from(readFileSync(archive))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An image of some version with all core modules, an updater and a driver. */
export function testImage(build: string, driver = `driver ${build}`): TestImage {
  const boot = (name: string): TestPayload => ({
    name,
    type: 'boot',
    contents: `${name} of ${build}`,
    file: `${name}.b00`,
  })
  const tardisk = (name: string): TestPayload => ({ ...boot(name), type: 'vgz', file: `${name}.v00` })
  return {
    name: `ESXi-8.0-${build}-standard`,
    vibs: [
      {
        name: 'esx-base',
        version: `8.0.3-0.0.${build}`,
        payloads: [boot('b'), boot('k'), tardisk('s'), tardisk('sb')],
      },
      { name: 'esx-update', version: `8.0.3-0.0.${build}`, payloads: [tardisk('esxupdt')] },
      {
        name: 'ne1000',
        version: '0.9.0-1',
        vendor: 'Acme Net',
        payloads: [{ name: 'ne1000', type: 'vgz', contents: driver, file: 'ne1000.v00' }],
      },
    ],
  }
}

/** What a host with this image loads: its modules, its files of options, and its state. */
export function filesOf(image: TestImage, host = 'host-1'): EsxiBootFile[] {
  const payloads = image.vibs.flatMap((vib) =>
    vib.payloads.map((payload) => ({ ...payload, version: vib.version })),
  )
  const file = ({ file, contents, name, version }: (typeof payloads)[number]): EsxiBootFile => ({
    path: `/${file}`,
    contents,
    ...(['b', 'k'].includes(name) && { version: { component: name, product: 'VMware ESX', version } }),
  })
  const [kernel, ...others] = payloads
  if (kernel === undefined) throw new Error('an image without payloads')
  return [
    file(kernel),
    { path: '/jumpstrt.gz', contents: '' },
    { path: '/useropts.gz', contents: '' },
    { path: '/features.gz', contents: '' },
    ...others.map(file),
    { path: '/imgdb.tgz', contents: `database of ${host}` },
    { path: '/state.tgz', contents: `state of ${host}` },
  ]
}

/** Starts of a certificate, of a SubjectPublicKeyInfo and of an RSAPublicKey; the rest is nothing in particular. */
export const signers = {
  certificate: Uint8Array.of(0x30, 0x07, 0x30, 0x05, 0xa0, 0x03, 0x02, 0x01, 0x02),
  publicKey: Uint8Array.of(0x30, 0x05, 0x30, 0x03, 0x06, 0x01, 0x2a),
  rsaKey: Uint8Array.of(0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03),
}

/** A boot as it should be, with all that there can be in it. */
export const goodPlan = (image: TestImage = testImage('24022510')): EsxiBootPlan => ({
  files: filesOf(image),
  signers: [signers.certificate, signers.publicKey],
  options: 'autoPartition=FALSE runweasel',
  assetTag: utf8('rack 7'),
  securityOptions: ['execInstalledOnly=TRUE', 'secureBoot=TRUE'],
  completePcrs: [12, 14],
})

/** Parses a log of events, with the PCRs that it proves by its own TPM. */
export function measure(events: readonly BuiltEvent[], banks: readonly HashAlgorithm[] = ['sha256']) {
  const builder = eventLog({ banks }).specId()
  for (const event of events) builder.event(event)
  const built = builder.build()
  const log = parseEventLog(built.bytes)
  const matchingIn = (bank: HashAlgorithm): readonly number[] => {
    const { matching, untouched } = compareLog(log, bank, built.pcrs.get(bank) ?? new Map())
    return [...matching, ...untouched]
  }
  return { built, log, matchingIn }
}

/** The facts of a log of these events, in one bank, with all PCRs proved. */
export function bootOf(
  events: readonly BuiltEvent[],
  options: EsxiBootOptions & { bank?: HashAlgorithm; banks?: readonly HashAlgorithm[] } = {},
) {
  const { bank = 'sha256', banks = [bank], ...rest } = options
  const { log, matchingIn } = measure(events, banks)
  return esxiBoot(log, bank, matchingIn(bank), rest)
}

/** The facts of a good boot. */
export const goodBoot = (plan: EsxiBootPlan = goodPlan()) =>
  bootOf(esxiBootEvents(plan), { closedPcrs: plan.completePcrs ?? [] })

/** Blocks of a tar archive, with any header. */
export function rawTar(...records: readonly { header: Uint8Array; body?: Uint8Array }[]): Uint8Array {
  const blocks = records.flatMap(({ header, body = new Uint8Array(0) }) => [
    header,
    body,
    new Uint8Array((512 - (body.length % 512)) % 512),
  ])
  return concatBytes(...blocks, new Uint8Array(1024))
}

/** A header with these fields as they are, and a checksum that fits. */
export function tarHeader({
  name = 'file',
  size = '00000000000\0',
  type = '0',
  magic = 'ustar\x0000',
} = {}): Uint8Array {
  const header = new Uint8Array(512)
  header.set(utf8(name), 0)
  header.set(utf8('0000644\0'), 100)
  header.set(utf8('0000000\0'), 108)
  header.set(utf8('0000000\0'), 116)
  header.set(
    Uint8Array.from(size, (c) => c.charCodeAt(0)),
    124,
  )
  header.set(utf8('00000000000\0'), 136)
  header.set(utf8('        '), 148)
  header.set(utf8(type), 156)
  header.set(utf8(magic), 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return header
}

export const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`

/** What an archive is refused with; undefined when it is read. */
export async function refusalOf(bytes: Uint8Array, limits?: Partial<ImageDatabaseLimits>) {
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

/** Files of a good image database, with these others; undefined leaves one out. */
export const withFiles = (
  ...changes: [string, string | Uint8Array | undefined][]
): Map<string, string | Uint8Array> => {
  const files = databaseFiles(testImage('24022510'))
  for (const [name, content] of changes) {
    if (content === undefined) files.delete(name)
    else files.set(name, content)
  }
  return files
}
