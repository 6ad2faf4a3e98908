import { equalBytes, fromUtf8, utf8 } from '../bytes/index.js'
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
function decodeFindings(bytes: Uint8Array): Findings {
  return JSON.parse(fromUtf8(bytes)) as Findings
}

/**
 * Reads findings for one attestation key. A host that attests again brings what it brought before, as long as nothing
 * changed for it, and reading it takes longer than comparing it.
 */
export class FindingsReader {
  #last: { readonly bytes: Uint8Array; readonly findings: Findings } | undefined

  /** From the JSON of {@link encodeFindings}. */
  read(bytes: Uint8Array): Findings {
    if (this.#last === undefined || !equalBytes(this.#last.bytes, bytes)) {
      this.#last = { bytes: bytes.slice(), findings: decodeFindings(bytes) }
    }
    return this.#last.findings
  }
}
