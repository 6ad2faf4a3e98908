import {
  type EndorsementKeyTemplate,
  type RandomSource,
  systemRandom,
  type Tpm,
  type TpmTransport,
} from '@trusthold/core/ports'
import type { RetryPolicy } from '../commands/run-command.js'
import { openLinuxDevice } from '../transport/linux-device.js'
import type { HierarchyPasswords } from './authorization.js'
import {
  type EventLogSource,
  linuxEventLog,
  linuxImaLog,
  type OptionalLogSource,
  readEventLog,
  readOptionalLog,
  systemdLog as systemdLogFile,
} from './host-logs.js'
import { createKeyRegistry } from './key-registry.js'
import { openAttestationKey } from './open-attestation-key.js'
import { readPcrValues } from './pcr-values.js'
import { importSealed, openSealed } from './sealed-object.js'
import { createTpmState } from './tpm-state.js'
import { openDecryptionKey, openSigningKey, openStorageKey } from './user-keys.js'

/** What {@link openTpm} takes. */
export interface OpenTpmOptions {
  /** A transport, which the TPM closes with itself, or the path of a device; `/dev/tpmrm0` by default. */
  transport?: TpmTransport | string
  /** A file or a function; by default, where Linux shows the log of the firmware. */
  eventLog?: EventLogSource
  /** The same for the list of IMA. */
  imaLog?: OptionalLogSource
  /** The same for systemd's log. */
  systemdLog?: OptionalLogSource
  /**
   * Templates of endorsement keys, in order of preference, with or without certificates. By default the keys that the
   * TPM has certificates for, and those of L-1 and L-2, which every TPM can make; those with certificates first.
   */
  endorsementKeys?: readonly EndorsementKeyTemplate[]
  /** Passwords of the hierarchies, where they were set. They are lent, and have to stay as they are until close. */
  passwords?: HierarchyPasswords
  /** For nonces and salts; the system's by default. */
  random?: RandomSource
  /** When a command is sent again that the TPM asks for again. */
  retry?: RetryPolicy
}

/**
 * Opens a TPM 2.0.
 *
 * Nothing stays in the TPM between calls: keys are kept outside it as saved contexts. Endorsement keys are looked up
 * once, and again after the TPM was restarted. Secrets cross the bus encrypted, in sessions that are salted to an
 * endorsement key. A call during which the TPM is restarted fails, with TPM_NOT_AVAILABLE when it lost what the call had
 * loaded, TPM_NOT_STARTED when nobody has started it up, TRANSPORT_FAILED when the way to it broke; the next one works.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT when the device cannot be opened
 */
export async function openTpm(options: OpenTpmOptions = {}): Promise<Tpm> {
  const { transport: given, passwords = {}, random = systemRandom, retry } = options
  const { eventLog = linuxEventLog, imaLog = linuxImaLog, systemdLog = systemdLogFile } = options
  const transport = given === undefined || typeof given === 'string' ? await openLinuxDevice(given) : given
  const state = createTpmState({
    transport,
    retry,
    authority: { random, passwords },
    templates: options.endorsementKeys,
  })
  const registry = createKeyRegistry(state)
  const { objectOf, parentOf } = registry

  return {
    endorsementKeys: (call = {}) =>
      state.turn(call, async (runner) => (await state.provisioned(runner)).keys.map(({ key }) => key)),
    certificateChain: (call = {}) =>
      state.turn(call, async (runner) => (await state.provisioned(runner)).chain),
    openAttestationKey: (wanted) => openAttestationKey(state, objectOf, wanted),
    openSigningKey: (wanted) => openSigningKey(state, registry, wanted),
    openDecryptionKey: (wanted) => openDecryptionKey(state, registry, wanted),
    openStorageKey: (wanted) => openStorageKey(state, registry, wanted),
    importSealed: (wanted) => importSealed(state, parentOf, wanted),
    openSealed: (wanted) => openSealed(state, parentOf, wanted),
    readPcrs: (selection, call = {}) => state.turn(call, (runner) => readPcrValues(runner, selection)),
    eventLog: () => readEventLog(eventLog),
    imaLog: () => readOptionalLog('the list of IMA', imaLog),
    systemdLog: () => readOptionalLog("systemd's log", systemdLog),
    // Open keys hold nothing in the TPM and cannot do anything without the transport.
    close: () => transport.close(),
  }
}
