import { toHex } from '@trusthold/core/bytes'
import type { PcrValues } from '@trusthold/core/evidence'
import { table } from './table.js'

/** PCR values in hexadecimal by bank and PCR. */
export type PcrDocument = Readonly<Record<string, Readonly<Record<string, string>>>>

/** PCR values for `--json`. */
export function pcrDocument(pcrs: readonly PcrValues[]): PcrDocument {
  return Object.fromEntries(
    pcrs.map(({ bank, values }) => [
      bank,
      Object.fromEntries([...values].map(([pcr, value]) => [String(pcr), toHex(value)])),
    ]),
  )
}

/** Lines of PCR values, a heading for each bank. */
export function pcrLines(pcrs: PcrDocument): string[] {
  return Object.entries(pcrs).flatMap(([bank, values]) => [
    `PCRs of bank ${bank}`,
    ...table(Object.entries(values)).map((line) => `  ${line}`),
  ])
}
