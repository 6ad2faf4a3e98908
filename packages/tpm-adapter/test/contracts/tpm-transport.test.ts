import type { TpmTransport } from '@trusthold/core/ports'
import {
  type ScriptedTpm,
  type TestRunner,
  tpmTransportContract,
  type WithScriptedTpm,
} from '@trusthold/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import {
  connectSimulator,
  connectSwtpmTcp,
  connectSwtpmUnix,
  openSimulatorPlatform,
  recordTraffic,
  replayTraffic,
  type TrafficRecorder,
} from '../../src/index.js'
import { createSoftwareTpm, type ListeningTpm, listenSoftwareTpm } from '../../src/software-tpm/index.js'
import { type ScriptedServer, startScriptedSimulator, startScriptedTpm } from '../scripted-tpm.js'
import { expectAccepted, expectRefused } from './failed-cases.js'
import { createFaultyTransport, type TransportFault } from './faulty-transport.js'

let tcp: Swtpm
let unix: Swtpm
beforeAll(async () => {
  ;[tcp, unix] = await Promise.all([startSwtpm(), startSwtpm({ socket: 'unix' })])
})
afterAll(() => Promise.all([tcp.stop(), unix.stop()]))

/** Connects to a made-up TPM on a socket. */
const scripted =
  (
    open: (port: number) => Promise<TpmTransport>,
    start: (answer: ScriptedTpm) => Promise<ScriptedServer> = startScriptedTpm,
  ): WithScriptedTpm =>
  async (answer, run) => {
    const server = await start(answer)
    const transport = await open(server.port)
    try {
      await run(transport)
    } finally {
      await transport.close()
      await server.close()
    }
  }

const subjectOf = (transport: TpmTransport) => ({ transport, close: () => transport.close() })

describe('swtpm over TCP', () => {
  tpmTransportContract(test, {
    create: async () => subjectOf(await connectSwtpmTcp({ port: tcp.tcpPort })),
    withScriptedTpm: scripted((port) => connectSwtpmTcp({ port })),
    restart: () => tcp.restart(),
  })
})

describe('swtpm over TCP, with its control channel', () => {
  tpmTransportContract(test, {
    create: async () => subjectOf(await connectSwtpmTcp({ port: tcp.tcpPort, controlPort: tcp.tcpPort + 1 })),
    restart: () => tcp.restart(),
  })
})

describe('swtpm over a UNIX socket, with its control channel', () => {
  const path = (): string => unix.unixPath as string
  tpmTransportContract(test, {
    create: async () => subjectOf(await connectSwtpmUnix({ path: path(), controlPath: `${path()}.ctrl` })),
    restart: () => unix.restart(),
  })
})

describe("the simulator's protocol, with swtpm at the other end", () => {
  tpmTransportContract(test, {
    create: async () => subjectOf(await connectSimulator({ port: tcp.tcpPort })),
    withScriptedTpm: scripted((port) => connectSimulator({ port }), startScriptedSimulator),
    restart: () => tcp.restart(),
  })
})

describe.each(['swtpm', 'simulator'] as const)('the software TPM behind the protocol of %s', (protocol) => {
  const software = createSoftwareTpm()
  let listening: ListeningTpm
  beforeAll(async () => {
    listening = await listenSoftwareTpm(software, { protocol })
  })
  afterAll(async () => {
    await listening.close()
    await software.close()
  })

  tpmTransportContract(test, {
    async create() {
      const { port } = listening
      return subjectOf(
        protocol === 'swtpm'
          ? await connectSwtpmTcp({ port, controlPort: port + 1 })
          : await connectSimulator({ port, platformPort: port + 1 }),
      )
    },
    async restart() {
      const { port } = listening
      await listening.close()
      listening = await listenSoftwareTpm(software, { protocol, port })
    },
  })
})

test('the platform port of the software TPM switches it off and on', async () => {
  const software = createSoftwareTpm()
  const listening = await listenSoftwareTpm(software, { protocol: 'simulator' })
  const platform = openSimulatorPlatform({ port: listening.port + 1 })
  const transport = await connectSimulator({ port: listening.port })
  const codeOfStartup = async (): Promise<number> => {
    const startup = Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0)
    return new DataView((await transport.transmit(startup)).buffer).getUint32(6)
  }
  await platform.powerOff()
  await platform.powerOn()
  expect(await codeOfStartup()).toBe(0)
  // TPM_RC_INITIALIZE: it is started up already.
  expect(await codeOfStartup()).toBe(0x100)
  await platform.powerOff()
  // TPM_RC_FAILURE
  expect(await codeOfStartup()).toBe(0x101)
  await transport.close()
  await listening.close()
  await software.close()
})

/** What one run of the suite said to swtpm answers the next run of it, test by test. */
describe('a recording', () => {
  const recorders: TrafficRecorder[] = []
  describe('that is made', () => {
    tpmTransportContract(test, {
      create: async () => {
        const recorder = recordTraffic(await connectSwtpmTcp({ port: tcp.tcpPort }))
        recorders.push(recorder)
        return subjectOf(recorder.transport)
      },
      withScriptedTpm: scripted(async (port) => recordTraffic(await connectSwtpmTcp({ port })).transport),
      restart: () => tcp.restart(),
    })
  })
  describe('that is played', () => {
    tpmTransportContract(test, {
      create: async () => {
        const recorded = recorders.shift()?.recording()
        return subjectOf(await replayTraffic(JSON.parse(JSON.stringify(recorded))))
      },
      restart: async () => undefined,
    })
  })
})

describe('the suite itself', () => {
  const withFault = (fault?: TransportFault) => (runner: TestRunner) =>
    tpmTransportContract(runner, {
      patienceMs: fault === undefined ? 10_000 : 400,
      restart: () => tcp.restart(),
      create: async () => {
        const { transport, destroy } = createFaultyTransport(tcp.tcpPort, fault)
        return { transport, close: async () => destroy() }
      },
      withScriptedTpm: async (answer, run) => {
        const server = await startScriptedTpm(answer)
        const { transport, destroy } = createFaultyTransport(server.port, fault)
        try {
          await run(transport)
        } finally {
          destroy()
          await server.close()
        }
      },
    })

  test('accepts another transport that keeps the contract', () => expectAccepted(withFault()))

  test.each<[TransportFault, string]>([
    ['takes the first piece for the whole', 'in pieces of 2'],
    ['does not look at the tag', 'with a tag that is none'],
    ['ignores what is too much', 'bytes after its end'],
    ['keeps the command array', 'neither kept nor changed'],
    ['returns the same array every time', 'belongs to the caller'],
    ['serves the newest first', 'in the order in which they came'],
    ['gives late answers to the next', 'reaches nobody'],
    ['does not hear aborts', 'aborting a call that waits'],
    ['does not end calls when closed', 'closing ends the command in flight'],
    ['works on after close', 'after close calls fail'],
    ['forgets who waits', 'each get their own response'],
    ['keeps a connection that has ended', 'is reached again'],
  ])('refuses a transport that %s', (fault, part) => expectRefused(withFault(fault), part))
})
