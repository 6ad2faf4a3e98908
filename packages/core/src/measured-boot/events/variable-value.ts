import { type Codec, u16le, yesNo } from '../../codec/index.js'
import type { Guid } from './guid.js'
import { type EfiLoadOption, efiLoadOption, isActive } from './load-option.js'
import { isMalformed, type Malformed, readOrExplain } from './malformed.js'
import { repeated } from './repeated.js'
import {
  type EfiSignatureData,
  type EfiSignatureList,
  efiSignatureData,
  efiSignatureDatabase,
} from './signature-list.js'
import { utf8Text } from './text.js'

/**
 * What the value of a variable says, in the form that its vendor and name call for. The value of a variable that has no
 * form here is `raw`; one that does not have the form of its variable is `malformed`.
 */
export type VariableValue =
  /** SecureBoot, SetupMode, AuditMode, DeployedMode, MokListTrusted: one byte, 0 or 1. */
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** PK, KEK, db, dbx and the like. */
  | { readonly kind: 'signature-database'; readonly lists: readonly EfiSignatureList[] }
  /** What let an image run, from a signature database. */
  | ({ readonly kind: 'signature' } & EfiSignatureData)
  /** What let an image run, a certificate in DER without an owner, as shim and some firmware measure it. */
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array }
  /** Boot#### and Driver####; `active`: whether the boot manager tries it by itself. */
  | ({ readonly kind: 'boot-option'; readonly active: boolean } & EfiLoadOption)
  /** BootOrder and DriverOrder: numbers of Boot#### and Driver####. */
  | { readonly kind: 'boot-order'; readonly options: readonly number[] }
  /** BootCurrent and BootNext: the number of a Boot####. */
  | { readonly kind: 'boot-number'; readonly option: number }
  /** SbatLevel. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  | Malformed

/** EFI_GLOBAL_VARIABLE: the vendor of UEFI's own variables. UEFI 2.10, section 3.3. */
export const globalVariable: Guid = '8be4df61-93ca-11d2-aa0d-00e098032b8c'
/** EFI_IMAGE_SECURITY_DATABASE_GUID: the vendor of db, dbx, dbt and dbr. UEFI 2.10, section 32.6.1. */
export const imageSecurityDatabase: Guid = 'd719b2cb-3d3a-4596-a3bc-dad00e67656f'
/** EFI_DEVICE_SIGNATURE_DATABASE_GUID: the vendor of devdb, by which devices are believed. */
const deviceSignatureDatabase: Guid = 'b9c2b4f4-bf5f-462d-8adf-c5c70ac35dad'
/** SHIM_LOCK_GUID: the vendor of shim's variables. */
export const shimLock: Guid = '605dab50-e046-4300-abb6-3dd810dd8b23'

type ReadValue = (bytes: Uint8Array) => VariableValue

/** Reads a value with a codec and says what it is. */
function form<T>(codec: Codec<T>, state: (value: T) => VariableValue): ReadValue {
  return (bytes) => {
    const value = readOrExplain(codec, bytes)
    return isMalformed(value) ? value : state(value)
  }
}

const truth = form(yesNo, (value) => ({ kind: 'boolean', value }))
const database = form(efiSignatureDatabase, (lists) => ({ kind: 'signature-database', lists }))
const order = form(repeated(u16le), (options) => ({ kind: 'boot-order', options }))
const option = form(efiLoadOption, (value) => ({ kind: 'boot-option', active: isActive(value), ...value }))
const number = form(u16le, (option) => ({ kind: 'boot-number', option }))
const text = form(utf8Text, (value) => ({ kind: 'text', text: value }))
const signature = form(efiSignatureData, (value) => ({ kind: 'signature', ...value }))

/** Forms of values by vendor and by name. */
const forms: readonly (readonly [vendor: Guid, names: RegExp, read: ReadValue])[] = [
  [globalVariable, /^(SecureBoot|SetupMode|AuditMode|DeployedMode|VendorKeys)$/, truth],
  [globalVariable, /^(PK|KEK|db|dbx|dbt|dbr)Default$|^(PK|KEK)$/, database],
  [imageSecurityDatabase, /^(db|dbx|dbt|dbr)$/, database],
  [deviceSignatureDatabase, /^devdb$/, database],
  [globalVariable, /^(Boot|Driver|SysPrep)Order$/, order],
  [globalVariable, /^(Boot|Driver|SysPrep|OsRecovery|PlatformRecovery)[0-9A-F]{4}$/, option],
  [globalVariable, /^(BootCurrent|BootNext)$/, number],
  [shimLock, /^(MokList|MokListX)(RT)?$/, database],
  [shimLock, /^MokListTrusted(RT)?$/, truth],
  [shimLock, /^SbatLevel(RT)?$/, text],
]

/**
 * Reads the value of a variable by its vendor and name. Firmware measures a variable that is not set as an empty one: that
 * is a database without lists, or else `raw`.
 */
export function readVariableValue(vendor: Guid, name: string, bytes: Uint8Array): VariableValue {
  const found = forms.find(([owner, names]) => owner === vendor && names.test(name))
  const value = found?.[2](bytes)
  const unset = bytes.length === 0 && isMalformed(value)
  return value === undefined || unset ? { kind: 'raw', bytes } : value
}

/** Names under which shim measures as authority what is no signature. */
const shimStates = /^(MokListTrusted|SbatLevel)(RT)?$/

/**
 * Reads the value of EV_EFI_VARIABLE_AUTHORITY: the one signature of the database `name` that let an image run, or, where
 * shim measured it, one of shim's own settings. PC Client Platform Firmware Profile, section 3.3.4.8.
 */
export function readAuthority(vendor: Guid, name: string, bytes: Uint8Array): VariableValue {
  if (vendor === shimLock && shimStates.test(name)) return readVariableValue(vendor, name, bytes)
  return isDerSequence(bytes) ? { kind: 'certificate', certificate: bytes } : signature(bytes)
}

/** Whether the bytes are one DER SEQUENCE with a length of two bytes, as every certificate is. */
function isDerSequence(bytes: Uint8Array): boolean {
  const head = 4
  const [tag, lengthForm, high = 0, low = 0] = bytes
  return tag === 0x30 && lengthForm === 0x82 && bytes.length === head + 256 * high + low
}
