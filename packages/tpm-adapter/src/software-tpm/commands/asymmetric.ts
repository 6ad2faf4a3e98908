import { constants, privateDecrypt, publicEncrypt } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  type HashAlgorithm,
  hashFacts,
  type RsaPublic,
  type TpmsEccPoint,
  type TpmtRsaScheme,
  tpm2bPublicKeyRsa,
  tpmsEccPoint,
} from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { objectHandle } from '../fields/handles.js'
import { data, eccPoint, publicKeyRsa } from '../fields/public-area.js'
import { rsaDecryptScheme } from '../fields/schemes.js'
import { multiplyPoint, toInteger } from '../machine/ecc-arithmetic.js'
import { curveOf, isOnCurve, makeScalar, publicPoint, sharedPoint } from '../machine/ecc-keys.js'
import type { Machine } from '../machine/machine.js'
import { entryAt, type KeyObjectEntry } from '../machine/objects.js'
import { privateKeyOf } from '../machine/private-keys.js'
import { rsaPublicKey } from '../machine/rsa-keys.js'
import { rsaPrivate, rsaPublic, withoutPadding } from '../machine/rsa-padding.js'
import { inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'

type Encryption =
  | { readonly scheme: 'null' | 'rsaes' }
  | { readonly scheme: 'oaep'; readonly hashAlg: HashAlgorithm }

interface RsaEntry {
  readonly entry: KeyObjectEntry
  readonly area: RsaPublic
}

function rsaKeyAt(machine: Machine, handle: number): RsaEntry {
  const entry = entryAt(machine, handle)
  if (entry?.kind !== 'object' || entry.publicArea.type !== 'rsa') return refuseHandle(1, 'KEY')
  return { entry, area: entry.publicArea }
}

/** A label has to end with a zero. */
function checkLabel(label: Uint8Array): void {
  if (label.length > 0 && label.at(-1) !== 0) refuseParameter(3, 'VALUE')
}

/** The key's scheme, or the caller's when it has none. Part 3, section 14.2. */
function chooseEncryption({ parameters: { scheme: own } }: RsaPublic, given: TpmtRsaScheme): Encryption {
  const chosen = own.scheme === 'null' ? given : own
  const differs =
    own.scheme !== 'null' &&
    given.scheme !== 'null' &&
    (own.scheme !== given.scheme || ('hashAlg' in own && 'hashAlg' in given && own.hashAlg !== given.hashAlg))
  if (differs || chosen.scheme === 'rsassa' || chosen.scheme === 'rsapss') return refuseParameter(2, 'SCHEME')
  return chosen
}

function paddingOf(chosen: Encryption, label: Uint8Array): object {
  if (chosen.scheme !== 'oaep') return { padding: constants.RSA_PKCS1_PADDING }
  const { node } = hashFacts(chosen.hashAlg)
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: node, oaepLabel: label }
}

function encryptRsa(area: RsaPublic, chosen: Encryption, message: Uint8Array, label: Uint8Array): Uint8Array {
  const key = rsaPublicKey(area)
  const { length } = area.unique
  if (chosen.scheme === 'null') {
    if (message.length > length) refuse('VALUE')
    const padded = concatBytes(new Uint8Array(length - message.length), message)
    if (toInteger(padded) >= toInteger(area.unique)) refuse('VALUE')
    return rsaPublic(key, padded)
  }
  try {
    return new Uint8Array(publicEncrypt({ ...paddingOf(chosen, label), key }, message))
  } catch {
    return refuse('VALUE')
  }
}

function decryptRsa(
  machine: Machine,
  { entry, area }: RsaEntry,
  chosen: Encryption,
  cipherText: Uint8Array,
  label: Uint8Array,
): Uint8Array {
  if (cipherText.length !== area.unique.length) refuse('SIZE')
  if (toInteger(cipherText) >= toInteger(area.unique)) refuse('VALUE')
  const key = privateKeyOf(machine, entry)
  if (chosen.scheme === 'null') return rsaPrivate(key, cipherText)
  // node:crypto refuses to take this padding off, for the oracle that it makes; so does every TPM offer it.
  if (chosen.scheme === 'rsaes') return withoutPadding(rsaPrivate(key, cipherText)) ?? refuse('VALUE')
  try {
    return new Uint8Array(privateDecrypt({ ...paddingOf(chosen, label), key }, cipherText))
  } catch {
    return refuse('VALUE')
  }
}

/** TPM2B_ECC_POINT. */
function sizedPoint(point: TpmsEccPoint): Uint8Array {
  const bytes = encode(tpmsEccPoint, point)
  return concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes)
}

function eccKeyAt(machine: Machine, handle: number) {
  const entry = entryAt(machine, handle)
  if (entry?.kind !== 'object' || entry.publicArea.type !== 'ecc') return refuseHandle(1, 'KEY')
  return { entry, area: entry.publicArea }
}

const rsaCommands = [
  defineCommand('TPM2_RSA_Encrypt', {
    handles: { keyHandle: { type: objectHandle } },
    parameters: { message: publicKeyRsa, inScheme: rsaDecryptScheme, label: data },
    encryptable: true,
    run(machine, { keyHandle, message, inScheme, label }) {
      const { area } = rsaKeyAt(machine, keyHandle)
      if (!area.objectAttributes.decrypt) refuseHandle(1, 'ATTRIBUTES')
      checkLabel(label)
      const chosen = chooseEncryption(area, inScheme)
      const outData = inParameter(1, () => encryptRsa(area, chosen, message, label))
      return { parameters: [encode(tpm2bPublicKeyRsa, outData)] }
    },
  }),
  defineCommand('TPM2_RSA_Decrypt', {
    handles: { keyHandle: { type: objectHandle, role: 'user' } },
    parameters: { cipherText: publicKeyRsa, inScheme: rsaDecryptScheme, label: data },
    encryptable: true,
    run(machine, { keyHandle, cipherText, inScheme, label }) {
      const key = rsaKeyAt(machine, keyHandle)
      const { restricted, decrypt } = key.area.objectAttributes
      if (restricted || !decrypt) refuseHandle(1, 'ATTRIBUTES')
      checkLabel(label)
      const chosen = chooseEncryption(key.area, inScheme)
      const message = inParameter(1, () => decryptRsa(machine, key, chosen, cipherText, label))
      return { parameters: [encode(tpm2bPublicKeyRsa, message)] }
    },
  }),
]

/** Keys that encrypt and agree. Part 3, section 14. */
export const asymmetricCommands = [
  ...rsaCommands,
  defineCommand('TPM2_ECDH_KeyGen', {
    handles: { keyHandle: { type: objectHandle } },
    parameters: {},
    encryptable: true,
    run(machine, { keyHandle }) {
      const { area } = eccKeyAt(machine, keyHandle)
      const curve = curveOf(area.parameters.curveID)
      // A key without a name algorithm was loaded as it came.
      if (!isOnCurve(curve, area.unique)) refuseHandle(1, 'KEY')
      const scalar = makeScalar(machine.random, curve)
      const z = multiplyPoint(curve, area.unique, toInteger(scalar)) ?? refuse('NO_RESULT')
      return { parameters: [sizedPoint(z), sizedPoint(publicPoint(curve, scalar))] }
    },
  }),
  defineCommand('TPM2_ECDH_ZGen', {
    handles: { keyHandle: { type: objectHandle, role: 'user' } },
    parameters: { inPoint: eccPoint },
    encryptable: true,
    run(machine, { keyHandle, inPoint }) {
      const { entry, area } = eccKeyAt(machine, keyHandle)
      const { restricted, decrypt } = area.objectAttributes
      if (restricted || !decrypt) refuseHandle(1, 'ATTRIBUTES')
      const { scheme } = area.parameters.scheme
      if (scheme !== 'null' && scheme !== 'ecdh') refuseHandle(1, 'SCHEME')
      const curve = curveOf(area.parameters.curveID)
      const scalar = entry.sensitive?.sensitive ?? refuseHandle(1, 'KEY')
      // Refuses what is not on the curve, before anything is computed with it.
      inParameter(1, () => sharedPoint(curve, scalar, inPoint))
      const z = multiplyPoint(curve, inPoint, toInteger(scalar)) ?? refuse('NO_RESULT')
      return { parameters: [sizedPoint(z)] }
    },
  }),
]
