import type { TpmsSensitiveCreate } from '@trusthold/core/tpm2'

const nothing = new Uint8Array()

/** For keys that the TPM makes itself: the empty password, and no data of ours. */
export const emptySensitive: TpmsSensitiveCreate = { userAuth: nothing, data: nothing }
