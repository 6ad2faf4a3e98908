import { fromHex } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import type { Check } from '@trusthold/core/verdict'
import { type Command, InvalidArgumentError } from 'commander'
import type { Answer } from '../answer.js'
import { readAttestationKey } from '../formats/attestation-key.js'
import { parseScheme, type SignatureScheme } from '../formats/signature.js'
import { judgeQuote, type QuoteJudgement } from '../judge-quote.js'
import { checkLines, malformedReasons } from '../show/checks.js'
import { type PcrDocument, pcrDocument, pcrLines } from '../show/pcrs.js'
import { type QuoteDocument, quoteDocument, quoteLines } from '../show/quote.js'
import { UserError } from '../user-error.js'
import { type AddCommand, examples, once, type Surroundings } from './command.js'
import { eventLogLimit, imaLogLimit, smallLimit } from './limits.js'

/** A judged quote, for `--json`. */
export interface QuoteVerifyDocument {
  readonly verified: boolean
  readonly checks: readonly Check[]
  /** What the quote says, to be believed when it is verified; null when it cannot be read. */
  readonly quote: QuoteDocument | null
  /** Values that the quote proves; absent when none were given or it is not verified. */
  readonly pcrs?: PcrDocument
}

interface Options {
  readonly ak: string
  readonly message: string
  readonly signature: string
  readonly nonce: Uint8Array
  readonly scheme?: SignatureScheme
  readonly pcrs?: string
  readonly eventlog?: string
  readonly ima?: string
}

/** Adds `quote verify`. */
export const addQuoteVerify: AddCommand = (parent, perform) => {
  const command: Command = parent
    .command('verify')
    .description('Verify a TPM quote: signature, nonce, PCR values, and the log behind them.')
    .requiredOption(
      '--ak <file>',
      'attestation key: TPM2B_PUBLIC, TPMT_PUBLIC, or public key in PEM or DER',
      once,
    )
    .requiredOption('--message <file>', 'what was signed: TPMS_ATTEST or TPM2B_ATTEST', once)
    .requiredOption('--signature <file>', 'TPMT_SIGNATURE, or a bare signature with --scheme', once)
    .requiredOption('--nonce <hex>', 'the qualifying data that the quote must carry', parseNonce)
    .option(
      '--scheme <scheme>',
      'of a bare signature, such as rsassa:sha256 or ecdsa:sha256',
      parseSchemeOption,
    )
    .option('--pcrs <file>', 'PCR values of tpm2-tools: serialized, values, or YAML', once)
    .option('--eventlog <file>', 'TCG event log that has to replay to the quoted PCRs', once)
    .option('--ima <file>', 'IMA list that has to give the quoted PCR 10; needs --pcrs', once)
    .addHelpText(
      'after',
      examples(
        [
          'trusthold quote verify --ak ak.pub --message quote.msg --signature quote.sig --nonce c0ffee --pcrs quote.pcrs',
          'what tpm2_quote -c ak.ctx -l sha256:0,7 -q c0ffee -m quote.msg -s quote.sig -o quote.pcrs wrote',
        ],
        [
          'trusthold quote verify --json --ak ak.pem --message quote.msg --signature quote.sig --nonce c0ffee --eventlog /sys/kernel/security/tpm0/binary_bios_measurements',
          'with the log of the boot, as one JSON document',
        ],
        [
          'trusthold quote verify --ak ak.pub --message quote.msg --signature quote.sig --nonce c0ffee --pcrs quote.pcrs --ima ima.bin',
          'with what Linux ran since then',
        ],
      ),
    )
  command.action((options: Options) => perform((surroundings) => verify(options, surroundings)))
}

async function verify(options: Options, { inputs }: Surroundings): Promise<Answer> {
  if (options.ima !== undefined && options.pcrs === undefined) {
    throw new UserError(
      "option '--ima' needs --pcrs: an IMA list grows, so it does not say which value was quoted",
    )
  }
  const readOptional = async (path: string | undefined, limit: number) =>
    path === undefined ? undefined : await inputs.read(path, limit)
  const judgement = judgeQuote({
    attestationKey: readAttestationKey(await inputs.read(options.ak, smallLimit)),
    message: await inputs.read(options.message, smallLimit),
    signature: await inputs.read(options.signature, smallLimit),
    scheme: options.scheme,
    nonce: options.nonce,
    pcrs: await readOptional(options.pcrs, smallLimit),
    eventLog: await readOptional(options.eventlog, eventLogLimit),
    imaLog: await readOptional(options.ima, imaLogLimit),
  })
  return quoteAnswer(judgement)
}

function quoteAnswer({ verified, checks, message, pcrs }: QuoteJudgement): Answer {
  const quote = message === undefined ? null : quoteDocument(message.value)
  const document: QuoteVerifyDocument = {
    verified,
    checks,
    quote,
    ...(pcrs && { pcrs: pcrDocument(pcrs) }),
  }
  return {
    document,
    lines: () => judgementLines(document),
    malformed: malformedReasons(checks),
    good: verified,
  }
}

function judgementLines({ verified, checks, quote, pcrs }: QuoteVerifyDocument): string[] {
  return [
    verified ? 'verified' : 'NOT VERIFIED',
    '',
    ...checkLines(checks),
    ...(quote === null ? [] : ['', ...quoteLines(quote)]),
    ...(pcrs === undefined ? [] : ['', ...pcrLines(pcrs)]),
  ]
}

/** TPM2B_DATA: as much qualifying data as a TPM takes. */
const maxNonceBytes = 66

function parseNonce(text: string, previous: Uint8Array | undefined): Uint8Array {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  try {
    const nonce = fromHex(text)
    if (nonce.length > 0 && nonce.length <= maxNonceBytes) return nonce
  } catch (error) {
    if (!isTrustholdError(error, 'BYTES_ENCODING')) throw error
  }
  throw new InvalidArgumentError(`Expected 1 to ${maxNonceBytes} bytes in hexadecimal, without prefix.`)
}

function parseSchemeOption(text: string, previous: SignatureScheme | undefined): SignatureScheme {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  const scheme = parseScheme(text)
  if (scheme !== undefined) return scheme
  throw new InvalidArgumentError('Expected rsassa, rsapss or ecdsa, a colon and a hash, as in rsassa:sha256.')
}
