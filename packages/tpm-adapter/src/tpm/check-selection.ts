import { decode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { PcrBankSelection } from '@trusthold/core/ports'
import { equalPcrSelections, toBankSelections, tpmsAttest } from '@trusthold/core/tpm2'

/**
 * Refuses a quote over less than what was asked for: TPMs leave out banks that they do not have.
 * @param message TPMS_ATTEST
 * @throws TPM_NOT_AVAILABLE
 */
export function checkSelection(message: Uint8Array, selection: readonly PcrBankSelection[]): void {
  const attest = decode(tpmsAttest, message)
  const quoted = attest.type === 'quote' ? toBankSelections(attest.attested.pcrSelect) : []
  if (equalPcrSelections(quoted, selection)) return
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: `PCRs ${describeSelection(selection)}`,
    reason: `the TPM quoted ${describeSelection(quoted) || 'none'}`,
  })
}

function describeSelection(selection: readonly PcrBankSelection[]): string {
  return selection.map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`).join('+')
}
