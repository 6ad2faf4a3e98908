import { equalBytes } from '../bytes/index.js'
import { decode } from '../codec/index.js'
import { TrustholdError } from '../errors/index.js'
import type {
  AttestationKey,
  PcrBankSelection,
  PcrBankValues,
  Tpm,
  TpmCallOptions,
  TpmQuote,
} from '../ports/index.js'
import { pcrDigest, tpmsAttest, tpmtSignature } from '../tpm2/index.js'

/** The PCR of Linux IMA. */
const imaPcr = 10
/** The PCRs that systemd measures into while the system runs. */
const systemdPcrs: readonly number[] = [11, 12, 13, 14, 15]
/** How often quoting starts again because something was measured meanwhile. */
const maxStarts = 8

/** A quote and what explains it. */
export interface CollectedEvidence extends TpmQuote {
  /** The very values that were quoted. */
  readonly pcrs: readonly PcrBankValues[]
  readonly eventLog: Uint8Array
  /** Empty unless PCR 10 was asked for and the kernel keeps a list. Ends at the quote or after it. */
  readonly imaLog: Uint8Array
  /** Empty unless a PCR of 11 to 15 was asked for and systemd keeps a log. Ends at the quote. */
  readonly systemdLog: Uint8Array
}

const nothing = new Uint8Array()

/**
 * Quotes, and reads the values and logs that belong to the quote. The machine goes on measuring meanwhile: values that
 * are not those of the quote, or a log of systemd that grew, make it start again; IMA's list is read after the quote,
 * so that it has every entry that was quoted, and later ones do no harm.
 * @throws TPM_NOT_AVAILABLE when the PCRs do not come to rest, and what the TPM throws
 */
export async function collectEvidence(
  tpm: Tpm,
  key: AttestationKey,
  qualifyingData: Uint8Array,
  selection: readonly PcrBankSelection[],
  call: TpmCallOptions = {},
): Promise<CollectedEvidence> {
  const asksFor = (pcrs: readonly number[]): boolean =>
    selection.some((bank) => bank.pcrs.some((pcr) => pcrs.includes(pcr)))
  const readSystemdLog = async (): Promise<Uint8Array> =>
    asksFor(systemdPcrs) ? ((await tpm.systemdLog()) ?? nothing) : nothing
  const eventLog = await tpm.eventLog()
  for (let start = 0; start < maxStarts; start++) {
    const systemdLog = await readSystemdLog()
    const quote = await key.quote(qualifyingData, selection, call)
    const pcrs = await tpm.readPcrs(selection, call)
    if (!belongTogether(quote, pcrs) || !equalBytes(systemdLog, await readSystemdLog())) continue
    const imaLog = asksFor([imaPcr]) ? ((await tpm.imaLog()) ?? nothing) : nothing
    return { ...quote, pcrs, eventLog, imaLog, systemdLog }
  }
  throw new TrustholdError('TPM_NOT_AVAILABLE', {
    what: 'a quote with its PCR values',
    reason: 'the PCRs keep changing',
  })
}

/** Whether the values are those that were quoted. The digest is by the signature's hash (Part 3, TPM2_Quote). */
function belongTogether({ message, signature }: TpmQuote, pcrs: readonly PcrBankValues[]): boolean {
  const attest = decode(tpmsAttest, message)
  const signed = decode(tpmtSignature, signature)
  // What is no quote, or not signed by a hash, no other attempt makes better: the service says what is wrong with it.
  if (attest.type !== 'quote' || !('hash' in signed)) return true
  const values = pcrs.flatMap((bank) => [...bank.values.values()])
  return equalBytes(attest.attested.pcrDigest, pcrDigest(signed.hash, values))
}
