import { type Codec, u32 } from '../../codec/index.js'
import { namedNumber } from '../named-numbers.js'

/** TPM_PT: properties of a TPM, the fixed ones from 0x100, those that change from 0x200. Part 2, section 6.13. */
export const tpmProperties = {
  familyIndicator: 0x100,
  level: 0x101,
  revision: 0x102,
  dayOfYear: 0x103,
  year: 0x104,
  manufacturer: 0x105,
  vendorString1: 0x106,
  vendorString2: 0x107,
  vendorString3: 0x108,
  vendorString4: 0x109,
  vendorTpmType: 0x10a,
  firmwareVersion1: 0x10b,
  firmwareVersion2: 0x10c,
  inputBuffer: 0x10d,
  hrTransientMin: 0x10e,
  hrPersistentMin: 0x10f,
  hrLoadedMin: 0x110,
  activeSessionsMax: 0x111,
  pcrCount: 0x112,
  pcrSelectMin: 0x113,
  contextGapMax: 0x114,
  nvCountersMax: 0x116,
  nvIndexMax: 0x117,
  memory: 0x118,
  clockUpdate: 0x119,
  contextHash: 0x11a,
  contextSym: 0x11b,
  contextSymSize: 0x11c,
  orderlyCount: 0x11d,
  maxCommandSize: 0x11e,
  maxResponseSize: 0x11f,
  maxDigest: 0x120,
  maxObjectContext: 0x121,
  maxSessionContext: 0x122,
  psFamilyIndicator: 0x123,
  psLevel: 0x124,
  psRevision: 0x125,
  psDayOfYear: 0x126,
  psYear: 0x127,
  splitMax: 0x128,
  totalCommands: 0x129,
  libraryCommands: 0x12a,
  vendorCommands: 0x12b,
  nvBufferMax: 0x12c,
  modes: 0x12d,
  maxCapBuffer: 0x12e,
  firmwareSvn: 0x12f,
  firmwareMaxSvn: 0x130,
  permanent: 0x200,
  startupClear: 0x201,
  hrNvIndex: 0x202,
  hrLoaded: 0x203,
  hrLoadedAvail: 0x204,
  hrActive: 0x205,
  hrActiveAvail: 0x206,
  hrTransientAvail: 0x207,
  hrPersistent: 0x208,
  hrPersistentAvail: 0x209,
  nvCounters: 0x20a,
  nvCountersAvail: 0x20b,
  algorithmSet: 0x20c,
  loadedCurves: 0x20d,
  lockoutCounter: 0x20e,
  maxAuthFail: 0x20f,
  lockoutInterval: 0x210,
  lockoutRecovery: 0x211,
  nvWriteRecovery: 0x212,
  auditCounter0: 0x213,
  auditCounter1: 0x214,
} as const

/** Name of a property of a TPM. */
export type TpmProperty = keyof typeof tpmProperties

/** TPM_PT; properties that are not known here as numbers. */
export const tpmPt: Codec<TpmProperty | number> = namedNumber('TPM_PT', u32, tpmProperties)

const pcrProperties = {
  save: 0x00,
  extendL0: 0x01,
  resetL0: 0x02,
  extendL1: 0x03,
  resetL1: 0x04,
  extendL2: 0x05,
  resetL2: 0x06,
  extendL3: 0x07,
  resetL3: 0x08,
  extendL4: 0x09,
  resetL4: 0x0a,
  noIncrement: 0x11,
  drtmReset: 0x12,
  policy: 0x13,
  auth: 0x14,
} as const

/** Name of a property that PCRs have or lack, such as `resetL0`: software of locality 0 may reset them. */
export type PcrProperty = keyof typeof pcrProperties

/** TPM_PT_PCR; properties that are not known here as numbers. Part 2, section 6.14. */
export const tpmPtPcr: Codec<PcrProperty | number> = namedNumber('TPM_PT_PCR', u32, pcrProperties)
