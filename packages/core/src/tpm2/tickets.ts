import { type Codec, constant, enumOf, type Infer, struct, u16 } from '../codec/index.js'
import { tpm2bDigest } from './buffers.js'
import { tpmiRhHierarchy } from './hierarchies.js'

/**
 * Tickets are HMACs by which the TPM knows again what it did. One of the null hierarchy with an empty digest (a null
 * ticket) says that there is none. Part 2, section 10.7.
 */
const body = { hierarchy: tpmiRhHierarchy, digest: tpm2bDigest } as const

const creation = struct('TPMT_TK_CREATION', { tag: constant(u16, 0x8021), ...body })
/** TPMT_TK_CREATION: the TPM made this object, with this creation data. Part 2, section 10.7.3. */
export interface TpmtTkCreation extends Infer<typeof creation> {}
/** Codec of {@link TpmtTkCreation}. */
export const tpmtTkCreation: Codec<TpmtTkCreation> = creation

const verified = struct('TPMT_TK_VERIFIED', { tag: constant(u16, 0x8022), ...body })
/** TPMT_TK_VERIFIED: the TPM verified this key's signature over this digest. Part 2, section 10.7.4. */
export interface TpmtTkVerified extends Infer<typeof verified> {}
/** Codec of {@link TpmtTkVerified}. */
export const tpmtTkVerified: Codec<TpmtTkVerified> = verified

const auth = struct('TPMT_TK_AUTH', {
  tag: enumOf('TPM_ST', u16, { authSecret: 0x8023, authSigned: 0x8025 }),
  ...body,
})
/** TPMT_TK_AUTH: a policy was authorised by a secret or a signature. Part 2, section 10.7.5. */
export interface TpmtTkAuth extends Infer<typeof auth> {}
/** Codec of {@link TpmtTkAuth}. */
export const tpmtTkAuth: Codec<TpmtTkAuth> = auth

const hashCheck = struct('TPMT_TK_HASHCHECK', { tag: constant(u16, 0x8024), ...body })
/** TPMT_TK_HASHCHECK: the TPM hashed a message that does not pose as one of its own. Part 2, section 10.7.6. */
export interface TpmtTkHashcheck extends Infer<typeof hashCheck> {}
/** Codec of {@link TpmtTkHashcheck}. */
export const tpmtTkHashcheck: Codec<TpmtTkHashcheck> = hashCheck
