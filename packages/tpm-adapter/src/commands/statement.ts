import { rest } from '@trusthold/core/codec'
import { type TpmtSigScheme, tpm2bAttest } from '@trusthold/core/tpm2'

/** A statement of the TPM and its signature. Neither is taken apart: what the TPM sent is what goes to the verifier. */
export interface SignedStatement {
  /** TPMS_ATTEST. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/** What commands return that sign a statement. Part 3, section 18. */
export const statementResponse = { attest: tpm2bAttest, signature: rest } as const

/** For keys that have a scheme of their own. */
export const schemeOfKey: TpmtSigScheme = { scheme: 'null' }

/** The statement out of a response. */
export function toStatement(values: {
  readonly attest: Uint8Array
  readonly signature: Uint8Array
}): SignedStatement {
  return { message: values.attest, signature: values.signature }
}
