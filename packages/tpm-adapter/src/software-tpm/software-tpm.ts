import { TrustholdError } from '@trusthold/core/errors'
import { type Clock, type RandomSource, systemRandom, type TpmTransport } from '@trusthold/core/ports'
import { writePem } from '@trusthold/core/x509'
import { openSerialTransport } from '../transport/serial-transport.js'
import { createCommandTable } from './commands/index.js'
import { execute } from './engine/execute.js'
import { letTimePass } from './machine/clock.js'
import { createMachine, type Machine } from './machine/machine.js'
import { forgetShutdown, powerOn, restart } from './machine/power.js'
import { createEkCertificateAuthority, type EkCertificateAuthority } from './manufacture/certificates.js'
import { manufacture } from './manufacture/manufacture.js'
import { highestLocality } from './server/protocol.js'
import { openStateFile, type StateFile, type StoredTpm } from './state-file.js'

/** Options of {@link createSoftwareTpm}. */
export interface SoftwareTpmOptions {
  /** Keeps the TPM in this file, which is made when it is missing; in memory by default. */
  readonly stateFile?: string
  /** Certifies the endorsement keys of a new TPM; a CA of its own by default. See {@link createManufacturer}. */
  readonly manufacturer?: EkCertificateAuthority
  /** Banks of a new TPM that have PCRs: sha1, sha256 and sha384 by default; sha512 is the other one. */
  readonly pcrBanks?: readonly ('sha1' | 'sha256' | 'sha384' | 'sha512')[]
  /** What runs when power comes: TPM2_Startup(CLEAR), as firmware does it, by default. */
  readonly startup?: 'clear' | 'none'
  readonly random?: RandomSource
  readonly clock?: Clock
}

/** A TPM 2.0 in this process. For demos, development and tests: its secrets are in memory and in a file. */
export interface SoftwareTpm {
  /** PEM: root and intermediate of the CA that certified the endorsement keys. */
  readonly caCertificates: string
  /**
   * Runs one command; whatever the bytes are, there is a response.
   * @param locality that it comes from, 0 to 4; 0 by default
   * @throws TRANSPORT_CLOSED after `close`; ARGUMENT_INVALID for a locality that is none; what the file system throws when the state cannot be written
   */
  execute(command: Uint8Array, locality?: number): Uint8Array
  /** A transport to it, for `openTpm`. Each is closed for itself; a command holds the event loop while it runs. */
  transport(): Promise<TpmTransport>
  /** Takes the power away and gives it back: what was not stored is lost. TPM2_Startup is the caller's to send. */
  powerCycle(): void
  /** Ends it and gives the state file up. May be called again. */
  close(): Promise<void>
}

/**
 * A certificate authority for several software TPMs, which can be trusted at once.
 * @returns `certificates` is root and intermediate, in DER
 */
export function createManufacturer(
  options: Pick<SoftwareTpmOptions, 'random' | 'clock'> = {},
): EkCertificateAuthority {
  const { random = systemRandom, clock } = options
  return createEkCertificateAuthority({ random, now: clock?.now() ?? Date.now() })
}

function manufactureTpm({
  random,
  manufacturer,
  clock,
  pcrBanks = ['sha1', 'sha256', 'sha384'],
}: SoftwareTpmOptions): StoredTpm {
  const authority = manufacturer ?? createManufacturer({ ...(random && { random }), ...(clock && { clock }) })
  return {
    state: manufacture(random ?? systemRandom, authority, pcrBanks),
    caCertificates: authority.certificates.map((der) => writePem('CERTIFICATE', der)).join(''),
  }
}

/** Milliseconds that only go on, also when the machine's clock is set back. */
function monotonic(clock: Clock | undefined): () => number {
  if (clock === undefined) return () => performance.now()
  return () => clock.now()
}

/** What a running TPM is made of; a power cycle makes another machine of the same stored state. */
interface Running {
  machine: Machine
  dirty: boolean
  lastTime: number
}

function start(stored: StoredTpm, options: SoftwareTpmOptions, now: () => number): Running {
  const { random = systemRandom, startup = 'clear' } = options
  const save = (): void => {
    running.dirty = true
  }
  const machine = createMachine({ stored: stored.state, volatile: powerOn(random), random, save })
  const running: Running = { machine, dirty: true, lastTime: now() }
  if (startup === 'clear') restart(machine)
  return running
}

function openStored(file: StateFile | undefined, options: SoftwareTpmOptions): StoredTpm {
  try {
    return file?.read() ?? manufactureTpm(options)
  } catch (error) {
    file?.release()
    throw error
  }
}

function requireLocality(locality: number): void {
  if (Number.isInteger(locality) && locality >= 0 && locality <= highestLocality) return
  const reason = `${locality} is not 0 to ${highestLocality}`
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'locality', reason })
}

/** TPM2_Startup and TPM2_Shutdown leave the note of an orderly shutdown alone. */
function undoesShutdown(command: Uint8Array): boolean {
  const code = command.length < 10 ? 0 : new DataView(command.buffer, command.byteOffset).getUint32(6)
  return code !== 0x144 && code !== 0x145
}

/**
 * A transport over function calls: the framing and the order of those over sockets. A connection ends with the power.
 * @param power tells one time of power from another
 */
function openTransport(
  run: (command: Uint8Array) => Uint8Array,
  power: () => unknown,
): Promise<TpmTransport> {
  let response = new Uint8Array()
  return openSerialTransport({
    endpoint: 'software TPM',
    open: async () => {
      const own = power()
      return {
        usable: () => power() === own,
        async write(command) {
          response = Uint8Array.from(run(command))
        },
        read: async () => response,
        destroy: async () => undefined,
      }
    },
  })
}

/**
 * Makes a TPM 2.0, or goes on with one from a state file. It has endorsement keys with certificates (RSA-2048 at
 * 0x01C00002, ECC P-256 at 0x01C0000A, ECC P-384 at 0x01C00016) that say that it is software.
 * @throws TPM_NOT_AVAILABLE when another process uses the state file, or it is not one
 */
export function createSoftwareTpm(options: SoftwareTpmOptions = {}): SoftwareTpm {
  const now = monotonic(options.clock)
  const commands = createCommandTable()
  const file = options.stateFile === undefined ? undefined : openStateFile(options.stateFile)
  const stored = openStored(file, options)
  let running = start(stored, options, now)
  let closed = false

  const store = (): void => {
    if (running.dirty) file?.write(stored)
    running.dirty = false
  }
  const passTime = (): void => {
    const time = now()
    const elapsed = Math.floor(time - running.lastTime)
    if (elapsed <= 0) return
    running.lastTime += elapsed
    letTimePass(running.machine, BigInt(elapsed))
  }
  const requireOpen = (): void => {
    if (closed) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint: 'software TPM' })
  }
  const run = (command: Uint8Array, locality = 0): Uint8Array => {
    requireOpen()
    requireLocality(locality)
    passTime()
    const { machine } = running
    machine.volatile.locality = locality
    if (machine.volatile.started && undoesShutdown(command)) forgetShutdown(machine)
    const response = execute(machine, commands, command)
    store()
    return response
  }
  try {
    store()
  } catch (error) {
    file?.release()
    throw error
  }

  return {
    caCertificates: stored.caCertificates,
    execute: run,
    transport: () => openTransport(run, () => running),
    powerCycle() {
      requireOpen()
      running = start(stored, { ...options, startup: 'none' }, now)
    },
    async close() {
      if (!closed) file?.release()
      closed = true
    },
  }
}
