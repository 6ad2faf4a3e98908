/**
 * Runs in a virtual machine: the contract suites of `TpmTransport` and `Tpm` on the machine's own TPM devices, and what
 * only a kernel's driver can show. Prints a line for each case, in the manner of TAP.
 * @module
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import { type TestRunner, type TpmSubject, tpmContract, tpmTransportContract } from '@trusthold/core/testing'
import { hashFacts, isHashAlgorithm } from '@trusthold/core/tpm2'
import {
  extendPcr,
  flushAll,
  loadedHandles,
  type OpenTpmOptions,
  openLinuxDevice,
  openTpm,
} from '@trusthold/tpm-adapter'

const managed = '/dev/tpmrm0'
const raw = '/dev/tpm0'

const getRandom = Uint8Array.of(0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8)
const selfTest = Uint8Array.of(0x80, 0x01, 0, 0, 0, 11, 0, 0, 0x01, 0x43, 1)
/** TPM2_CreatePrimary under the owner with the empty password, of the ECC storage key with SHA-256 and AES-128. */
const createPrimary = Uint8Array.of(
  ...[0x80, 0x02, 0, 0, 0, 67, 0, 0, 0x01, 0x31, 0x40, 0, 0, 1],
  ...[0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0],
  ...[0, 4, 0, 0, 0, 0],
  ...[0, 26, 0, 0x23, 0, 0x0b, 0, 0x03, 0x04, 0x72, 0, 0],
  ...[0, 0x06, 0, 0x80, 0, 0x43, 0, 0x10, 0, 0x03, 0, 0x10, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0],
)

const codeIn = (response: Uint8Array): number =>
  new DataView(response.buffer, response.byteOffset).getUint32(6)

const tests: (readonly [name: string, run: () => Promise<void>])[] = []
const under =
  (prefix: string): TestRunner =>
  (name, run) =>
    tests.push([`${prefix}: ${name}`, run])

for (const path of [managed, raw]) {
  tpmTransportContract(under(path), {
    async create() {
      const transport = await openLinuxDevice(path)
      return { transport, close: () => transport.close() }
    },
  })
}

const onDevice = under('device')

async function withDevice(path: string, run: (transport: TpmTransport) => Promise<void>): Promise<void> {
  const transport = await openLinuxDevice(path)
  try {
    await run(transport)
  } finally {
    await transport.close()
  }
}

onDevice('the raw one serves one client and says who it is that waits', () =>
  withDevice(raw, async () => {
    await assert.rejects(openLinuxDevice(raw), (error) => {
      assert.ok(isTrustholdError(error, 'TRANSPORT_FAILED'))
      assert.equal(error.context.phase, 'connect')
      assert.match(error.context.reason, /EBUSY.*tpmrm0 can be shared/)
      return true
    })
    await withDevice(managed, async (other) => assert.equal(codeIn(await other.transmit(getRandom)), 0))
  }),
)

onDevice('the raw one is taken again after a command was given up', () =>
  withDevice(raw, async (transport) => {
    const giveUp = new AbortController()
    const given = transport.transmit(createPrimary, { signal: giveUp.signal })
    setImmediate(() => giveUp.abort())
    await assert.rejects(given, (error) => isTrustholdError(error, 'TRANSPORT_ABORTED'))
    assert.equal(codeIn(await transport.transmit(getRandom)), 0)
    // What was made meanwhile stays in a TPM without resource manager.
    await flushAll(transport)
  }),
)

/** Whether the process could read a file and take a turn while a command was in flight. */
async function worksMeanwhile(transport: TpmTransport): Promise<boolean> {
  let working = true
  const work = transport.transmit(selfTest).finally(() => {
    working = false
  })
  await readFile('/proc/self/stat')
  await new Promise((resolve) => setImmediate(resolve))
  const meanwhile = working
  assert.equal(codeIn(await work), 0)
  return meanwhile
}

onDevice('the event loop and the pool are free while the TPM works', () =>
  withDevice(managed, async (transport) => {
    // A machine that is busy may find the command done each time that it gets to look.
    for (let attempt = 0; attempt < 200; attempt++) if (await worksMeanwhile(transport)) return
    assert.fail('nothing else was done while a command was in flight')
  }),
)

onDevice('clients of the resource manager do not see what others have loaded', () =>
  withDevice(managed, (one) =>
    withDevice(managed, async (other) => {
      assert.equal(codeIn(await one.transmit(createPrimary)), 0)
      assert.equal((await loadedHandles(one)).transient.length, 1)
      assert.equal((await loadedHandles(other)).transient.length, 0)
    }),
  ),
)

onDevice('what a client has loaded goes with it', async () => {
  await withDevice(managed, async (transport) => {
    assert.equal(codeIn(await transport.transmit(createPrimary)), 0)
  })
  await withDevice(raw, async (transport) => {
    assert.deepEqual((await loadedHandles(transport)).transient, [])
  })
})

onDevice('more objects than the TPM holds are refused, and no harm is done', () =>
  withDevice(managed, async (transport) => {
    for (let i = 0; i < 3; i++) assert.equal(codeIn(await transport.transmit(createPrimary)), 0)
    assert.notEqual(codeIn(await transport.transmit(createPrimary)), 0)
    assert.equal(codeIn(await transport.transmit(getRandom)), 0)
  }),
)

interface Subject extends TpmSubject {
  readonly transport: TpmTransport
}

/** A client of the resource manager. What it leaves behind goes with its descriptor, so that nobody has to flush it. */
async function openSubject(options: OpenTpmOptions = {}): Promise<Subject> {
  const transport = await openLinuxDevice(managed)
  return { transport, tpm: await openTpm({ ...options, transport }), close: () => transport.close() }
}

// Disturbing every single command takes minutes in emulation; the suite does that to TPMs outside.
// So does making the larger keys, which takes nothing else than the small ones do.
tpmContract<Subject>(under('Tpm'), {
  kinds: ['rsa-2048', 'ecc-p256'],
  banks: ['sha256'],
  missingBank: 'sha512',
  create: () => openSubject(),
  createWithLogs: (logs) =>
    openSubject({
      eventLog: async () => logs.eventLog,
      imaLog: async () => logs.imaLog,
      systemdLog: async () => logs.systemdLog,
    }),
  async countLoaded({ transport }) {
    const { transient, loadedSessions, savedSessions } = await loadedHandles(transport)
    return transient.length + loadedSessions.length + savedSessions.length
  },
  async extend({ transport }, pcr, bank) {
    if (!isHashAlgorithm(bank)) throw new Error(`${bank} is no bank`)
    const digest = new Uint8Array(hashFacts(bank).size).fill(0x5a)
    await extendPcr(transport, { pcr, digests: [{ hashAlg: bank, digest }] })
  },
})

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
let failures = 0
for (const [name, run] of tests.filter(([each]) => each.startsWith(values.only))) {
  const started = performance.now()
  try {
    await run()
    console.log(`ok ${name} # ${Math.round(performance.now() - started)} ms`)
  } catch (error) {
    failures += 1
    console.log(`not ok ${name} # ${describeError(error)}`)
  }
}
process.exitCode = failures === 0 ? 0 : 1
