// T-61: what is known of the machine comes from interfaces with a defined form, never from text made for people.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseImaLog } from '@trusthold/core/measured-boot'
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import { imaList } from '@trusthold/core/testing'
import { type OpenTpmOptions, openTpm } from '@trusthold/tpm-adapter'
import { createSoftwareTpm, type SoftwareTpm } from '@trusthold/tpm-adapter/software-tpm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

const root = new URL('../../', import.meta.url).pathname

describe('the sources of packages and examples', () => {
  const shipped = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /^[^/]+\/src\/.*\.ts$/.test(name))
      .map((name) => ({ name, text: readFileSync(join(root, folder, name), 'utf8') })),
  )
  const having = (pattern: RegExp): string[] =>
    shipped.filter(({ text }) => pattern.test(text)).map(({ name }) => name)

  test('run no programs, so there is no output to be read wrongly', () => {
    expect(shipped.length).toBeGreaterThan(200)
    expect(having(/['"](node:)?child_process['"]/)).toEqual([])
  })

  test('ask no file that is made for people what system it is', () => {
    expect(having(/os-release|\/proc\/(cpuinfo|mounts|cmdline|version)|\/etc\/(issue|mtab|lsb)/)).toEqual([])
    expect(having(/\bos\.(release|version|type)\(/)).toEqual([])
  })

  test('tell errors of the system apart by their codes and not by their words', () => {
    const byWords = having(/\.message\s*(\.(includes|match|startsWith|endsWith|search|indexOf)\(|===)/)
    // One library of PKCS#12 says in words alone that a password is wrong; it knows nothing of the system.
    expect(byWords.filter((name) => name !== 'core/src/x509/pkcs12.ts')).toEqual([])
  })
})

describe('a host', () => {
  let directory: string
  let software: SoftwareTpm
  let opened: Tpm[]
  beforeAll(() => {
    software = createSoftwareTpm()
  })
  afterAll(() => software.close())
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trusthold-facts-'))
    opened = []
  })
  afterEach(async () => {
    for (const tpm of opened) await tpm.close()
    rmSync(directory, { recursive: true })
  })

  const open = async (options: OpenTpmOptions): Promise<Tpm> => {
    const tpm = await openTpm({ transport: await software.transport(), ...options })
    opened.push(tpm)
    return tpm
  }

  test('takes a log that cannot be read for no missing one, whatever its name says', async () => {
    const path = join(directory, 'ENOENT: no such file or directory')
    mkdirSync(path)
    const tpm = await open({ imaLog: path, systemdLog: path, eventLog: path })
    for (const read of [() => tpm.imaLog(), () => tpm.systemdLog(), () => tpm.eventLog()]) {
      await expect(read()).rejects.toMatchObject({ code: 'TPM_NOT_AVAILABLE' })
    }
  })

  test('hands on the list of IMA byte by byte: a file’s name cannot look like another entry', async () => {
    const honest = imaList().file('/usr/bin/good').build()
    const ascii = new TextDecoder().decode(honest.ascii)
    const { binary } = imaList().file(`/tmp/x\n${ascii}`).build()
    const path = join(directory, 'ima')
    writeFileSync(path, binary)
    const list = await (await open({ imaLog: path })).imaLog()
    expect(list).toEqual(binary)
    const own = parseImaLog(binary).events.length
    expect(own).toBe(parseImaLog(honest.binary).events.length)
  })

  /** The TPM as if another vendor had made it, by property or by the texts that it shows of itself. */
  async function rebranded(property: number, value: number): Promise<TpmTransport> {
    const inner = await software.transport()
    return {
      async transmit(command, options) {
        const response = await inner.transmit(command, options)
        const [asked, answer] = [command, response].map(
          (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        ) as [DataView, DataView]
        const isProperty = asked.getUint32(6) === 0x17a && asked.getUint32(10) === 6
        // Header, moreData, capability, count; then property and value.
        for (let at = 19; isProperty && at + 8 <= response.length; at += 8) {
          if (answer.getUint32(at) === property) answer.setUint32(at + 4, value)
        }
        return response
      },
      close: () => inner.close(),
    }
  }

  test('knows the vendor by its number, says where it hands out certificates, and fetches nothing', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch')
    const [manufacturer, vendorString] = [0x105, 0x106]
    const amd = 0x414d_4400
    const urls = async (property: number) => {
      const tpm = await open({ transport: await rebranded(property, amd) })
      return (await tpm.endorsementKeys()).map(({ certificateUrl }) => certificateUrl)
    }
    expect((await urls(vendorString)).every((url) => url === undefined)).toBe(true)
    const named = await urls(manufacturer)
    expect(named.length).toBeGreaterThan(0)
    for (const url of named) expect(url).toMatch(/^https:\/\/ftpm\.amd\.com\/pki\/aia\/[0-9a-f]{32}$/)
    expect(fetched).not.toHaveBeenCalled()
    fetched.mockRestore()
  })
})
