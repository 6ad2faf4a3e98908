import { constants, privateDecrypt, publicEncrypt } from 'node:crypto'
import { utf8 } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  type EccPublic,
  type HashAlgorithm,
  hashFacts,
  kdfe,
  type RsaPublic,
  type TpmtPublic,
  tpmsEccPoint,
} from '@trusthold/core/tpm2'
import { CommandReader } from '../fields/command-reader.js'
import { eccPointArea } from '../fields/public-area.js'
import { refuse } from '../response-codes.js'
import { curveOf, makeScalar, publicPoint, sharedPoint } from './ecc-keys.js'
import type { Machine } from './machine.js'
import type { KeyObjectEntry } from './objects.js'
import { privateKeyOf } from './private-keys.js'
import { rsaPublicKey } from './rsa-keys.js'
import { computeRsa } from './rsa-padding.js'

/** What a secret is for; goes into its derivation. Part 1, annexes B.10 and C.6. */
export type SecretLabel = 'SECRET' | 'IDENTITY' | 'DUPLICATE'

/** Hash of a key's secrets: that of its OAEP scheme, else its name algorithm. */
function oaepHash({ nameAlg, parameters: { scheme } }: RsaPublic): HashAlgorithm {
  if (scheme.scheme === 'oaep') return scheme.hashAlg
  return nameAlg === 'null' ? refuse('HASH') : nameAlg
}

function oaep(hash: HashAlgorithm, label: SecretLabel): object {
  return {
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: hashFacts(hash).node,
    oaepLabel: utf8(`${label}\0`),
  }
}

function decryptRsa(
  machine: Machine,
  entry: KeyObjectEntry,
  area: RsaPublic,
  label: SecretLabel,
  secret: Uint8Array,
): Uint8Array {
  if (secret.length !== area.unique.length) refuse('SIZE')
  const options = oaep(oaepHash(area), label)
  try {
    return new Uint8Array(privateDecrypt({ ...options, key: privateKeyOf(machine, entry) }, secret))
  } catch {
    return refuse('VALUE')
  }
}

function agreeEcc(
  entry: KeyObjectEntry,
  area: EccPublic,
  label: SecretLabel,
  secret: Uint8Array,
): Uint8Array {
  const reader = new CommandReader(secret)
  const point = eccPointArea.read(reader)
  if (reader.remaining > 0) refuse('SIZE')
  const curve = curveOf(area.parameters.curveID)
  const z = sharedPoint(curve, entry.sensitive?.sensitive ?? refuse('KEY'), point)
  const hash = area.nameAlg === 'null' ? refuse('HASH') : area.nameAlg
  return kdfe(hash, z, label, point.x, area.unique.x, hashFacts(hash).size * 8)
}

/**
 * A secret that someone shared with an asymmetric decryption key: RSA-OAEP, or one-pass ECDH. Part 1, annexes B.10 and
 * C.6. Fails with SIZE, VALUE, ECC_POINT, INSUFFICIENT, KEY; the caller says which parameter.
 */
export function openSecret(
  machine: Machine,
  entry: KeyObjectEntry,
  label: SecretLabel,
  secret: Uint8Array,
): Uint8Array {
  const { publicArea } = entry
  if (publicArea.type === 'rsa') return decryptRsa(machine, entry, publicArea, label, secret)
  if (publicArea.type === 'ecc') return agreeEcc(entry, publicArea, label, secret)
  return refuse('KEY')
}

/** A new secret and what its holder gets: the content of a TPM2B_ENCRYPTED_SECRET. */
export interface SharedSecret {
  readonly seed: Uint8Array
  readonly encryptedSecret: Uint8Array
}

/** Shares a new secret with a public key. */
export function shareSecret(machine: Machine, area: TpmtPublic, label: SecretLabel): SharedSecret {
  const { nameAlg } = area
  if (nameAlg === 'null' || (area.type !== 'rsa' && area.type !== 'ecc')) return refuse('TYPE')
  const size = hashFacts(nameAlg).size
  if (area.type === 'rsa') {
    const seed = machine.random.bytes(size)
    const options = { ...oaep(oaepHash(area), label), key: rsaPublicKey(area) }
    return { seed, encryptedSecret: computeRsa(() => publicEncrypt(options, seed)) }
  }
  const curve = curveOf(area.parameters.curveID)
  const scalar = makeScalar(machine.random, curve)
  const ours = publicPoint(curve, scalar)
  const z = sharedPoint(curve, scalar, area.unique)
  const seed = kdfe(nameAlg, z, label, ours.x, area.unique.x, size * 8)
  return { seed, encryptedSecret: encode(tpmsEccPoint, ours) }
}
