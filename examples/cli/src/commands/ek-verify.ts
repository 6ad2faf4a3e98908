import type { Check } from '@trusthold/core/verdict'
import { InvalidArgumentError } from 'commander'
import type { Answer } from '../answer.js'
import { certificateLimit, readCaCertificates } from '../formats/certificates.js'
import { parseTime } from '../formats/time.js'
import { type EkJudgement, judgeEk } from '../judge-ek.js'
import { type CertificateSummary, certificateSummary } from '../show/certificate.js'
import { checkLines, malformedReasons } from '../show/checks.js'
import { type AddCommand, each, examples, type Surroundings } from './command.js'

/** A judged EK certificate, for `--json`. */
export interface EkVerifyDocument {
  readonly trusted: boolean
  /** Leaf first, the configured CA last; empty when there is no path. */
  readonly chain: readonly CertificateSummary[]
  readonly checks: readonly Check[]
}

interface Options {
  readonly ca: readonly string[]
  readonly at?: number
}

/** Adds `ek verify`. */
export const addEkVerify: AddCommand = (parent, perform) => {
  parent
    .command('verify')
    .description('Verify that a configured CA stands behind an EK certificate.')
    .argument('<file>', 'certificate in PEM or DER, intermediates behind it; - for standard input')
    .requiredOption(
      '--ca <file|dir>',
      'CA certificates, roots and intermediates alike; can be repeated',
      each,
    )
    .option('--crl <file>', 'revocation lists: not supported yet', refuseCrl)
    .option(
      '--at <time>',
      'moment of judgement, such as 2026-01-31 or 2026-01-31T12:00:00Z; now by default',
      readAt,
    )
    .addHelpText(
      'after',
      examples(
        [
          'trusthold ek verify ek.der --ca /etc/trusthold/tpm-ca',
          'against all CA certificates of a directory',
        ],
        [
          'trusthold ek verify ek.pem --ca root.pem --ca issuer.pem --at 2026-01-31',
          'as it was at a past date',
        ],
      ),
    )
    .action((file: string, options: Options) =>
      perform((surroundings) => verify(file, options, surroundings)),
    )
}

async function verify(file: string, { ca, at }: Options, { inputs, now }: Surroundings): Promise<Answer> {
  const input = await inputs.read(file, certificateLimit)
  const cas = await readCaCertificates(inputs, ca)
  return ekAnswer(await judgeEk(input, cas, at ?? now))
}

function ekAnswer({ trusted, checks, chain }: EkJudgement): Answer {
  const document: EkVerifyDocument = { trusted, chain: chain.map(certificateSummary), checks }
  return { document, lines: () => ekLines(document), malformed: malformedReasons(checks), good: trusted }
}

function ekLines({ trusted, checks, chain }: EkVerifyDocument): string[] {
  const path = chain.map(({ subject, fingerprint }, depth) => {
    return `${'  '.repeat(depth)}${subject || '(empty subject)'} ${fingerprint}`
  })
  return [
    trusted ? 'trusted' : 'NOT TRUSTED',
    '',
    ...checkLines(checks),
    ...(path.length > 0 ? ['', ...path] : []),
  ]
}

function refuseCrl(): never {
  throw new InvalidArgumentError('Revocation lists are not supported yet.')
}

function readAt(text: string, previous: number | undefined): number {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  const time = parseTime(text)
  if (time !== undefined) return time
  throw new InvalidArgumentError(
    'Expected a date, or date and time with Z or an offset, as in 2026-01-31T12:00:00Z.',
  )
}
