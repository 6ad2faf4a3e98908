import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tpm } from '@trusthold/core/ports'
import { makeSelfSignedCertificate, type SelfSignedCertificate } from '@trusthold/core/x509'
import { connectSwtpmTcp, openTpm } from '@trusthold/tpm-adapter'
import { createTpmCa, startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import { type BootName, banks, measureBoot, readBootLog } from './boots.js'
import { type KeyServerName, keyServers, type RunningKeyServer } from './key-servers.js'

/** What the world is made of. */
export interface WorldOptions {
  readonly keyServer: KeyServerName
}

/** A machine of the demo: a TPM of its own and the log of what it booted. */
export interface Machine {
  readonly tpm: Tpm
}

/** Everything that the demo runs on, from the machine it runs on. */
export interface World {
  readonly directory: string
  readonly tls: SelfSignedCertificate
  readonly keyServer: RunningKeyServer
  /** PEM: the vendor's CA that signed the TPMs' endorsement keys. */
  readonly vendorCa: Uint8Array
  readonly golden: Machine
  readonly host: Machine
  readonly changed: Machine
  /** Booted like the golden host, with a TPM of another vendor. */
  readonly foreign: Machine
  /** Stops and removes everything. */
  close(): Promise<void>
}

/** Starts TPMs and a key server, on free loopback ports and in private directories. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const work of closing.splice(0).reverse()) await work()
  }
  try {
    const directory = await mkdtemp(join(tmpdir(), 'trusthold-demo-'))
    closing.push(() => rm(directory, { recursive: true, force: true }))
    const vendor = await createTpmCa(join(directory, 'vendor'))
    const stranger = await createTpmCa(join(directory, 'stranger'))
    const boot = async (ca: typeof vendor, name: BootName): Promise<Machine> => {
      const peer = await startSwtpm({ ca, pcrBanks: banks })
      closing.push(() => peer.stop())
      const log = await readBootLog(name)
      const transport = await connectSwtpmTcp({ host: '127.0.0.1', port: peer.tcpPort })
      await measureBoot(transport, log)
      const tpm = await openTpm({ transport, eventLog: async () => log })
      closing.push(() => tpm.close())
      return { tpm }
    }
    const keyServer = keyServers[options.keyServer](directory)
    closing.push(async () => (await keyServer).stop())
    // The first TPM of a vendor also makes the vendor's CA; the others can then be made side by side.
    const golden = await boot(vendor, 'approved')
    const [host, changed, foreign] = await Promise.all([
      boot(vendor, 'approved'),
      boot(vendor, 'changed'),
      boot(stranger, 'approved'),
    ])
    return {
      directory,
      tls: makeSelfSignedCertificate({ hosts: ['127.0.0.1', 'localhost'], now: Date.now() }),
      keyServer: await keyServer,
      vendorCa: new TextEncoder().encode(await vendor.certificates()),
      golden,
      host,
      changed,
      foreign,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
