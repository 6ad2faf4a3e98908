import { TrustholdError } from '@trusthold/core/errors'
import type { PcrBankSelection, PcrBankValues } from '@trusthold/core/ports'
import { type TpmsPcrSelection, toPcrSelection } from '@trusthold/core/tpm2'
import { pcrRead } from '../commands/pcr-read.js'
import type { CommandRunner } from '../commands/run-command.js'

/** How often reading starts again because PCRs changed meanwhile. */
const maxStarts = 8

interface Snapshot {
  readonly banks: readonly PcrBankValues[]
  /** Counters that the TPM gave; one, when nothing changed between the reads. */
  readonly counters: ReadonlySet<number>
}

async function readBank(
  runner: CommandRunner,
  selection: TpmsPcrSelection,
  counters: Set<number>,
): Promise<PcrBankValues> {
  const values = new Map<number, Uint8Array>()
  for (let left = selection.pcrs; left.length > 0; left = left.filter((pcr) => !values.has(pcr))) {
    const read = await pcrRead(runner, [{ ...selection, pcrs: left }])
    counters.add(read.updateCounter)
    const pcrs = read.selection.flatMap((part) => (part.hash === selection.hash ? part.pcrs : []))
    const known = pcrs.filter((pcr, i) => left.includes(pcr) && read.values[i] !== undefined)
    if (known.length === 0 || pcrs.length !== read.values.length) {
      throw new TrustholdError('TPM_NOT_AVAILABLE', {
        what: `PCRs ${selection.hash}:${left.join(',')}`,
        reason: 'the TPM has no such bank, or not these PCRs',
      })
    }
    for (const [i, pcr] of pcrs.entries()) values.set(pcr, read.values[i] as Uint8Array)
  }
  return {
    bank: selection.hash,
    values: new Map(selection.pcrs.map((pcr) => [pcr, values.get(pcr) as Uint8Array])),
  }
}

async function readOnce(runner: CommandRunner, selection: readonly TpmsPcrSelection[]): Promise<Snapshot> {
  const counters = new Set<number>()
  const banks: PcrBankValues[] = []
  for (const bank of selection) banks.push(await readBank(runner, bank, counters))
  return { banks, counters }
}

/**
 * Reads PCR values. A TPM gives eight at a time; when PCRs change between the reads, reading starts again, so that the
 * values are those of one moment.
 * @throws TPM_NOT_AVAILABLE for a bank or PCR that the TPM does not have, or PCRs that do not come to rest
 */
export async function readPcrValues(
  runner: CommandRunner,
  selection: readonly PcrBankSelection[],
): Promise<readonly PcrBankValues[]> {
  const wanted = toPcrSelection(selection)
  for (let start = 0; start < maxStarts; start++) {
    const { banks, counters } = await readOnce(runner, wanted)
    if (counters.size <= 1) return banks
  }
  throw new TrustholdError('TPM_NOT_AVAILABLE', { what: 'PCR values', reason: 'they keep changing' })
}
