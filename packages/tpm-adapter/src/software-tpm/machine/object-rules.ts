import { equalBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  type EccPublic,
  hashFacts,
  type RsaPublic,
  type TpmtPublic,
  type TpmtSymDefObject,
  tpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'

type Asymmetric = RsaPublic | EccPublic

/** The algorithm that an object protects its children with, or is a key of. */
function symmetricOf(area: TpmtPublic): TpmtSymDefObject | undefined {
  if (area.type === 'keyedhash') return undefined
  return area.type === 'symcipher' ? area.parameters.sym : area.parameters.symmetric
}

function checkKeyedHash(area: Extract<TpmtPublic, { readonly type: 'keyedhash' }>): void {
  const { sign, decrypt, restricted } = area.objectAttributes
  const { scheme } = area.parameters
  const wanted = sign === decrypt ? 'null' : sign ? 'hmac' : 'xor'
  if (scheme.scheme !== wanted) refuse('SCHEME')
  if (scheme.scheme === 'xor' && restricted && scheme.kdf !== 'kdf1_sp800_108') refuse('SCHEME')
}

const signSchemes: Readonly<Record<Asymmetric['type'], readonly string[]>> = {
  rsa: ['rsassa', 'rsapss'],
  ecc: ['ecdsa'],
}
const decryptSchemes: Readonly<Record<Asymmetric['type'], readonly string[]>> = {
  rsa: ['rsaes', 'oaep', 'null'],
  ecc: ['ecdh', 'null'],
}

function isSchemeAllowed({ type, objectAttributes, parameters }: Asymmetric): boolean {
  const { sign, decrypt, restricted } = objectAttributes
  const { scheme } = parameters.scheme
  if (sign === decrypt) return scheme === 'null'
  if (sign) return signSchemes[type].includes(scheme) || (!restricted && scheme === 'null')
  return restricted ? scheme === 'null' : decryptSchemes[type].includes(scheme)
}

function checkAsymmetric(area: Asymmetric): void {
  const { restricted, decrypt } = area.objectAttributes
  if (!isSchemeAllowed(area)) refuse('SCHEME')
  if (!(restricted && decrypt) && area.parameters.symmetric.algorithm !== 'null') refuse('SYMMETRIC')
  if (area.type === 'ecc' && area.parameters.kdf.scheme !== 'null') refuse('KDF')
}

/** A storage key that cannot leave its parent has to protect its children as the parent does. Part 1, section 27. */
function checkStorageKey(area: TpmtPublic, parent: TpmtPublic | undefined): void {
  const symmetric = symmetricOf(area)
  const { restricted, decrypt, fixedParent } = area.objectAttributes
  if (symmetric === undefined || !restricted || !decrypt) return
  if (symmetric.algorithm === 'null') refuse('SYMMETRIC')
  if (fixedParent && parent !== undefined) {
    if (area.nameAlg !== parent.nameAlg) refuse('HASH')
    const theirs = symmetricOf(parent)
    const same = theirs !== undefined && equalBytes(encodeSymmetric(symmetric), encodeSymmetric(theirs))
    if (!same) refuse('SYMMETRIC')
  }
  // Only CFB protects objects; a parent of another mode could never be used.
  if (symmetric.mode !== 'cfb') refuse('MODE')
}

function encodeSymmetric(value: TpmtSymDefObject): Uint8Array {
  return encode(tpmtSymDefObject, value)
}

/** Whether schemes and attributes of an object go together. Part 3, section 12.1; Part 2, section 12.2. */
export function checkSchemes(area: TpmtPublic, parent?: TpmtPublic): void {
  if (area.type === 'keyedhash') checkKeyedHash(area)
  else if (area.type !== 'symcipher') checkAsymmetric(area)
  checkStorageKey(area, parent)
}

function checkFixed(area: TpmtPublic, parent: TpmtPublic | undefined): void {
  const { fixedTPM, fixedParent, encryptedDuplication } = area.objectAttributes
  const mayBeFixed = parent === undefined || parent.objectAttributes.fixedTPM
  if (mayBeFixed ? fixedParent !== fixedTPM : fixedTPM) refuse('ATTRIBUTES')
  checkUse(area)
  if (fixedTPM && encryptedDuplication) refuse('ATTRIBUTES')
  const inherited = parent?.objectAttributes
  const differs = inherited !== undefined && encryptedDuplication !== inherited.encryptedDuplication
  if (!mayBeFixed && differs) refuse('ATTRIBUTES')
}

function checkUse({ type, objectAttributes: { sign, decrypt, restricted } }: TpmtPublic): void {
  if (sign !== decrypt) return
  if (restricted || (!sign && type !== 'keyedhash')) refuse('ATTRIBUTES')
}

/** Whether the attributes of an object go together and with those of its parent. Part 2, section 8.3. */
export function checkAttributes(area: TpmtPublic, parent?: TpmtPublic): void {
  const { nameAlg, authPolicy } = area
  if (nameAlg === 'null') refuse('HASH')
  if (authPolicy.length !== 0 && authPolicy.length !== hashFacts(nameAlg).size) refuse('SIZE')
  checkFixed(area, parent)
  checkSchemes(area, parent)
}

function checkOrigin({ type, objectAttributes }: TpmtPublic): void {
  const { sensitiveDataOrigin, sign, decrypt, restricted, fixedParent, fixedTPM } = objectAttributes
  if (type === 'rsa' || type === 'ecc') {
    if (!sensitiveDataOrigin) refuse('ATTRIBUTES')
    return
  }
  if (type === 'keyedhash' && !sign && !decrypt && sensitiveDataOrigin) refuse('ATTRIBUTES')
  if (restricted && !sensitiveDataOrigin && (fixedParent || fixedTPM)) refuse('ATTRIBUTES')
}

/** The same, and whether the data that the caller brings is what the attributes say. Part 3, section 12.1. */
export function checkCreation(area: TpmtPublic, dataLength: number, parent?: TpmtPublic): void {
  const { sensitiveDataOrigin } = area.objectAttributes
  if (!sensitiveDataOrigin && dataLength === 0) refuse('ATTRIBUTES')
  if (parent !== undefined && sensitiveDataOrigin && dataLength !== 0) refuse('ATTRIBUTES')
  checkOrigin(area)
  checkAttributes(area, parent)
}
