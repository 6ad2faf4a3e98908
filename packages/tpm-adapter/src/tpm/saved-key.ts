import {
  type Codec,
  decode,
  encode,
  type Infer,
  rest,
  sizedBytes,
  struct,
  u16,
  u32,
} from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import {
  matchesTemplate,
  type TpmtPublic,
  tpm2bDigest,
  tpm2bName,
  tpm2bPrivate,
  tpm2bPublic,
  tpmtTkCreation,
} from '@trusthold/core/tpm2'
import type { WrappedKey } from '../commands/create.js'
import type { Creation } from '../commands/creation.js'

const savedKey = struct('SavedKey', { privateArea: tpm2bPrivate, publicArea: tpm2bPublic, origin: rest })

const originDef = struct('SavedKeyOrigin', {
  parentName: tpm2bName,
  /** 0 for keys that are not in the TPM. */
  persistentHandle: u32,
  /** TPMS_CREATION_DATA; empty when it is not known, as are digest and ticket. */
  creationData: sizedBytes(u16, 4096),
  creationHash: tpm2bDigest,
  creationTicket: tpmtTkCreation,
})
const origin: Codec<Infer<typeof originDef>> = originDef

/** A key outside the TPM, as TPM2_Load takes it, and where it is from. */
export interface SavedKey extends WrappedKey {
  /** Name of the key that it lives under; absent in what releases before 0.2 saved. */
  readonly parentName?: Uint8Array
  /** Where it is in the TPM; `privateArea` is empty then. */
  readonly persistentHandle?: number
  readonly creation?: Creation
}

const nothing = new Uint8Array()
const nullTicket = { tag: 0x8021, hierarchy: 'null', digest: nothing } as const

/** The bytes to keep. */
export function encodeSavedKey(key: SavedKey): Uint8Array {
  const { privateArea, publicArea, parentName, persistentHandle = 0, creation } = key
  const known = encode(origin, {
    parentName: parentName ?? nothing,
    persistentHandle,
    creationData: creation?.data ?? nothing,
    creationHash: creation?.hash ?? nothing,
    creationTicket: creation?.ticket ?? nullTicket,
  })
  return encode(savedKey, { privateArea, publicArea, origin: known })
}

/**
 * Reads what {@link encodeSavedKey} wrote.
 * @throws CODEC_UNDERFLOW and others for other bytes
 */
export function decodeSavedObject(bytes: Uint8Array): SavedKey {
  const { origin: from, ...key } = decode(savedKey, bytes)
  if (from.length === 0) return key
  const { parentName, persistentHandle, creationData, creationHash, creationTicket } = decode(origin, from)
  const creation = { data: creationData, hash: creationHash, ticket: creationTicket }
  return {
    ...key,
    parentName,
    ...(persistentHandle === 0 ? {} : { persistentHandle }),
    ...(creationData.length === 0 ? {} : { creation }),
  }
}

/**
 * The same for keys of certain templates.
 * @throws CODEC_UNDERFLOW and others for other bytes, ARGUMENT_INVALID for a key of no such template
 */
export function decodeSavedKey(bytes: Uint8Array, templates: readonly TpmtPublic[]): SavedKey {
  const key = decodeSavedObject(bytes)
  if (templates.some((template) => matchesTemplate(key.publicArea, template))) return key
  throw new TrustholdError('ARGUMENT_INVALID', {
    name: 'saved',
    reason: 'not a key of a template that is used for this',
  })
}
