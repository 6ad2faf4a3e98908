import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TpmTransport } from '@trusthold/core/ports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, connectSwtpmUnix, extendPcr, openTpm, startUp } from '../../src/index.js'
import { codeOf } from '../code-of.js'

let directory: string
let peer: Swtpm
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-tpm-'))
  peer = await startSwtpm()
})
afterAll(async () => {
  await peer.stop()
  rmSync(directory, { recursive: true })
})

const connect = (): Promise<TpmTransport> => connectSwtpmTcp({ port: peer.tcpPort })
const boot = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]

describe('the event log', () => {
  test('comes from a file or from a function', async () => {
    const content = Uint8Array.of(1, 2, 3)
    const file = join(directory, 'log')
    writeFileSync(file, content)
    const transport = await connect()
    expect(await (await openTpm({ transport, eventLog: file })).eventLog()).toEqual(content)
    expect(await (await openTpm({ transport, eventLog: async () => content })).eventLog()).toEqual(content)
    const missing = await openTpm({ transport, eventLog: join(directory, 'missing') })
    await expect(missing.eventLog()).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE', { what: 'the event log' }))
    await transport.close()
  })
})

describe('arguments', () => {
  test('that belong to another TPM, or are no key, are refused', async () => {
    const tpm = await openTpm({ transport: await connect() })
    const [endorsementKey] = await tpm.endorsementKeys()
    if (endorsementKey === undefined) throw new Error('no key')
    const foreign = { ...endorsementKey, publicArea: endorsementKey.publicArea.map((byte) => byte ^ 1) }
    await expect(tpm.openAttestationKey({ endorsementKey: foreign })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'endorsementKey' }),
    )
    await expect(tpm.openAttestationKey({ endorsementKey, saved: new Uint8Array(4) })).rejects.toThrow(
      codeOf('CODEC_UNDERFLOW'),
    )
    const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
    // The attributes lie behind TPM2B_PRIVATE, the size of TPM2B_PUBLIC, type and name algorithm.
    const at = 2 + ((key.saved[0] as number) << 8) + (key.saved[1] as number) + 2 + 4
    const unrestricted = key.saved.map((byte, i) => (i === at + 1 ? byte & 0xfe : byte))
    await expect(tpm.openAttestationKey({ endorsementKey, saved: unrestricted })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'saved' }),
    )
    await tpm.close()
  })

  test('a device that is not there is an error', async () => {
    const transport = join(directory, 'no-device')
    await expect(openTpm({ transport })).rejects.toThrow(codeOf('TRANSPORT_FAILED', { endpoint: transport }))
  })
})

describe('PCRs that change while they are read', () => {
  /** Extends a PCR before each of the first reads. */
  async function restless(changes: number): Promise<TpmTransport> {
    const inner = await connect()
    let reads = 0
    return {
      async transmit(command, options) {
        const isRead = new DataView(command.buffer, command.byteOffset).getUint32(6) === 0x17e
        if (isRead && reads++ < changes) {
          const digest = new Uint8Array(32).fill(reads)
          await extendPcr(inner, { pcr: 9, digests: [{ hashAlg: 'sha256', digest }] })
        }
        return await inner.transmit(command, options)
      },
      close: () => inner.close(),
    }
  }

  test('are read again until they are those of one moment', async () => {
    const tpm = await openTpm({ transport: await restless(3) })
    const values = await tpm.readPcrs(boot)
    expect(await tpm.readPcrs(boot)).toEqual(values)
    await tpm.close()
  })

  test('are given up when they do not come to rest', async () => {
    const tpm = await openTpm({ transport: await restless(100) })
    await expect(tpm.readPcrs(boot)).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE', { what: 'PCR values' }))
    await tpm.close()
  })
})

test('keys that were open when the TPM was reset go on working', async () => {
  const stateDir = join(directory, 'state')
  let running = await startSwtpm({ stateDir, socket: 'unix' })
  let current = await connectSwtpmUnix({ path: running.unixPath as string })
  const transport: TpmTransport = {
    transmit: (command, options) => current.transmit(command, options),
    close: () => current.close(),
  }
  const tpm = await openTpm({ transport })
  const keys = await tpm.endorsementKeys()
  const opened = await Promise.all(keys.map((endorsementKey) => tpm.openAttestationKey({ endorsementKey })))
  await running.stop()
  running = await startSwtpm({ stateDir, socket: 'unix' })
  current = await connectSwtpmUnix({ path: running.unixPath as string })
  await startUp(transport)
  for (const key of opened) {
    const { message } = await key.quote(new Uint8Array(8), boot)
    expect(message.length).toBeGreaterThan(100)
  }
  await tpm.close()
  await running.stop()
})
