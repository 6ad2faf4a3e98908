import type { TpmtPublic } from '../public-area.js'
import type { TpmtSensitive } from '../sensitive.js'

/** Both halves of an object that was made outside of a TPM, or that leaves one. */
export interface ImportableObject {
  readonly publicArea: TpmtPublic
  readonly sensitive: TpmtSensitive
}
