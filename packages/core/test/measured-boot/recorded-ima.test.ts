import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadBoot, recordedBanks } from '../../../../test/recordings/load.js'
import {
  checkBootAggregate,
  createImaKeyring,
  type ImaEntry,
  matchImaLog,
  parseImaLog,
  verifyFileSignature,
} from '../../src/measured-boot/index.js'

/** Two files changed while they were measured, one of them twice, for it is read again after its change. */
const violated = ['/system/var/log/agent.log', '/system/etc/motd', '/system/var/log/agent.log']
/** Files of which every such boot runs or reads: a script, a program, a library, names with a space and an umlaut. */
const read = [
  '/system/etc/rc',
  '/system/bin/cat',
  '/system/lib/x86_64-linux-gnu/libc.so.6',
  '/system/etc/services.d/web_server',
  '/system/etc/services.d/größe',
]

describe.each([
  ['boot-ima', 'ima-ng'],
  ['boot-ima-sig', 'ima-sig'],
] as const)('the list of %s', (name, template) => {
  const boot = loadBoot(name)
  const list = parseImaLog(boot.imaLog)
  const values = new Map(recordedBanks.map((bank) => [bank, boot.pcrs[bank]]))

  test(`has some hundred entries of the template ${template}`, () => {
    expect(list.events.length).toBeGreaterThan(300)
    expect(new Set(list.events.map((entry) => entry.template.name))).toEqual(new Set([template]))
    expect(list.events.map(({ path }) => path)).toEqual(expect.arrayContaining(read))
    expect(list.events.every((entry) => entry.hasListedHash())).toBe(true)
  })

  test('begins with the PCRs of the boot', () => {
    expect(checkBootAggregate(list.events[0] as ImaEntry, values)).toMatchObject({ outcome: 'matches' })
  })

  test('has the violations that were made', () => {
    expect(list.events.filter(({ violation }) => violation).map(({ path }) => path)).toEqual(violated)
  })

  test.each(recordedBanks)('and PCR 10 of %s were read together', (bank) => {
    const value = boot.pcrs[bank].get(10) as Uint8Array
    // This kernel has SHA-384 and SHA-512 as modules only, and so no digests of its own for these banks.
    const rule = bank === 'sha1' || bank === 'sha256' ? 'recomputed' : 'zero-padded'
    const match = matchImaLog(list, bank, value, { acceptZeroPadded: true })
    expect(match).toMatchObject({ matched: true, count: list.events.length, rule })
  })
})

describe('signatures of files', () => {
  const { imaLog, imaSigners } = loadBoot('boot-ima-sig')
  const keys = imaSigners.map((certificate) => ({ key: new X509Certificate(certificate).publicKey }))
  const signed = parseImaLog(imaLog).events.filter(({ signature }) => signature !== undefined)
  const outcomes = (known: typeof keys) =>
    new Set(signed.map((entry) => verifyFileSignature(entry, createImaKeyring(known)).outcome))

  test('by an ECDSA and an RSA key are listed and hold', () => {
    expect(keys.map(({ key }) => key.asymmetricKeyType)).toEqual(['ec', 'rsa'])
    expect(signed.length).toBeGreaterThan(50)
    expect(outcomes(keys)).toEqual(new Set(['verified']))
  })

  test('hold for no other keys', () => {
    expect(outcomes([])).not.toContain('verified')
    for (const key of keys) expect(outcomes([key]).size).toBe(2)
  })

  test('are in no other list', () => {
    for (const name of ['boot-ima', 'boot-secure'] as const) {
      const boot = loadBoot(name)
      expect(boot.imaSigners).toEqual([])
      expect(parseImaLog(boot.imaLog).events.filter(({ signature }) => signature !== undefined)).toEqual([])
    }
  })
})
