// A host on a live TPM attests to a service, over several banks and with any of its endorsement keys, while its kernel
// goes on measuring what is started.

import { type Authority, createAuthority } from '@trusthold/core/authority'
import { toHex } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import type { AuthorityClient } from '@trusthold/core/http'
import { parseEventLog, parseImaLog, readImaAllowList } from '@trusthold/core/measured-boot'
import { captureBaseImage } from '@trusthold/core/policy'
import { type EndorsementKeyTemplate, systemClock, type TpmTransport } from '@trusthold/core/ports'
import { imaList } from '@trusthold/core/testing'
import { createTrustedHost } from '@trusthold/core/trusted-host'
import type { Check } from '@trusthold/core/verdict'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { connectSwtpmTcp, extendPcr, loadedHandles, openTpm } from '@trusthold/tpm-adapter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { measureBoot } from '../../examples/quickstart/src/boots.js'
import { type Swtpm, startSwtpm } from '../../scripts/peers/swtpm.mjs'
import { loadBoot } from '../recordings/load.js'

const boot = loadBoot('boot-secure')
const banks = ['sha256', 'sha384', 'sha1'] as const
const pcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
/** Programs that are allowed to be started; their content is their path. */
const programs = Array.from({ length: 400 }, (_, i) => `/usr/bin/program-${i}`)
const started = (path: string): Uint8Array => imaList().file(path).build().binary

let peer: Swtpm
let inner: TpmTransport
let transport: TpmTransport
let authority: Authority
/** What the kernel has measured so far. */
let list: Uint8Array
/** What is started before the next commands. */
let waiting: string[] = []

/** Measures as the kernel does: first the list, then the PCR of every bank. */
async function measure(records: Uint8Array): Promise<void> {
  list = Uint8Array.of(...list, ...records)
  for (const entry of parseImaLog(records).events) {
    const digests = banks.map((hashAlg) => ({ hashAlg, digest: entry.digest(hashAlg) as Uint8Array }))
    await extendPcr(inner, { pcr: 10, digests })
  }
}

beforeAll(async () => {
  peer = await startSwtpm()
  inner = await connectSwtpmTcp({ port: peer.tcpPort })
  transport = {
    async transmit(command, options) {
      // Quotes and PCR reads: where something in between could do harm.
      const code = new DataView(command.buffer, command.byteOffset).getUint32(6)
      const next = code === 0x158 || code === 0x17e ? waiting.shift() : undefined
      if (next !== undefined) await measure(started(next))
      return await inner.transmit(command, options)
    },
    close: async () => undefined,
  }
  await measureBoot(inner, boot.eventLog)
  list = new Uint8Array()
  await measure(boot.imaLog)
  const known = parseImaLog(boot.imaLog).events.flatMap(({ fileDigest }) =>
    fileDigest === undefined ? [] : [`${fileDigest.algorithm}:${toHex(fileDigest.value)}`],
  )
  const allowed = programs.map((path) => {
    const [entry] = parseImaLog(started(path)).events
    return `sha256:${toHex(entry?.fileDigest?.value ?? new Uint8Array())}`
  })
  authority = await createAuthority({
    group: 'live',
    origins: ['https://authority.example'],
    storage: openMemory({ clock: systemClock }),
    keyServer: () => {
      throw new Error('no key server was asked for')
    },
    ima: { allowList: readImaAllowList({ version: 1, digests: [...known, ...allowed] }) },
  })
  const { caCertificates, baseImages } = authority.attestation
  await caCertificates.create('vendor', new TextEncoder().encode(peer.caCertificates))
  const log = parseEventLog(boot.eventLog)
  for (const bank of ['sha256', 'sha384'] as const) {
    const values = new Map(pcrs.map((pcr) => [pcr, boot.pcrs[bank].get(pcr) as Uint8Array]))
    await baseImages.create(captureBaseImage({ name: `approved-${bank}`, log, bank, pcrs: values }))
  }
})
afterAll(async () => {
  await authority.close()
  await inner.close()
  await peer.stop()
})

const client = (): AuthorityClient => ({
  keyOperationUrl: 'https://authority.example/api/esx/kms/key-operation',
  attest: (request) => authority.attestation.attest(request),
  generateKey: () => Promise.reject(new Error('no key is asked for')),
  decrypt: () => Promise.reject(new Error('no key is asked for')),
  close: async () => undefined,
})

async function openHost(endorsementKeys?: readonly EndorsementKeyTemplate[]) {
  const tpm = await openTpm({
    transport,
    eventLog: async () => boot.eventLog,
    imaLog: async () => list,
    systemdLog: async () => undefined,
    ...(endorsementKeys && { endorsementKeys }),
  })
  return createTrustedHost({ authority: client(), tpm })
}

/** Registration of the key is not asked for; everything else has to be judged and pass. */
const notPassed = (checks: readonly Check[]): string[] =>
  checks.filter(({ outcome }) => outcome !== 'pass').map(({ id }) => id)

const entryCount = (): number => parseImaLog(list).events.length

describe('a host with a live TPM', () => {
  test.each<EndorsementKeyTemplate>(['L-1', 'L-2', 'H-3'])(
    'attests over two banks with the endorsement key of template %s',
    async (template) => {
      const host = await openHost([template])
      const { documents, checks } = await host.attest()
      expect(documents).toHaveLength(1)
      expect(notPassed(checks)).toEqual(['endorsement.registered'])
      const claims = JSON.parse(Buffer.from(documents[0]?.token.split('.')[1] ?? '', 'base64url').toString())
      expect(claims.submods.host.pcrs.selection).toEqual(
        ['sha256', 'sha384'].map((bank) => ({ bank, pcrs: [...pcrs, 10] })),
      )
      expect(claims.submods.host.ear_trustworthiness_vector).toMatchObject({ executables: 2, hardware: 2 })
    },
  )

  test('attests while programs are started before, between and after quote and PCR values', async () => {
    const host = await openHost()
    await host.attest()
    const before = entryCount()
    for (let i = 0; i < 12; i++) {
      // One more each time, so that it comes at every place, until quoting has to start again.
      waiting = programs.slice(i * 12, i * 12 + i + 1)
      const { checks } = await host.attest()
      expect(notPassed(checks)).toEqual(['endorsement.registered'])
    }
    expect(entryCount() - before).toBeGreaterThan(70)
    expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
  })

  test('gives up on a machine that never comes to rest, and attests once it does', async () => {
    const host = await openHost()
    waiting = programs.slice(200, 400)
    await expect(host.attest()).rejects.toMatchObject({ code: 'TPM_NOT_AVAILABLE' })
    waiting = []
    await expect(host.attest()).resolves.toMatchObject({ documents: [{ type: 'KMS_AUTH_JWT' }] })
  })

  test('is refused once it started what nobody allowed', async () => {
    const host = await openHost()
    await host.attest()
    await measure(started('/usr/bin/evil'))
    const refusal = await host.attest().catch((error: unknown) => error)
    if (!isTrustholdError(refusal, 'ATTESTATION_REFUSED')) throw refusal
    const failed = refusal.context.checks.filter(({ outcome }) => outcome === 'fail')
    expect(failed.map(({ id }) => id)).toEqual(['policy.ima'])
    expect(failed[0]?.reason).toContain('/usr/bin/evil')
  })
})
