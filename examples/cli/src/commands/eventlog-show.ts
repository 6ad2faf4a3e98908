import {
  bootFacts,
  type EventLogContent,
  isCcEventLog,
  parseCcEventLog,
  parseEventLog,
  replay,
  replayCcEventLog,
  type TcgEventLog,
} from '@trusthold/core/measured-boot'
import { hashFacts } from '@trusthold/core/tpm2'
import type { Answer } from '../answer.js'
import { bootFindings, type Finding, formFindings } from '../event-log-findings.js'
import type { Input } from '../input.js'
import { type EventLogDocument, eventDocuments, eventLogLines } from '../show/event-log.js'
import { type PcrDocument, pcrDocument } from '../show/pcrs.js'
import { type SecureBootDocument, secureBootDocument, unknownSecureBoot } from '../show/secure-boot.js'
import { inFile } from '../user-error.js'
import { type AddCommand, examples } from './command.js'
import { eventLogLimit } from './limits.js'

/** Adds `eventlog show`. */
export const addEventlogShow: AddCommand = (parent, perform) => {
  parent
    .command('show')
    .description(
      'Show a TCG event log: its events, the PCR values that it gives, and the Secure Boot state if these hold.',
    )
    .argument('<file>', 'log as firmware and kernels keep it, of any format; - for standard input')
    .addHelpText(
      'after',
      examples(
        [
          'sudo trusthold eventlog show /sys/kernel/security/tpm0/binary_bios_measurements',
          'the log of this boot',
        ],
        ['trusthold eventlog show --json log.bin | jq .secureBoot.enabled', 'whether Secure Boot was on'],
      ),
    )
    .action((file: string) =>
      perform(async ({ inputs }) => showEventLog(await inputs.read(file, eventLogLimit))),
    )
}

function showEventLog({ name, bytes }: Input): Answer {
  return inFile(name, () => {
    const { log, ...judged } = isCcEventLog(bytes) ? lookAtRegisters(bytes) : lookAtPcrs(bytes)
    const { format, algorithms } = log
    const document: EventLogDocument = { format, algorithms, events: eventDocuments(log), ...judged }
    return { document, lines: () => eventLogLines(log, document), good: true }
  })
}

interface Look {
  readonly log: EventLogContent
  readonly pcrs: PcrDocument
  readonly secureBoot: SecureBootDocument
  readonly findings: readonly Finding[]
}

function lookAtPcrs(bytes: Uint8Array): Look {
  const log = parseEventLog(bytes)
  const replayed = log.algorithms.map((bank) => {
    const { values, extended } = replay(log, bank)
    return { bank, values: new Map([...values].filter(([pcr]) => extended.has(pcr))) }
  })
  return { log, pcrs: pcrDocument(replayed), ...judgeBoot(log) }
}

/** What the boot was like if the PCRs hold what the log gives: only a quote can prove that they do. */
function judgeBoot(log: TcgEventLog): Pick<Look, 'secureBoot' | 'findings'> {
  const findings = formFindings(log, false)
  const bank = log.algorithms.find((name) => hashFacts(name).signing === 'yes') ?? log.algorithms[0]
  if (bank === undefined) return { secureBoot: unknownSecureBoot('no digests are known here'), findings }
  const boot = bootFacts(log, bank, replay(log, bank).values.keys())
  return { secureBoot: secureBootDocument(boot), findings: [...findings, ...bootFindings(boot)] }
}

function lookAtRegisters(bytes: Uint8Array): Look {
  const log = parseCcEventLog(bytes)
  const replayed = log.algorithms.map((bank) => ({ bank, values: replayCcEventLog(log, bank) }))
  return {
    log,
    pcrs: pcrDocument(replayed),
    secureBoot: unknownSecureBoot('the log is of measurement registers and not of PCRs'),
    findings: formFindings(log, true),
  }
}
