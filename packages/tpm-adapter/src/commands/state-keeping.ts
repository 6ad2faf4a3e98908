import { type Codec, enumOf, u16 } from '@trusthold/core/codec'

/** What becomes of the TPM's state: dropped, or kept for later. */
export type StateKeeping = 'clear' | 'state'

/** TPM_SU. Part 2, section 6.10. */
export const tpmSu: Codec<StateKeeping> = enumOf('TPM_SU', u16, { clear: 0x0000, state: 0x0001 })
