import { setTimeout as pause } from 'node:timers/promises'
import type { KeyServerConfig } from '@trusthold/core/ports'
import { type PyKmip, startPyKmip } from './peer.js'
import { seededRandom } from './random.js'

/** Two servers over one database, as replicas are. */
export interface PyKmipPair {
  readonly nodes: readonly [PyKmip, PyKmip]
  stop(): Promise<void>
}

/** Starts two servers that hold the same objects. */
export async function startPair(): Promise<PyKmipPair> {
  const first = await startPyKmip()
  const second = await startPyKmip({ authority: first.authority, database: first.database })
  return {
    nodes: [first, second],
    async stop() {
      await second.stop()
      await first.stop()
    },
  }
}

/** The configuration of a provider whose key servers these are. */
export function pairConfig({ nodes }: PyKmipPair, more: Partial<KeyServerConfig> = {}): KeyServerConfig {
  const [{ clientCertificate, clientPrivateKey, ca }] = nodes
  return {
    servers: nodes.map(({ host, port }, i) => ({ name: `node-${i + 1}`, host, port })),
    clientCertificate,
    clientPrivateKey,
    trustedCertificates: [ca],
    ...more,
  }
}

/** Something that goes on until it is stopped. */
export interface Trouble {
  /** How often a server was killed so far. */
  readonly kills: number
  /** Ends it; all servers run then. */
  stop(): Promise<void>
}

/** Kills one server after the other at times that the seed decides, never both at once, and starts each again. */
export function makeTrouble({ nodes }: PyKmipPair, seed: number): Trouble {
  const random = seededRandom(seed)
  const stopped = new AbortController()
  const rest = (least: number, most: number): Promise<void> =>
    pause(random.between(least, most), undefined, { signal: stopped.signal }).catch(() => undefined)
  let kills = 0
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await rest(20, 300)
      const victim = nodes[random.between(0, 1)] as PyKmip
      kills++
      await victim.kill()
      await rest(0, 200)
      await victim.restart()
    }
  }
  const running = run()
  return {
    get kills() {
      return kills
    },
    async stop() {
      stopped.abort()
      await running
    },
  }
}
