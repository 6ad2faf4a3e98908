import { equalBytes } from '@trusthold/core/bytes'
import {
  type EccPublic,
  hashFacts,
  type RsaPublic,
  type TpmtPublic,
  type TpmtSensitive,
} from '@trusthold/core/tpm2'
import { failure, type ResponseCodeName, refuse } from '../response-codes.js'
import { curveOf, isOnCurve, type Point, publicPoint } from './ecc-keys.js'
import { symmetricUnique } from './object-creation.js'
import { rsaPrivateKey } from './rsa-keys.js'

/** Numbers of the parameters that the public and the sensitive area came in. */
export interface Blame {
  readonly publicArea: number
  readonly sensitive: number
}

function blame(parameter: number, name: ResponseCodeName): never {
  throw failure(name).aboutParameter(parameter)
}

function digestSize({ nameAlg }: TpmtPublic): number {
  return nameAlg === 'null' ? 0 : hashFacts(nameAlg).size
}

function checkRsa(area: RsaPublic, sensitive: TpmtSensitive | undefined, at: Blame): void {
  const bytes = area.parameters.keyBits / 8
  if (area.unique.length !== bytes || (area.unique[0] ?? 0) < 0x80) blame(at.publicArea, 'KEY')
  const { exponent } = area.parameters
  if (exponent !== 0 && exponent < 7) blame(at.publicArea, 'VALUE')
  if (sensitive === undefined) return
  const prime = sensitive.sensitive
  if (prime.length * 2 !== bytes || (prime[0] ?? 0) < 0x80) blame(at.sensitive, 'KEY_SIZE')
  rsaPrivateKey(area, prime)
}

function withoutLeadingZeros(value: Uint8Array): Uint8Array {
  const first = value.findIndex((byte) => byte !== 0)
  return first === -1 ? new Uint8Array() : value.subarray(first)
}

function samePoint(a: Point, b: Point): boolean {
  const same = (one: Uint8Array, other: Uint8Array): boolean =>
    equalBytes(withoutLeadingZeros(one), withoutLeadingZeros(other))
  return same(a.x, b.x) && same(a.y, b.y)
}

function scalarPoint(area: EccPublic, scalar: Uint8Array): Point {
  try {
    return publicPoint(curveOf(area.parameters.curveID), scalar)
  } catch {
    throw failure('KEY_SIZE')
  }
}

function checkEcc(area: EccPublic, sensitive: TpmtSensitive | undefined, at: Blame): void {
  const curve = curveOf(area.parameters.curveID)
  if (sensitive === undefined) {
    const { x, y } = area.unique
    if (x.length !== curve.bytes || y.length !== curve.bytes) blame(at.publicArea, 'KEY')
    if (area.nameAlg !== 'null' && !isOnCurve(curve, area.unique)) blame(at.publicArea, 'ECC_POINT')
    return
  }
  const point = scalarPoint(area, sensitive.sensitive)
  if (area.nameAlg !== 'null' && !samePoint(point, area.unique)) refuse('BINDING')
}

type SymmetricPublic = Exclude<TpmtPublic, RsaPublic | EccPublic>

function checkKeyLength(area: SymmetricPublic, { sensitive }: TpmtSensitive, at: Blame): void {
  if (area.type === 'symcipher') {
    const bits = 'keyBits' in area.parameters.sym ? area.parameters.sym.keyBits : 0
    if (sensitive.length * 8 !== bits) blame(at.sensitive, 'KEY_SIZE')
    return
  }
  const { scheme } = area.parameters
  const most = 'hashAlg' in scheme ? hashFacts(scheme.hashAlg).block : 128
  if (sensitive.length > most) blame(at.sensitive, 'KEY_SIZE')
}

function checkSymmetric(area: SymmetricPublic, sensitive: TpmtSensitive | undefined, at: Blame): void {
  const sizeFits = area.unique.length === digestSize(area)
  if (sensitive === undefined) {
    if (!sizeFits) blame(at.publicArea, 'KEY')
    return
  }
  checkKeyLength(area, sensitive, at)
  if (area.nameAlg === 'null') return
  if (sensitive.seedValue.length !== digestSize(area)) blame(at.sensitive, 'KEY_SIZE')
  if (!sizeFits) blame(at.publicArea, 'KEY')
  if (!equalBytes(area.unique, symmetricUnique(area.nameAlg, sensitive))) refuse('BINDING')
}

/**
 * Whether a public area is of a key, and the sensitive area, when there is one, of the same. Part 3, sections 12.2,
 * 12.3 and 13.3.
 */
export function checkBinding(area: TpmtPublic, sensitive: TpmtSensitive | undefined, at: Blame): void {
  const size = digestSize(area)
  if (sensitive !== undefined) {
    if (area.type !== sensitive.sensitiveType) blame(at.sensitive, 'TYPE')
    if (size > 0 && sensitive.authValue.length > size) blame(at.sensitive, 'SIZE')
  }
  if (area.type === 'rsa') checkRsa(area, sensitive, at)
  else if (area.type === 'ecc') checkEcc(area, sensitive, at)
  else checkSymmetric(area, sensitive, at)
  const { restricted, decrypt } = area.objectAttributes
  if (!restricted || !decrypt || sensitive === undefined || size === 0) return
  const seed = sensitive.seedValue.length
  if (seed < size / 2 || seed > size) blame(at.sensitive, 'SIZE')
}
