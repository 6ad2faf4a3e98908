import { SecretBytes, utf8 } from '@trusthold/core/bytes'
import {
  anyItem,
  bytes,
  dateTimeExtended,
  dependent,
  type Enumerated,
  enumeration,
  type Infer,
  type Kind,
  many,
  maybe,
  one,
  type StructureKind,
  structure,
  type TtlvItem,
  tags,
  text,
  typeSet,
} from '../ttlv/index.js'

/** A Text String that is secret, such as a password, as UTF-8. */
const secretText: Kind<SecretBytes> = {
  types: typeSet('TextString'),
  read(frame, type, at, length) {
    text.read(frame, type, at, length)
    return SecretBytes.take(frame.bytes.slice(at, at + length))
  },
  write(writer, tag, value) {
    if (!(value instanceof SecretBytes)) writer.reject('secret bytes', typeof value)
    value.use((plain) => writer.bytes(tag, 'TextString', plain))
  },
}

const usernamePasswordDef = structure('CredentialValue', {
  username: one('Username', text),
  password: maybe('Password', secretText),
})
/** A name and its password. KMIP 1.4, section 2.1.2, table 4. */
export interface UsernamePassword extends Infer<typeof usernamePasswordDef> {}
const usernamePassword: StructureKind<UsernamePassword> = usernamePasswordDef

const deviceDef = structure('CredentialValue', {
  deviceSerialNumber: maybe('DeviceSerialNumber', text),
  password: maybe('Password', secretText),
  deviceIdentifier: maybe('DeviceIdentifier', text),
  networkIdentifier: maybe('NetworkIdentifier', text),
  machineIdentifier: maybe('MachineIdentifier', text),
  mediaIdentifier: maybe('MediaIdentifier', text),
})
/** What identifies a device. KMIP 1.4, section 2.1.2, table 5. */
export interface DeviceCredential extends Infer<typeof deviceDef> {}
const device: StructureKind<DeviceCredential> = deviceDef

const nonceDef = structure('Nonce', {
  nonceId: one('NonceID', bytes),
  nonceValue: one('NonceValue', bytes),
})
/** A nonce of the server's. KMIP 1.4, section 2.1.14. */
export interface Nonce extends Infer<typeof nonceDef> {}
export const nonce: StructureKind<Nonce> = nonceDef

const attestationDef = structure('CredentialValue', {
  nonce: one('Nonce', nonce),
  attestationType: one('AttestationType', enumeration('AttestationType')),
  attestationMeasurement: maybe('AttestationMeasurement', bytes),
  attestationAssertion: maybe('AttestationAssertion', bytes),
})
/** Evidence of what the client runs. KMIP 1.4, section 2.1.2, table 6. */
export interface AttestationCredential extends Infer<typeof attestationDef> {}
const attestation: StructureKind<AttestationCredential> = attestationDef

const oneTimePasswordDef = structure('CredentialValue', {
  username: one('Username', text),
  password: maybe('Password', secretText),
  oneTimePassword: one('OneTimePassword', secretText),
})
/** A name with a password that is used once. KMIP 2.1, section 9.8. */
export interface OneTimePassword extends Infer<typeof oneTimePasswordDef> {}
const oneTimePassword: StructureKind<OneTimePassword> = oneTimePasswordDef

const hashedPasswordDef = structure('CredentialValue', {
  username: one('Username', text),
  timeStamp: one('TimeStamp', dateTimeExtended),
  hashingAlgorithm: maybe('HashingAlgorithm', enumeration('HashingAlgorithm')),
  hashedPassword: one('HashedPassword', bytes),
})
/** A name and a hash over its password and the time. KMIP 2.1, section 9.8. */
export interface HashedPassword extends Infer<typeof hashedPasswordDef> {}
const hashedPassword: StructureKind<HashedPassword> = hashedPasswordDef

/** The value of a credential of whatever type; an item when the type has no form here. */
export type CredentialValue =
  | UsernamePassword
  | DeviceCredential
  | AttestationCredential
  | OneTimePassword
  | HashedPassword
  | TtlvItem

const kinds: ReadonlyMap<unknown, Kind<CredentialValue>> = new Map<
  Enumerated<'CredentialType'>,
  Kind<CredentialValue>
>([
  ['UsernameAndPassword', usernamePassword as Kind<CredentialValue>],
  ['Device', device as Kind<CredentialValue>],
  ['Attestation', attestation as Kind<CredentialValue>],
  ['OneTimePassword', oneTimePassword as Kind<CredentialValue>],
  ['HashedPassword', hashedPassword as Kind<CredentialValue>],
])
const foreignValue: Kind<CredentialValue> = anyItem(tags.CredentialValue)

const credentialDef = structure('Credential', {
  credentialType: one('CredentialType', enumeration('CredentialType')),
  credentialValue: dependent(
    'CredentialValue',
    ({ credentialType }) => kinds.get(credentialType) ?? foreignValue,
  ),
})
/** What a client authenticates with besides its certificate. KMIP 1.4, section 2.1.2. */
export interface Credential extends Infer<typeof credentialDef> {}
const credential: StructureKind<Credential> = credentialDef

const authenticationDef = structure('Authentication', { credential: many('Credential', credential) })
/** Credentials of a request; several since KMIP 1.2. KMIP 1.4, section 6.6. */
export interface Authentication extends Infer<typeof authenticationDef> {}
export const authentication: StructureKind<Authentication> = authenticationDef

/** The credential of a user. */
export function userCredential(username: string, password?: SecretBytes | string): Credential {
  const secret = typeof password === 'string' ? SecretBytes.take(utf8(password)) : password
  return {
    credentialType: 'UsernameAndPassword',
    credentialValue: { username, ...(secret === undefined ? {} : { password: secret }) },
  }
}

/** The credential of a device. */
export function deviceCredential(value: DeviceCredential): Credential {
  return { credentialType: 'Device', credentialValue: value }
}
