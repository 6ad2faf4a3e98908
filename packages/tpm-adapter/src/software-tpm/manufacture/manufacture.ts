import type { RandomSource } from '@trusthold/core/ports'
import {
  type EkTemplateName,
  ekTemplates,
  nvAttributes,
  permanentHandles,
  publicKeyOf,
} from '@trusthold/core/tpm2'
import type { Hash } from '../fields/algorithms.js'
import { noPolicy } from '../machine/hierarchies.js'
import { createMachine, type Machine } from '../machine/machine.js'
import { nvLimits } from '../machine/nv.js'
import { powerOn, secretLength } from '../machine/power.js'
import { createPrimaryObject } from '../machine/primary-keys.js'
import type { StoredState } from '../machine/stored-state.js'
import type { EkCertificateAuthority } from './certificates.js'

/** Templates whose keys get certificates. */
const certified: readonly EkTemplateName[] = ['L-1', 'L-2', 'H-3']
/** Where EK certificate chains are, without roots. EK Credential Profile 2.5, section 2.2.1.5.2. */
const chainIndex = 0x01c0_0100

/** As vendors' indices: read by everyone, written by the platform, no guessing counted. */
const certificateAttributes = nvAttributes(
  'ordinary',
  ...([
    'ppWrite',
    'writeDefine',
    'ppRead',
    'ownerRead',
    'authRead',
    'noDA',
    'written',
    'platformCreate',
  ] as const),
)

/** State of a TPM that nobody used yet. */
function blankState({ bytes }: RandomSource, pcrBanks: readonly Hash[]): StoredState {
  const secrets = () => ({ seed: bytes(secretLength), proof: bytes(secretLength) })
  const open = () => ({ ...secrets(), auth: new Uint8Array(), policy: noPolicy })
  return {
    owner: open(),
    endorsement: open(),
    platform: secrets(),
    lockout: { auth: new Uint8Array(), policy: noPolicy },
    disableClear: false,
    pcrBanks,
    clock: 0n,
    clockSafe: true,
    resetCount: 0,
    restartCount: 0,
    leftBy: 'clear',
    suspended: undefined,
    dictionaryAttack: {
      failedTries: 0,
      maxTries: 32,
      recoveryTime: 600,
      lockoutRecovery: 1000,
      lockoutAuthEnabled: true,
    },
    nv: [],
    maxCounter: 0n,
    persistent: [],
    primes: [],
  }
}

function storeCertificate({ stored }: Machine, nvIndex: number, data: Uint8Array): void {
  const publicArea = {
    nvIndex,
    nameAlg: 'sha256',
    attributes: certificateAttributes,
    authPolicy: new Uint8Array(),
    dataSize: data.length,
  } as const
  stored.nv.push({ publicArea, auth: new Uint8Array(), data })
}

/** Makes the state of a new TPM: seeds, endorsement keys, and their certificates in NV memory. */
export function manufacture(
  random: RandomSource,
  authority: EkCertificateAuthority,
  pcrBanks: readonly Hash[],
): StoredState {
  const stored = blankState({ bytes: (length) => random.bytes(length) }, pcrBanks)
  const save = (): undefined => undefined
  const machine = createMachine({ stored, volatile: powerOn(random), random, save })
  const noSensitive = { userAuth: new Uint8Array(), data: new Uint8Array() }
  for (const name of certified) {
    const template = ekTemplates[name]
    const { publicArea } = createPrimaryObject(
      machine,
      permanentHandles.endorsement,
      template.publicArea,
      noSensitive,
    )
    storeCertificate(machine, template.nv.certificate, authority.certify(publicKeyOf(publicArea)))
  }
  const chain = Buffer.concat(authority.certificates.slice(1))
  storeCertificate(machine, chainIndex, new Uint8Array(chain.subarray(0, nvLimits.index)))
  return stored
}
