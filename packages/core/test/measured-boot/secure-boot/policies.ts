import { concatBytes, fromHex, utf8 } from '../../../src/bytes/index.js'
import { encode } from '../../../src/codec/index.js'
import {
  type BootFacts,
  bootFacts,
  type EfiSignatureList,
  efiGuid,
  efiSignatureDatabase,
  eventTypes,
  type Guid,
  globalVariable,
  imageSecurityDatabase,
  parseEventLog,
  type SecureBootState,
  shimLock,
  uefiVariableData,
} from '../../../src/measured-boot/index.js'
import { type BuiltEvent, type EventLogBuilder, eventLog } from '../../../src/testing/index.js'

/** An event in PCR 7, without its PCR. */
export type PolicyEvent = Omit<BuiltEvent, 'pcr'>
/** What can be done to PCR 7. */
export type PolicyStep = PolicyEvent | 'separator'

/** Somebody who puts signatures into databases. */
export const owner: Guid = '77fa9abd-0359-4d32-bd60-28f4e78f784b'
/** Somebody else. */
export const otherOwner: Guid = '11111111-2222-3333-4444-555566667777'

/** What looks like a certificate in DER, of 300 bytes, told apart by a seed. */
export function certificate(seed: number): Uint8Array {
  return concatBytes(fromHex('30820128'), new Uint8Array(296).fill(seed))
}

/** One list of certificates of one owner. */
export function certificates(...data: readonly Uint8Array[]): EfiSignatureList {
  return {
    type: 'EFI_CERT_X509_GUID',
    header: new Uint8Array(0),
    signatures: data.map((one) => ({ owner, data: one })),
  }
}

/** One list of SHA-256 hashes. */
export function hashes(...data: readonly Uint8Array[]): EfiSignatureList {
  return { ...certificates(...data), type: 'EFI_CERT_SHA256_GUID' }
}

/** A hash of 32 bytes. */
export const hash = (seed: number): Uint8Array => new Uint8Array(32).fill(seed)
/** The value of a database. */
export const database = (...lists: readonly EfiSignatureList[]): Uint8Array =>
  encode(efiSignatureDatabase, lists)
/** An entry of a database, as firmware measures it when it lets an image run. */
export const entry = (data: Uint8Array, by: Guid = owner): Uint8Array =>
  concatBytes(encode(efiGuid, by), data)

const {
  EV_EFI_VARIABLE_DRIVER_CONFIG: config,
  EV_EFI_VARIABLE_AUTHORITY: authorityType,
  EV_EFI_ACTION,
} = eventTypes

/** Data of a variable's event. */
export function variableData(vendor: Guid, name: string, data: Uint8Array): Uint8Array {
  return encode(uefiVariableData, { vendor: encode(efiGuid, vendor), name, data })
}

/** A variable of the firmware's part. */
export function stated(vendor: Guid, name: string, data: Uint8Array, type = config): PolicyEvent {
  return { type, data: variableData(vendor, name, data) }
}

/** What lets an image run. */
export function authority(vendor: Guid, name: string, data: Uint8Array): PolicyEvent {
  return stated(vendor, name, data, authorityType)
}

/** What the firmware says that it does. */
export const action = (text: string): PolicyEvent => ({ type: EV_EFI_ACTION, data: utf8(text) })

export const on = Uint8Array.of(1)
export const off = Uint8Array.of(0)
export const vendorCertificate = certificate(3)

/** The parts of a policy that nobody objects to, by name, in order. */
export const goodPolicy = {
  SecureBoot: stated(globalVariable, 'SecureBoot', on),
  PK: stated(globalVariable, 'PK', database(certificates(certificate(9)))),
  KEK: stated(globalVariable, 'KEK', database(certificates(certificate(8)))),
  db: stated(
    imageSecurityDatabase,
    'db',
    database(certificates(certificate(1), certificate(2)), hashes(hash(5))),
  ),
  dbx: stated(imageSecurityDatabase, 'dbx', database(hashes(hash(6), hash(7)))),
  separator: 'separator',
  authority: authority(imageSecurityDatabase, 'db', entry(certificate(2))),
  SbatLevel: authority(shimLock, 'SbatLevel', utf8('sbat,1,2025021800\nshim,4\ngrub,5\n')),
  vendor: authority(shimLock, 'Shim', vendorCertificate),
} as const satisfies Readonly<Record<string, PolicyStep>>

/** {@link goodPolicy} with some parts replaced, left out (undefined) or, by other names, added at the end. */
export function policyWith(
  changes: Readonly<Record<string, PolicyStep | readonly PolicyStep[] | undefined>> = {},
): readonly PolicyStep[] {
  const parts: Readonly<Record<string, PolicyStep | readonly PolicyStep[] | undefined>> = {
    ...goodPolicy,
    ...changes,
  }
  return Object.values(parts).flatMap((part) => (part === undefined ? [] : part))
}

/** A log of such a policy. */
export function logOf(steps: readonly PolicyStep[]): EventLogBuilder {
  return steps.reduce(
    (builder, step) => (step === 'separator' ? builder.separator(7) : builder.event({ ...step, pcr: 7 })),
    eventLog().specId(),
  )
}

/** PCRs 0 to 23. */
export const all: readonly number[] = Array.from({ length: 24 }, (_, pcr) => pcr)

/** The facts of a log, with all its PCRs proved unless said otherwise. */
export function factsOf(builder: EventLogBuilder, matching: readonly number[] = all): BootFacts {
  const log = parseEventLog(builder.build().bytes)
  return bootFacts(log, 'sha256', matching)
}

/** What Secure Boot is found to be by a policy. */
export function stateOf(steps: readonly PolicyStep[], matching: readonly number[] = all): SecureBootState {
  return factsOf(logOf(steps), matching).secureBoot
}
