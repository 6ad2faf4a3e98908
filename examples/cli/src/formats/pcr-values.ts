import type { PcrValues } from '@trusthold/core/evidence'
import { type BankSelection, hashFacts, isHashAlgorithm } from '@trusthold/core/tpm2'
import type { Input } from '../input.js'
import { inFile, UserError } from '../user-error.js'
import { isSerialized, readSerializedPcrs } from './pcr-values-serialized.js'
import { looksLikeYaml, readYamlPcrs } from './pcr-values-yaml.js'

/**
 * Reads PCR values as tpm2-tools write them, told apart by content: `serialized` (`tpm2_quote -o`), `values`
 * (`tpm2_quote -o -F values`, `tpm2_pcrread -o`), and YAML (what `tpm2_pcrread` and `tpm2_quote` print).
 * @param selection what the quote covers; only the bare values need it, the other forms name their PCRs
 * @throws UserError with the file, what was expected, and where
 */
export function readPcrValues(input: Input, selection: readonly BankSelection[]): readonly PcrValues[] {
  const { name, bytes } = input
  return inFile(name, () => {
    if (looksLikeYaml(bytes)) return readYamlPcrs(bytes)
    return isSerialized(bytes) ? readSerializedPcrs(bytes) : divideValues(bytes, selection)
  })
}

/** One value after the other, in the order of the selection. */
function divideValues(bytes: Uint8Array, selection: readonly BankSelection[]): readonly PcrValues[] {
  const sizes = selection.map(({ bank }) => (isHashAlgorithm(bank) ? hashFacts(bank).size : 0))
  const expected = selection.reduce((sum, { pcrs }, i) => sum + pcrs.length * (sizes[i] ?? 0), 0)
  if (bytes.length !== expected) {
    throw new UserError(
      `expected PCR values of tpm2-tools (serialized, values or YAML); the values that were quoted have ${expected} bytes, found ${bytes.length}`,
    )
  }
  let offset = 0
  return selection.map(({ bank, pcrs }, i) => {
    const values = new Map<number, Uint8Array>()
    for (const pcr of pcrs) {
      const end = offset + (sizes[i] ?? 0)
      values.set(pcr, bytes.subarray(offset, end))
      offset = end
    }
    return { bank, values }
  })
}
