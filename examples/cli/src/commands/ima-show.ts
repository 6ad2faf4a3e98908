import { parseImaLog, replay } from '@trusthold/core/measured-boot'
import { hashAlgorithms } from '@trusthold/core/tpm2'
import { InvalidArgumentError } from 'commander'
import type { Answer } from '../answer.js'
import type { Input } from '../input.js'
import { entryDocuments, entryFindings, type ImaLogDocument, imaLogLines } from '../show/ima-log.js'
import { pcrDocument } from '../show/pcrs.js'
import { inFile } from '../user-error.js'
import { type AddCommand, examples } from './command.js'
import { imaLogLimit } from './limits.js'

interface Options {
  readonly bank?: string
}

/** Adds `ima show`. */
export const addImaShow: AddCommand = (parent, perform) => {
  parent
    .command('show')
    .description('Show a list of the Integrity Measurement Architecture, and the PCR value that it gives.')
    .argument('<file>', 'list as the kernel shows it, binary or ASCII; - for standard input')
    .option('--bank <bank>', 'PCR bank to replay the list for; sha256 by default', readBank)
    .addHelpText(
      'after',
      examples(
        [
          'sudo trusthold ima show /sys/kernel/security/ima/binary_runtime_measurements',
          'what this system ran',
        ],
        ['trusthold ima show --json --bank sha1 ima.bin | jq .pcrs', "the value of a TPM's SHA-1 bank"],
      ),
    )
    .action((file: string, { bank = 'sha256' }: Options) =>
      perform(async ({ inputs }) => showIma(await inputs.read(file, imaLogLimit), bank)),
    )
}

function showIma({ name, bytes }: Input, bank: string): Answer {
  return inFile(name, () => {
    const log = parseImaLog(bytes)
    const { values, extended } = replay(log, bank)
    const template = log.events[0]?.template.name ?? ''
    const document: ImaLogDocument = {
      template,
      entries: entryDocuments(log, template),
      pcrs: pcrDocument([{ bank, values: new Map([...values].filter(([pcr]) => extended.has(pcr))) }]),
      findings: entryFindings(log),
    }
    return { document, lines: () => imaLogLines(document), good: true }
  })
}

function readBank(text: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  const bank = hashAlgorithms.find((name) => name === text)
  if (bank !== undefined) return bank
  throw new InvalidArgumentError(`Expected one of ${hashAlgorithms.join(', ')}.`)
}
