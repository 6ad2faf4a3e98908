import { type Codec, type Infer, struct, u16, u32 } from '@trusthold/core/codec'
import { tpm2bDigest } from '@trusthold/core/tpm2'

const ticket = struct('TPMT_TK', { tag: u16, hierarchy: u32, digest: tpm2bDigest })
/** A ticket: the TPM's own proof of what it did. We keep none. Part 2, section 10.7. */
export interface Ticket extends Infer<typeof ticket> {}

/** TPMT_TK_CREATION. Part 2, section 10.7.3. */
export const creationTicket: Codec<Ticket> = { ...ticket, name: 'TPMT_TK_CREATION' }
/** TPMT_TK_AUTH. Part 2, section 10.7.5. */
export const authTicket: Codec<Ticket> = { ...ticket, name: 'TPMT_TK_AUTH' }
