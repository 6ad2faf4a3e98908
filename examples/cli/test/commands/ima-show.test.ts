import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootNames, loadBoot } from '../../../../test/recordings/load.js'
import type { ImaLogDocument } from '../../src/show/ima-log.js'
import { createFiles, type Files, recorded, run, runJson } from '../running.js'

let files: Files
beforeAll(() => {
  files = createFiles()
})
afterAll(() => files.remove())

const show = (path: string, ...args: readonly string[]) =>
  runJson<ImaLogDocument>(['ima', 'show', path, ...args], 0)

/** Lists that were recorded of their own, with every template; the ASCII form of one cannot show a name. */
const lists = ['custom', 'evm-sig', 'ima', 'ima-modsig', 'ima-ng', 'ima-sig', 'mixed']
const valuesOf = (list: string): Record<string, Record<string, string>> =>
  (
    JSON.parse(readFileSync(recorded(`ima/${list}/pcrs.json`), 'utf8')) as {
      pcrs: Record<string, Record<string, string>>
    }
  ).pcrs

describe('recorded lists give the values that the TPM had', () => {
  test.each(bootNames)('%s', async (boot) => {
    // Kernels without SHA-384 and SHA-512 extend something else into these banks.
    for (const bank of ['sha1', 'sha256'] as const) {
      const { pcrs } = await show(recorded(`${boot}/ima.bin`), '--bank', bank)
      const value = loadBoot(boot).pcrs[bank].get(10) ?? new Uint8Array(0)
      expect(pcrs).toEqual({ [bank]: { 10: Buffer.from(value).toString('hex') } })
    }
  })

  test.each(lists)('%s', async (list) => {
    for (const bank of ['sha1', 'sha256']) {
      const { pcrs } = await show(recorded(`ima/${list}/binary.bin`), '--bank', bank)
      expect(pcrs[bank]?.['10']).toBe(valuesOf(list)[bank]?.['10'])
    }
  })
})

describe('the document', () => {
  test('has exactly these members, sha256 by default', async () => {
    const document = await show(recorded('boot-secure/ima.bin'))
    expect(document).toStrictEqual({
      template: 'ima-sig',
      entries: expect.any(Array),
      pcrs: { sha256: { 10: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      findings: [],
    })
    expect(document.entries[0]).toStrictEqual({
      index: 0,
      pcr: 10,
      templateHash: expect.stringMatching(/^[0-9a-f]{40}$/),
      fileDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      path: 'boot_aggregate',
    })
  })

  test('of an ASCII list is that of the binary one', async () => {
    for (const list of lists.filter((name) => name !== 'custom')) {
      const ascii = recorded(`ima/${list}/ascii.txt`)
      expect(existsSync(ascii)).toBe(true)
      expect(await show(ascii), list).toEqual(await show(recorded(`ima/${list}/binary.bin`)))
    }
  })

  test('has signatures', async () => {
    const { entries } = await show(recorded('ima/ima-sig/binary.bin'))
    const signed = entries.filter(({ signature }) => signature !== undefined)
    expect(signed.length).toBeGreaterThan(0)
    for (const { signature } of signed) expect(signature).toMatch(/^0[0-9a-f]+$/)
  })

  test('names the template of entries that have another', async () => {
    const { template, entries } = await show(recorded('ima/mixed/binary.bin'))
    const others = new Set(entries.map((entry) => entry.template).filter((name) => name !== undefined))
    expect(others.size).toBeGreaterThan(0)
    expect(others.has(template)).toBe(false)
  })

  test('reports violations, and hashes that are not those of the data', async () => {
    const violated = await show(recorded('ima/custom/binary.bin'))
    expect(violated.findings.map(({ code }) => code)).toEqual(['violation', 'violation'])
    const bytes = new Uint8Array(readFileSync(recorded('boot-secure/ima.bin')))
    bytes[4] = (bytes[4] ?? 0) ^ 1
    const { findings } = await show(files.write('changed.bin', bytes))
    expect(findings).toEqual([
      { code: 'template-hash', message: "the listed hash is not that of the entry's data", event: 0 },
    ])
  })

  test('for people, without the line break in a name', async () => {
    const { code, stdout } = await run(['ima', 'show', recorded('ima/custom/binary.bin')])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^17 +10 +ima:sha256:[0-9a-f]{64} +\/system\/odd\/a\\u\{a\}b$/m)
    expect(stdout).toMatch(/^ {2}violation +entry 12 +the file changed/m)
    expect(stdout).toMatch(/^PCRs of bank sha256\n {2}10 +[0-9a-f]{64}$/m)
  })
})

describe('mistakes', () => {
  test.each([
    [
      ['ima', 'show', recorded('boot-secure/eventlog.bin')],
      /ImaLog\.entries\[0\]\.\S+: expected .* at offset \d+/,
    ],
    [
      ['ima', 'show', recorded('ima/custom/ascii.txt')],
      /ImaLog\.entries\[17\]\.templateData: expected .* at offset 3996/,
    ],
    [['ima', 'show', recorded('boot-secure/ima.bin'), '--bank', 'md5'], /Expected one of sha1, sha256/],
    [['ima', 'show', recorded('boot-secure/ima.bin'), '--bank', 'sha3_256'], /expected digests for sha3_256/],
    [['ima', 'show', '/dev/null'], /expected content, found an empty file/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
