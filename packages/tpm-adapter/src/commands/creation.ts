import { equalBytes } from '@trusthold/core/bytes'
import { type Codec, sizedBytes, u16 } from '@trusthold/core/codec'
import {
  digestOf,
  type TpmlPcrSelection,
  type TpmsSensitiveCreate,
  type TpmtPublic,
  type TpmtTkCreation,
  tpm2bData,
  tpm2bDigest,
  tpm2bPublic,
  tpm2bSensitiveCreate,
  tpmlPcrSelection,
  tpmtTkCreation,
} from '@trusthold/core/tpm2'

/** TPM2B_CREATION_DATA, not taken apart: what the TPM sent is what its digest covers. */
const tpm2bCreationData: Codec<Uint8Array> = { ...sizedBytes(u16, 4096), name: 'TPM2B_CREATION_DATA' }

/** Parameters of TPM2_Create and TPM2_CreatePrimary. Part 3, sections 12.1 and 24.1. */
export const creationParameters = {
  inSensitive: tpm2bSensitiveCreate,
  inPublic: tpm2bPublic,
  outsideInfo: tpm2bData,
  creationPCR: tpmlPcrSelection,
} as const

/** What both return of the creation. */
export const creationResponse = {
  creationData: tpm2bCreationData,
  creationHash: tpm2bDigest,
  creationTicket: tpmtTkCreation,
} as const

/** What the caller brings to a new object. */
export interface CreationInput {
  readonly template: TpmtPublic
  /** The object's password; none by default. */
  readonly authValue?: Uint8Array
  /** Data to seal, or a key that is brought along; none by default, as for keys that the TPM makes itself. */
  readonly data?: Uint8Array
  /** Goes into the creation data. */
  readonly outsideInfo?: Uint8Array
  /** PCRs whose digest goes into the creation data; none by default. */
  readonly creationPcrs?: TpmlPcrSelection
}

/** What proves under which circumstances the TPM made an object; see {@link certifyCreation}. */
export interface Creation {
  /** TPMS_CREATION_DATA. */
  readonly data: Uint8Array
  /** Its digest by the object's name algorithm. */
  readonly hash: Uint8Array
  readonly ticket: TpmtTkCreation
}

interface CreationParameters {
  readonly inSensitive: TpmsSensitiveCreate
  readonly inPublic: TpmtPublic
  readonly outsideInfo: Uint8Array
  readonly creationPCR: TpmlPcrSelection
}

/** The parameters for an input. */
export function toCreationParameters(input: CreationInput): CreationParameters {
  const nothing = new Uint8Array()
  const { template, authValue = nothing, data = nothing, outsideInfo = nothing, creationPcrs = [] } = input
  const inSensitive = { userAuth: authValue, data }
  return { inSensitive, inPublic: template, outsideInfo, creationPCR: creationPcrs }
}

interface CreationValues {
  readonly creationData: Uint8Array
  readonly creationHash: Uint8Array
  readonly creationTicket: TpmtTkCreation
}

/** The creation out of a response. */
export function toCreation({ creationData, creationHash, creationTicket }: CreationValues): Creation {
  return { data: creationData, hash: creationHash, ticket: creationTicket }
}

/** Says when the digest is not that of the data. */
export function checkCreation({ nameAlg }: TpmtPublic, values: CreationValues): string | undefined {
  const fits = nameAlg !== 'null' && equalBytes(digestOf(nameAlg, values.creationData), values.creationHash)
  return fits ? undefined : 'the creation hash is not that of the creation data'
}
