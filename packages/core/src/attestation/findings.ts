import { fromUtf8, utf8 } from '../bytes/index.js'
import type { Endorsement } from '../endorsement/index.js'
import type { Check } from '../verdict/index.js'

/** What the first leg found; travels to the second inside the sealed state, so nobody else can have written it. */
export interface Findings {
  readonly checks: readonly Check[]
  readonly endorsement: Endorsement
}

/** As JSON. */
export function encodeFindings(findings: Findings): Uint8Array {
  return utf8(JSON.stringify(findings))
}

/** From the JSON of {@link encodeFindings}. */
export function decodeFindings(bytes: Uint8Array): Findings {
  return JSON.parse(fromUtf8(bytes)) as Findings
}
