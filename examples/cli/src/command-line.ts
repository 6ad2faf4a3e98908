import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { Answer } from './answer.js'
import type { AddCommand, Perform } from './commands/command.js'
import { addEkShow } from './commands/ek-show.js'
import { addEkVerify } from './commands/ek-verify.js'
import { addEventlogShow } from './commands/eventlog-show.js'
import { addImaShow } from './commands/ima-show.js'
import { addName } from './commands/name.js'
import { addQuoteVerify } from './commands/quote-verify.js'
import { addTtlvShow } from './commands/ttlv-show.js'
import { createInputReader } from './input.js'
import { printable, toJsonText } from './printable.js'
import { UserError } from './user-error.js'

/** Where a run of the command reads and writes. */
export interface Terminal {
  /** Standard input; asked for only when it is read. */
  stdin(): AsyncIterable<Uint8Array>
  writeOut(text: string): void
  writeErr(text: string): void
  /** Milliseconds since 1970. */
  now(): number
}

/** Exit statuses. */
const status = { good: 0, bad: 1, unusable: 2 } as const

interface GlobalOptions {
  readonly json?: boolean
  readonly debug?: boolean
}

interface Group {
  readonly noun: string
  readonly about: string
  readonly commands: readonly AddCommand[]
}

/** Groups of commands, by the noun that they are about. */
const groups: readonly Group[] = [
  { noun: 'quote', about: 'TPM quotes', commands: [addQuoteVerify] },
  { noun: 'eventlog', about: 'TCG event logs', commands: [addEventlogShow] },
  { noun: 'ima', about: 'lists of the Integrity Measurement Architecture', commands: [addImaShow] },
  { noun: 'ttlv', about: 'KMIP messages', commands: [addTtlvShow] },
  { noun: 'ek', about: 'endorsement keys and their certificates', commands: [addEkShow, addEkVerify] },
]

/**
 * Runs the command once.
 * @param args what follows the program's name
 * @returns the exit status: 0 done or good, 1 the evidence is bad, 2 usage or unusable input
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let answered: number = status.good
  const program = createProgram(terminal)
  const perform: Perform = async (work) => {
    const answer = await work({ inputs: createInputReader(() => terminal.stdin()), now: terminal.now() })
    terminal.writeOut(render(answer, program.opts<GlobalOptions>().json === true))
    for (const line of answer.malformed ?? []) complain(terminal, line)
    answered = statusOf(answer)
  }
  addCommands(program, perform)
  try {
    await program.parseAsync(args, { from: 'user' })
    return answered
  } catch (error) {
    return explain(error, terminal, program.opts<GlobalOptions>().debug === true)
  }
}

/** What is malformed was not judged, whatever the answer says of it besides. */
function statusOf({ good, malformed = [] }: Answer): number {
  if (malformed.length > 0) return status.unusable
  return good ? status.good : status.bad
}

function render(answer: Answer, json: boolean): string {
  if (json) return `${toJsonText(answer.document)}\n`
  return answer
    .lines()
    .map((line) => `${line}\n`)
    .join('')
}

function createProgram(terminal: Terminal): Command {
  return new Command('trusthold')
    .description(
      'Look inside and verify what attestation and key release are made of: quotes, logs, certificates, names, messages.',
    )
    .version(readVersion())
    .option('--json', 'print one JSON document')
    .option('--debug', 'print stack traces')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nExit status: 0 done, or the evidence is good; 1 the evidence is bad; 2 usage or unusable input.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.writeOut(text),
      // What is wrong, `explain` says on one line.
      writeErr: () => undefined,
      outputError: () => undefined,
    })
}

function addCommands(program: Command, perform: Perform): void {
  for (const { noun, about, commands } of groups) {
    const group = program.command(noun).description(about)
    for (const add of commands) add(group, perform)
  }
  addName(program, perform)
}

/** One line on standard error, and the exit status. */
function explain(error: unknown, terminal: Terminal, debug: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return status.good
  complain(terminal, describe(error))
  if (debug) terminal.writeErr(`${trace(error).map(printable).join('\n')}\n`)
  return status.unusable
}

function complain(terminal: Terminal, text: string): void {
  terminal.writeErr(`trusthold: ${printable(text)}\n`)
}

function describe(error: unknown): string {
  if (error instanceof CommanderError && error.code === 'commander.help') {
    return 'expected a command; trusthold --help lists them'
  }
  if (error instanceof CommanderError)
    return error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  if (error instanceof UserError) return error.message
  return `unexpected: ${error instanceof Error ? error.message : String(error)}`
}

function trace(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const own = (error.stack ?? '').split('\n')
  return error.cause === undefined ? own : [...own, 'caused by', ...trace(error.cause)]
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
