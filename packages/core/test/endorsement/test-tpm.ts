// Endorsement keys with public areas and certificates, of a vendor made for the tests.

import {
  authorityKeyId,
  basicConstraints,
  type CertificateShape,
  extendedKeyUsage,
  extension,
  type KeyPair,
  keyIdOf,
  keyUsage,
  noName,
  type TestCa,
} from '../../../../test/certificates/certificate-builder.js'
import { explicit, oid, sequence, set, text } from '../../../../test/certificates/der-writer.js'
import { exportJwk, fromBase64url } from '../../src/bytes/index.js'
import { type EkTemplateName, ekTemplates, type TpmtPublic } from '../../src/tpm2/index.js'

/** The public area that a TPM has for these keys, by a template of the profile. */
export function publicAreaOf(keys: KeyPair, template: EkTemplateName): TpmtPublic {
  const { n = '', x = '', y = '' } = exportJwk(keys.publicKey)
  const { publicArea } = ekTemplates[template]
  return publicArea.type === 'rsa'
    ? { ...publicArea, unique: fromBase64url(n) }
    : { ...publicArea, unique: { x: fromBase64url(x), y: fromBase64url(y) } }
}

export const tpmAttribute = (n: 1 | 2 | 3, value: string) => sequence(oid(`2.23.133.2.${n}`), text(value))
export const manufacturer = tpmAttribute(1, 'id:49465800')
export const model = tpmAttribute(2, 'SLB 9670')
export const version = tpmAttribute(3, 'id:0755')
export const tpmName = (...attributes: readonly Uint8Array[]) =>
  explicit(4, sequence(...attributes.map((attribute) => set(attribute))))

export interface EkParts {
  names?: readonly Uint8Array[]
  namesCritical?: boolean
  constraints?: Uint8Array | undefined
  usage?: Uint8Array | undefined
  extendedUsage?: Uint8Array | undefined
  authority?: Uint8Array | undefined
  more?: readonly Uint8Array[]
}

const present = (parts: readonly (Uint8Array | undefined)[]): Uint8Array[] =>
  parts.flatMap((part) => part ?? [])

/** An EK certificate by the profile, with parts of it exchanged or left out (`undefined`). */
export function ekCertificate(
  ca: TestCa,
  keys: KeyPair,
  parts: EkParts = {},
  shape: CertificateShape = {},
): Uint8Array {
  const rsa = keys.publicKey.asymmetricKeyType === 'rsa'
  const names = sequence(...(parts.names ?? [tpmName(manufacturer, model, version)]))
  const all = {
    constraints: basicConstraints(false),
    usage: keyUsage(rsa ? 2 : 4),
    extendedUsage: extendedKeyUsage(['2.23.133.8.1']),
    authority: authorityKeyId(keyIdOf(ca.keys)),
    ...parts,
  }
  return ca.issue({
    keys,
    subject: noName,
    extensions: present([
      extension('2.5.29.17', names, parts.namesCritical ?? true),
      ...[all.constraints, all.usage, all.extendedUsage, all.authority],
      ...(parts.more ?? []),
    ]),
    ...shape,
  })
}
