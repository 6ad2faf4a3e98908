import { type Codec, flags, type Infer, u32 } from '../codec/index.js'

const attributes = flags('TPMA_OBJECT', u32, {
  fixedTPM: 1,
  stClear: 2,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  userWithAuth: 6,
  adminWithPolicy: 7,
  firmwareLimited: 8,
  svnLimited: 9,
  noDA: 10,
  encryptedDuplication: 11,
  restricted: 16,
  decrypt: 17,
  sign: 18,
  x509sign: 19,
})
/** TPMA_OBJECT: what a key may do and where it may go. Reserved bits are refused. Part 2, section 8.3. */
export interface TpmaObject extends Infer<typeof attributes> {}
/** Codec of {@link TpmaObject}. */
export const tpmaObject: Codec<TpmaObject> = attributes

/** Name of an object attribute. */
export type ObjectAttribute = keyof TpmaObject

const none: TpmaObject = {
  fixedTPM: false,
  stClear: false,
  fixedParent: false,
  sensitiveDataOrigin: false,
  userWithAuth: false,
  adminWithPolicy: false,
  firmwareLimited: false,
  svnLimited: false,
  noDA: false,
  encryptedDuplication: false,
  restricted: false,
  decrypt: false,
  sign: false,
  x509sign: false,
}

/** Attributes of which exactly these are set. */
export function objectAttributes(...set: readonly ObjectAttribute[]): TpmaObject {
  return { ...none, ...Object.fromEntries(set.map((name) => [name, true])) }
}
