import { toHex } from '@trusthold/core/bytes'
import { type BankSelection, type TpmsAttest, toBankSelections } from '@trusthold/core/tpm2'
import { fields } from './table.js'

/** What a quote says, for `--json`. */
export interface QuoteDocument {
  /** Qualified name of the key that signed, in hexadecimal. */
  readonly signer: string
  /** The qualifying data, in hexadecimal. */
  readonly extraData: string
  readonly clock: {
    /** Milliseconds, decimal. */
    readonly clock: string
    readonly resetCount: number
    readonly restartCount: number
    readonly safe: boolean
  }
  /** Decimal. */
  readonly firmwareVersion: string
  readonly selection: readonly BankSelection[]
  readonly pcrDigest: string
}

/** What a statement of a TPM says, true or not; null when it is no quote. */
export function quoteDocument(attest: TpmsAttest): QuoteDocument | null {
  if (attest.type !== 'quote') return null
  const { clock, resetCount, restartCount, safe } = attest.clockInfo
  return {
    signer: toHex(attest.qualifiedSigner),
    extraData: toHex(attest.extraData),
    clock: { clock: String(clock), resetCount, restartCount, safe },
    firmwareVersion: String(attest.firmwareVersion),
    selection: toBankSelections(attest.attested.pcrSelect),
    pcrDigest: toHex(attest.attested.pcrDigest),
  }
}

/** Lines of a quote. */
export function quoteLines(quote: QuoteDocument): string[] {
  const { clock, resetCount, restartCount, safe } = quote.clock
  return [
    'quote',
    ...fields(
      {
        signer: quote.signer,
        'extra data': quote.extraData,
        clock: `${clock} ms, ${safe ? 'safe' : 'not safe'}`,
        resets: String(resetCount),
        restarts: String(restartCount),
        firmware: `0x${BigInt(quote.firmwareVersion).toString(16).padStart(16, '0')}`,
        selection: quote.selection.map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`).join('+'),
        'PCR digest': quote.pcrDigest,
      },
      '  ',
    ),
  ]
}
