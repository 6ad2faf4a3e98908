import { join } from 'node:path'
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import { writePem } from '@trusthold/core/x509'
import { connectSwtpmTcp, openTpm } from '@trusthold/tpm-adapter'
import { createManufacturer, createSoftwareTpm } from '@trusthold/tpm-adapter/software-tpm'
import { createTpmCa, startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import { type BootName, banks, measureBoot, readBootLog } from './boots.js'

/** The machines of the demo, each a TPM of its own and the log of what it booted. */
export interface Machines {
  readonly golden: Tpm
  readonly host: Tpm
  /** Booted with another kernel command line. */
  readonly changed: Tpm
  /** Booted like the golden host, with a TPM that nobody vouches for. */
  readonly foreign: Tpm
  /** PEM: the vendor's CA that signed the TPMs' endorsement keys. Without one, they are registered one by one. */
  readonly vendorCa?: string
  /** Whether some of the TPMs are software TPMs of this project. */
  readonly software: boolean
}

/** What closes what was opened, in reverse. */
export type Closing = (() => Promise<unknown>)[]

/** The TPMs that the demo can run on, by their names on the command line. */
export const tpms = {
  /** The one of this project, in this process. */
  software: (_directory: string, closing: Closing) => bootAll(closing, makeSoftwareTpms(closing)),
  /** swtpm, as Debian packages it. */
  swtpm: (directory: string, closing: Closing) => bootAll(closing, makeSwtpms(directory, closing)),
  /** The one of this machine for the host, and software TPMs for the machines that are refused. */
  device: bootThisMachine,
} as const

/** Name of a kind of TPM. */
export type TpmName = keyof typeof tpms

/** Makes TPMs of two vendors. */
interface TpmMaker {
  readonly software: boolean
  make(vendor: 'vendor' | 'stranger'): Promise<TpmTransport>
  /** PEM: the CA of the first vendor, once it has made a TPM. */
  vendorCa(): Promise<string>
}

function makeSoftwareTpms(closing: Closing): TpmMaker {
  const manufacturers = { vendor: createManufacturer(), stranger: createManufacturer() }
  return {
    software: true,
    async make(vendor) {
      const tpm = createSoftwareTpm({ manufacturer: manufacturers[vendor], pcrBanks: banks })
      closing.push(() => tpm.close())
      return tpm.transport()
    },
    vendorCa: async () =>
      manufacturers.vendor.certificates.map((der) => writePem('CERTIFICATE', der)).join(''),
  }
}

function makeSwtpms(directory: string, closing: Closing): TpmMaker {
  const authorities = {
    vendor: createTpmCa(join(directory, 'vendor')),
    stranger: createTpmCa(join(directory, 'stranger')),
  }
  return {
    software: false,
    async make(vendor) {
      const peer = await startSwtpm({ ca: await authorities[vendor], pcrBanks: banks })
      closing.push(() => peer.stop())
      return connectSwtpmTcp({ host: '127.0.0.1', port: peer.tcpPort })
    },
    vendorCa: async () => (await authorities.vendor).certificates(),
  }
}

/** Boots a new TPM as a machine of a recording was booted. */
async function boot(closing: Closing, transport: TpmTransport, name: BootName): Promise<Tpm> {
  closing.push(() => transport.close())
  const log = await readBootLog(name)
  await measureBoot(transport, log)
  return openTpm({ transport, eventLog: async () => log })
}

async function bootAll(closing: Closing, maker: TpmMaker): Promise<Machines> {
  const start = async (vendor: 'vendor' | 'stranger', name: BootName) =>
    boot(closing, await maker.make(vendor), name)
  // The first TPM of a vendor may also make the vendor's CA; the others can then be made side by side.
  const golden = await start('vendor', 'approved')
  const [host, changed, foreign] = await Promise.all([
    start('vendor', 'approved'),
    start('vendor', 'changed'),
    start('stranger', 'approved'),
  ])
  return { golden, host, changed, foreign, vendorCa: await maker.vendorCa(), software: maker.software }
}

/** The machine is its own golden host: what it booted now is what it may boot. */
async function bootThisMachine(_directory: string, closing: Closing): Promise<Machines> {
  const host = await openTpm()
  closing.push(() => host.close())
  const { make } = makeSoftwareTpms(closing)
  const changed = await boot(closing, await make('vendor'), 'changed')
  const foreign = await boot(closing, await make('stranger'), 'approved')
  return { golden: host, host, changed, foreign, software: true }
}
