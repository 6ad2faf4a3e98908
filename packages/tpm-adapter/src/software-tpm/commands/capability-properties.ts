import { encode } from '@trusthold/core/codec'
import {
  hashFacts,
  tpmProperties as propertyNumbers,
  type TpmProperty,
  tpmaPermanent,
  tpmaStartupClear,
} from '@trusthold/core/tpm2'
import { largestMessage } from '../engine/execute.js'
import { algorithmId, implementedCurves, implementedHashes } from '../fields/algorithms.js'
import { clockUpdateInterval } from '../machine/clock.js'
import { isLockedOut } from '../machine/dictionary-attack.js'
import { firmwareVersion, identity } from '../machine/identity.js'
import type { Machine } from '../machine/machine.js'
import { nvLimits } from '../machine/nv.js'
import { freeSlots, transientSlots } from '../machine/objects.js'
import { pcrCount } from '../machine/pcrs.js'
import { contextGap, countLoaded, sessionLimits } from '../machine/sessions.js'
import { integrityHash } from '../machine/tickets.js'
import { persistentSlots } from './contexts.js'

/** Four characters as a number. */
function fourCharacters(text: string): number {
  return [...text.padEnd(4, '\0')].reduce((sum, character) => sum * 256 + character.charCodeAt(0), 0)
}

function word(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

/** Version 1.59 of the library, of 8 November 2019; profile PC Client 1.05. */
const specification = { revision: 159, dayOfYear: 312, year: 2019 } as const
const pcClient = { family: 1, level: 0, revision: 0x105, dayOfYear: 0x0e, year: 2020 } as const

type Values = Partial<Record<TpmProperty, number>>

function identityValues(): Values {
  const vendor = identity.vendorString.padEnd(16, '\0')
  return {
    familyIndicator: fourCharacters('2.0'),
    level: 0,
    revision: specification.revision,
    dayOfYear: specification.dayOfYear,
    year: specification.year,
    manufacturer: identity.manufacturer,
    vendorString1: fourCharacters(vendor.slice(0, 4)),
    vendorString2: fourCharacters(vendor.slice(4, 8)),
    vendorString3: fourCharacters(vendor.slice(8, 12)),
    vendorString4: fourCharacters(vendor.slice(12, 16)),
    vendorTpmType: 1,
    firmwareVersion1: Number(firmwareVersion >> 32n),
    firmwareVersion2: Number(firmwareVersion & 0xffff_ffffn),
    psFamilyIndicator: pcClient.family,
    psLevel: pcClient.level,
    psRevision: pcClient.revision,
    psDayOfYear: pcClient.dayOfYear,
    psYear: pcClient.year,
  }
}

function limitValues(commands: number): Values {
  return {
    inputBuffer: 1024,
    hrTransientMin: transientSlots,
    hrPersistentMin: 2,
    hrLoadedMin: sessionLimits.loaded,
    activeSessionsMax: sessionLimits.active,
    pcrCount,
    pcrSelectMin: 3,
    contextGapMax: Number(contextGap),
    nvCountersMax: 0,
    nvIndexMax: nvLimits.index,
    memory: 6,
    clockUpdate: Number(clockUpdateInterval),
    contextHash: algorithmId(integrityHash),
    contextSym: algorithmId('aes'),
    contextSymSize: 256,
    orderlyCount: 255,
    maxCommandSize: largestMessage,
    maxResponseSize: largestMessage,
    maxDigest: Math.max(...implementedHashes.map((hash) => hashFacts(hash).size)),
    maxObjectContext: 5120,
    maxSessionContext: 5120,
    splitMax: 0,
    totalCommands: commands,
    libraryCommands: commands,
    vendorCommands: 0,
    nvBufferMax: nvLimits.buffer,
    // Not validated by anybody (TPMA_MODES).
    modes: 0,
    maxCapBuffer: 1024,
  }
}

function variableValues(machine: Machine): Values {
  const { stored, volatile } = machine
  const { dictionaryAttack } = stored
  const sessions = volatile.sessions.active.filter((entry) => entry !== undefined).length
  const loaded = countLoaded(machine)
  const permanent = {
    ownerAuthSet: stored.owner.auth.length > 0,
    endorsementAuthSet: stored.endorsement.auth.length > 0,
    lockoutAuthSet: stored.lockout.auth.length > 0,
    disableClear: stored.disableClear,
    inLockout: isLockedOut(machine),
    tpmGeneratedEPS: true,
  }
  const { owner, endorsement, platform, platformNv } = volatile.enabled
  const enabled = {
    phEnable: platform,
    shEnable: owner,
    ehEnable: endorsement,
    phEnableNV: platformNv,
    orderly: volatile.orderly,
  }
  return {
    permanent: word(encode(tpmaPermanent, permanent)),
    startupClear: word(encode(tpmaStartupClear, enabled)),
    hrNvIndex: stored.nv.length,
    hrLoaded: loaded,
    hrLoadedAvail: sessionLimits.loaded - loaded,
    hrActive: sessions,
    hrActiveAvail: sessionLimits.active - sessions,
    hrTransientAvail: freeSlots(machine),
    hrPersistent: stored.persistent.length,
    hrPersistentAvail: persistentSlots - stored.persistent.length,
    nvCounters: stored.nv.filter(({ publicArea }) => publicArea.attributes.nt === 'counter').length,
    nvCountersAvail: 64,
    algorithmSet: 0,
    loadedCurves: implementedCurves.length,
    lockoutCounter: dictionaryAttack.failedTries,
    maxAuthFail: dictionaryAttack.maxTries,
    lockoutInterval: dictionaryAttack.recoveryTime,
    lockoutRecovery: dictionaryAttack.lockoutRecovery,
    nvWriteRecovery: 0,
    auditCounter0: 0,
    auditCounter1: 0,
  }
}

/** TPM_PT and their values, ascending. Part 2, section 6.13. */
export function tpmProperties(
  machine: Machine,
  commands: number,
): readonly { readonly property: number; readonly value: number }[] {
  const values = { ...identityValues(), ...limitValues(commands), ...variableValues(machine) }
  return Object.entries(values)
    .map(([name, value]) => ({ property: propertyNumbers[name as TpmProperty], value }))
    .toSorted((a, b) => a.property - b.property)
}
