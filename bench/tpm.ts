import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createAuthority } from '@trusthold/core/authority'
import { decode } from '@trusthold/core/codec'
import type { TpmTransport } from '@trusthold/core/ports'
import { tpmtPublic } from '@trusthold/core/tpm2'
import { attestHost, generateBindingKey } from '@trusthold/core/trusted-host'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { connectSwtpmTcp, openTpm } from '@trusthold/tpm-adapter'
import { createCommandRunner, getRandom } from '@trusthold/tpm-adapter/commands'
import { startSwtpm } from '../scripts/peers/swtpm.mjs'
import { approvedImage } from '../test/attacks/approved-boot.js'
import { noKeyServer } from '../test/attacks/rig.js'
import type { Benchmark } from './benchmark.js'

const randomBytesAsked = 32
/** TPM2_GetRandom, as the typed command sends it. */
const rawCommand = Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, randomBytesAsked)
const rawResponseLength = 12 + randomBytesAsked
const eventLogLength = 65_536

/** One after the other, as a TPM works anyway. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}

/** Sends the bytes and only counts those that come back: what no client can do without. */
function exchange(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let left = rawResponseLength
    const onData = (chunk: Uint8Array): void => {
      left -= chunk.length
      if (left > 0) return
      socket.off('data', onData)
      resolve()
    }
    socket.on('data', onData).write(rawCommand)
  })
}

/** Two TPMs of the same make, as each serves one connection: one for the operation, one for the floor. */
async function prepareCommands() {
  const [own, other] = await Promise.all([startSwtpm(), startSwtpm()])
  const transport = await connectSwtpmTcp({ port: own.tcpPort })
  const socket = connect({ host: '127.0.0.1', port: other.tcpPort, noDelay: true })
  await once(socket, 'connect')
  return {
    runner: createCommandRunner(transport),
    socket,
    queue: createQueue(),
    async close() {
      socket.destroy()
      await transport.close()
      await Promise.all([own.stop(), other.stop()])
    },
  }
}

let commands: ReturnType<typeof prepareCommands> | undefined
const getCommands = (): ReturnType<typeof prepareCommands> => (commands ??= prepareCommands())

/** A transport that adds up how long the TPM works, and what else is not the host's own work. */
function createStopwatch() {
  let elsewhereMs = 0
  const count = async <T>(work: Promise<T>): Promise<T> => {
    const start = performance.now()
    try {
      return await work
    } finally {
      elsewhereMs += performance.now() - start
    }
  }
  const watched = (transport: TpmTransport): TpmTransport => ({
    transmit: (command, options) => count(transport.transmit(command, options)),
    close: () => transport.close(),
  })
  return { count, watched, elsewhereMs: () => elsewhereMs }
}

/** A host, and a service whose challenges are real and which believes the evidence unseen. */
async function prepareHost() {
  const swtpm = await startSwtpm()
  const stopwatch = createStopwatch()
  const eventLog = new Uint8Array(eventLogLength)
  const transport = stopwatch.watched(await connectSwtpmTcp({ port: swtpm.tcpPort }))
  const tpm = await openTpm({ transport, eventLog: async () => eventLog })
  const { attestation } = await createAuthority({
    group: 'bench',
    origins: ['https://authority.example'],
    storage: openMemory(),
    keyServer: noKeyServer,
  })
  await attestation.settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
  // Without one every host is refused before it is asked for evidence.
  await attestation.baseImages.create(approvedImage())
  const [endorsementKey] = await tpm.endorsementKeys()
  if (endorsementKey === undefined) throw new Error('the TPM has no endorsement key')
  await attestation.endorsementKeys.create('host', {
    publicArea: decode(tpmtPublic, endorsementKey.publicArea),
  })
  const none = (): never => {
    throw new Error('not part of this benchmark')
  }
  let legs = 0
  const client = {
    keyOperationUrl: '',
    generateKey: none,
    decrypt: none,
    close: async () => undefined,
    attest: (request: Parameters<typeof attestation.attest>[0]) =>
      legs++ % 2 === 0
        ? stopwatch.count(attestation.attest(request))
        : Promise.resolve({ attested: true as const, documents: [], checks: [] }),
  }
  const options = {
    client,
    tpm,
    bindingKey: generateBindingKey(),
    types: ['KMS_AUTH_JWT' as const],
  }
  const { saved } = await attestHost(options)
  return {
    attest: () => attestHost({ ...options, saved }),
    stopwatch,
    queue: createQueue(),
    async close() {
      await tpm.close()
      await swtpm.stop()
    },
  }
}

let host: ReturnType<typeof prepareHost> | undefined
const getHost = (): ReturnType<typeof prepareHost> => (host ??= prepareHost())
let attestations = 0
let elsewhereBefore = 0

/**
 * `tpm.command`: one typed command to swtpm, against a bare socket that sends and gets the same bytes.
 * `tpm.attest-host`: the host's side of an attestation with an event log of 64 KiB, against what of that time the TPM
 * (and the service that makes the challenge) takes. What is ours is the difference of the two costs.
 */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'tpm.command',
    async run() {
      const { runner } = await getCommands()
      await getRandom(runner, randomBytesAsked)
    },
    async floor() {
      const { socket, queue } = await getCommands()
      await queue(() => exchange(socket))
    },
    close: async () => (await getCommands()).close(),
  },
  {
    id: 'tpm.attest-host',
    rounds: 5,
    async run() {
      const { attest, stopwatch, queue } = await getHost()
      if (attestations === 0) elsewhereBefore = stopwatch.elsewhereMs()
      await queue(async () => {
        attestations += 1
        await attest()
      })
    },
    async peer() {
      const { stopwatch } = await getHost()
      return (1000 * attestations) / (stopwatch.elsewhereMs() - elsewhereBefore)
    },
    close: async () => (await getHost()).close(),
  },
]
