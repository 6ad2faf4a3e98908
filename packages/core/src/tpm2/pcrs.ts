import { concatBytes } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import { digestOf, type HashAlgorithm, isHashAlgorithm } from './algorithms.js'
import type { TpmlPcrSelection } from './pcr-selection.js'

/** PCRs of one bank, ascending; the same shape as the ports have. */
export interface BankSelection {
  /** Name of the bank's hash algorithm. */
  readonly bank: string
  readonly pcrs: readonly number[]
}

/** Octets of a selection's bit map on a PC: 24 PCRs. */
const pcSelectOctets = 3

/**
 * The digest that a quote holds: over the PCR values in the order of the selection, ascending within a bank.
 * Part 1, section 17.5; Part 3, TPM2_Quote.
 * @param hash that of the quote's signature scheme, which need not be the bank's
 */
export function pcrDigest(hash: HashAlgorithm, values: readonly Uint8Array[]): Uint8Array {
  return digestOf(hash, concatBytes(...values))
}

/** Banks and PCRs of a selection, in its order. */
export function toBankSelections(selection: TpmlPcrSelection): readonly BankSelection[] {
  return selection.map(({ hash, pcrs }) => ({ bank: hash, pcrs }))
}

/**
 * The selection for banks and PCRs, in the same order.
 * @param sizeofSelect octets of each bit map; three, for 24 PCRs, by default
 * @throws TPM_ALGORITHM_UNSUPPORTED for a bank that is no hash algorithm; ARGUMENT_INVALID for PCRs that do not ascend
 *   or do not fit
 */
export function toPcrSelection(
  banks: readonly BankSelection[],
  sizeofSelect: number = pcSelectOctets,
): TpmlPcrSelection {
  return banks.map(({ bank, pcrs }) => {
    if (!isHashAlgorithm(bank)) {
      throw new TrustholdError('TPM_ALGORITHM_UNSUPPORTED', { use: 'PCR banks', algorithm: bank })
    }
    checkPcrs(bank, pcrs, sizeofSelect * 8)
    return { hash: bank, sizeofSelect, pcrs: [...pcrs] }
  })
}

function checkPcrs(bank: string, pcrs: readonly number[], count: number): void {
  const good = pcrs.every((pcr, i) => Number.isInteger(pcr) && pcr < count && pcr > (pcrs[i - 1] ?? -1))
  if (!good) {
    throw new TrustholdError('ARGUMENT_INVALID', {
      name: bank,
      reason: `PCRs must ascend and be below ${count}`,
    })
  }
}

/**
 * Whether two selections name the same banks in the same order with the same PCRs. The width of the bit maps does not
 * matter: it adds no PCR.
 */
export function equalPcrSelections(a: readonly BankSelection[], b: readonly BankSelection[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ bank, pcrs }, i) => {
      const other = b[i] as BankSelection
      return (
        bank === other.bank &&
        pcrs.length === other.pcrs.length &&
        pcrs.every((pcr, j) => pcr === other.pcrs[j])
      )
    })
  )
}
