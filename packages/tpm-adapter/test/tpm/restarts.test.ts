import { decode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import { computeName, makeCredential, type RsaPublic, tpmtPublic } from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import {
  connectSwtpmTcp,
  loadedHandles,
  openSwtpmControl,
  openTpm,
  recordTraffic,
  startUp,
} from '../../src/index.js'
import { createSoftwareTpm, type SoftwareTpm } from '../../src/software-tpm/index.js'
import { codeOf } from '../code-of.js'

const boot = [{ bank: 'sha256', pcrs: [0, 1, 2, 3] }]
const nonce = new Uint8Array(16).fill(7)
const secret = new Uint8Array(16).fill(9)

/** A TPM whose power can be taken away. */
interface Subject {
  readonly connect: () => Promise<TpmTransport>
  readonly restart: () => Promise<void>
  /** Commands before which it restarts; each one by default. */
  readonly places?: readonly number[]
}

let peer: Swtpm
let software: SoftwareTpm
beforeAll(async () => {
  peer = await startSwtpm()
  software = createSoftwareTpm()
})
afterAll(async () => {
  await peer.stop()
  await software.close()
})

const connect = (): Promise<TpmTransport> => connectSwtpmTcp({ port: peer.tcpPort })
const subjects: Readonly<Record<string, Subject>> = {
  // The connection stays, and a platform starts the TPM up at once.
  'swtpm whose power fails': {
    connect,
    async restart() {
      await openSwtpmControl({ port: peer.tcpPort + 1 }).initialize({ deleteVolatile: true })
    },
  },
  // The connection breaks.
  'swtpm whose process ends': { connect, restart: () => peer.restart(), places: [1, 12, 25] },
  'the software TPM': {
    connect: () => software.transport(),
    restart: async () => software.powerCycle(),
  },
}

/** All that a host does to be attested. */
async function attest(tpm: Tpm): Promise<void> {
  const [endorsementKey] = await tpm.endorsementKeys()
  if (endorsementKey === undefined) throw new Error('no key')
  const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
  const credential = makeCredential({
    endorsementKey: decode(tpmtPublic, endorsementKey.publicArea) as RsaPublic,
    objectName: computeName(key.publicArea),
    secret,
  })
  const { credentialBlob, encryptedSecret } = credential
  expect(await key.activateCredential(credentialBlob, encryptedSecret)).toEqual(secret)
  await key.quote(nonce, boot)
  await key.close()
}

/** Restarts the TPM before one of the commands, and starts it up as firmware does. */
function restartingAt(inner: TpmTransport, restart: () => Promise<void>, at: number) {
  let count = 0
  const transport: TpmTransport = {
    async transmit(command, options) {
      if (++count === at) {
        await restart()
        await startUp(inner)
      }
      return await inner.transmit(command, options)
    },
    close: () => inner.close(),
    onReconnect: (listener) => inner.onReconnect?.(listener),
  }
  return { transport, count: () => count }
}

/** Runs it; returns the code of its error, if any, and what the TPM said. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'works'
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return isTrustholdError(error, 'TPM_RESPONSE')
      ? `${error.context.command}: ${error.context.name}`
      : error.code
  }
}

describe.each(Object.entries(subjects))('on %s', (_, { connect: connectTo, restart, places }) => {
  test('wherever a restart comes, the call ends well or says so, and the next one works', async () => {
    const inner = await connectTo()
    try {
      const whole = restartingAt(inner, restart, 0)
      await attest(await openTpm({ transport: whole.transport }))
      const outcomes = new Set<string>()
      for (const at of places ?? Array.from({ length: whole.count() }, (__, i) => i + 1)) {
        const tpm = await openTpm({ transport: restartingAt(inner, restart, at).transport })
        outcomes.add(await outcomeOf(attest(tpm)))
        await attest(tpm)
        expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
      }
      expect([...outcomes].toSorted()).toEqual(['TPM_NOT_AVAILABLE', 'works'])
    } finally {
      await inner.close()
    }
  }, 120_000)

  test('a restart between two calls is noticed', async () => {
    const transport = await connectTo()
    try {
      const tpm = await openTpm({ transport })
      const before = await tpm.endorsementKeys()
      await restart()
      await startUp(transport)
      expect(await tpm.endorsementKeys()).toEqual(before)
      await attest(tpm)
    } finally {
      await transport.close()
    }
  })
})

test('a TPM that nobody has started up says so, and works when it was', async () => {
  const transport = await software.transport()
  const tpm = await openTpm({ transport })
  await attest(tpm)
  software.powerCycle()
  await expect(attest(tpm)).rejects.toThrow(codeOf('TPM_NOT_STARTED'))
  await startUp(transport)
  await attest(tpm)
  await tpm.close()
})

describe('a transport that says that its connection is another one', () => {
  /** A transport that can be made to say so, and that counts commands. */
  async function telling() {
    const inner = await software.transport()
    let tell = (): void => undefined
    let count = 0
    const told = new Set<number>()
    const transport: TpmTransport = {
      transmit(command, options) {
        if (told.has(++count)) tell()
        return inner.transmit(command, options)
      },
      close: () => inner.close(),
      onReconnect(listener) {
        tell = listener
      },
    }
    const spent = async (work: () => Promise<unknown>): Promise<number> => {
      const before = count
      await work()
      return count - before
    }
    return { transport, told, spent, tell: () => tell(), next: () => count + 1 }
  }

  test('has everything looked up again', async () => {
    await startUp(await software.transport())
    const { transport, spent, tell } = await telling()
    const tpm = await openTpm({ transport })
    await attest(tpm)
    expect(await spent(() => tpm.endorsementKeys())).toBe(0)
    tell()
    expect(await spent(() => tpm.endorsementKeys())).toBeGreaterThan(5)
    await tpm.close()
  })

  test('ends the call that it comes in, unless nothing was done yet', async () => {
    const { transport, told, next } = await telling()
    const tpm = await openTpm({ transport })
    await tpm.readPcrs(boot)
    told.add(next())
    await tpm.readPcrs(boot)
    // What was left behind is looked for once, with three commands.
    told.add(next() + 4)
    await expect(attest(tpm)).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE', { what: 'the TPM' }))
    await attest(tpm)
    await tpm.close()
  })

  test('is one behind a recorder as well', async () => {
    const { transport, tell } = await telling()
    let heard = 0
    recordTraffic(transport).transport.onReconnect?.(() => {
      heard += 1
    })
    tell()
    expect(heard).toBe(1)
    await transport.close()
  })
})
