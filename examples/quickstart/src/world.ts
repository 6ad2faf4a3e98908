import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeSelfSignedCertificate, type SelfSignedCertificate } from '@trusthold/core/x509'
import { type KeyServerName, keyServers, type RunningKeyServer } from './key-servers.js'
import { type Closing, type Machines, type TpmName, tpms } from './tpms.js'

/** What the world is made of. */
export interface WorldOptions {
  readonly tpm: TpmName
  readonly keyServer: KeyServerName
}

/** Everything that the demo runs on, from the machine it runs on. */
export interface World {
  readonly directory: string
  readonly tls: SelfSignedCertificate
  readonly keyServer: RunningKeyServer
  readonly machines: Machines
  /** Stops and removes everything. */
  close(): Promise<void>
}

/** Starts TPMs and a key server, on free loopback ports and in private directories. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const closing: Closing = []
  const close = async (): Promise<void> => {
    for (const work of closing.splice(0).reverse()) await work()
  }
  try {
    const directory = await mkdtemp(join(tmpdir(), 'trusthold-demo-'))
    closing.push(() => rm(directory, { recursive: true, force: true }))
    const keyServer = keyServers[options.keyServer](directory)
    closing.push(async () => (await keyServer).stop())
    const machines = await tpms[options.tpm](directory, closing)
    return {
      directory,
      tls: makeSelfSignedCertificate({ hosts: ['127.0.0.1', 'localhost'], now: Date.now() }),
      keyServer: await keyServer,
      machines,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
