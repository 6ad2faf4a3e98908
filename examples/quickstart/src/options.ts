import { parseArgs } from 'node:util'
import { type KeyServerName, keyServers } from './key-servers.js'
import { type TpmName, tpms } from './tpms.js'

/** What the demo runs on, and how it shows what it does. */
export interface QuickstartOptions {
  readonly tpm: TpmName
  readonly keyServer: KeyServerName
  readonly json: boolean
  readonly help: boolean
}

/** An argument that the demo does not take. */
export class UsageError extends Error {}

/** The text of `--help`. */
export const help = [
  'Shows the whole system in one process, on TPMs and a KMIP server.',
  '',
  `  --tpm NAME         ${names(tpms)}; software by default`,
  `  --key-server NAME  ${names(keyServers)}; embedded by default`,
  '  --json             one JSON document on standard output instead of the readable report',
  '  --help             this text',
  '',
  'Exit status: 0 all went as it should, 1 it did not, 2 usage.',
].join('\n')

function names(table: object): string {
  return Object.keys(table)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ')
}

function choose<T extends object>(option: string, table: T, name: string): keyof T & string {
  if (Object.hasOwn(table, name)) return name as keyof T & string
  throw new UsageError(`--${option} takes ${names(table)}, not ${name}`)
}

/**
 * Reads the command line.
 * @throws UsageError
 */
export function readOptions(args: readonly string[]): QuickstartOptions {
  const values = parse(args)
  return {
    tpm: choose('tpm', tpms, values.tpm),
    keyServer: choose('key-server', keyServers, values['key-server']),
    json: values.json,
    help: values.help,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        tpm: { type: 'string', default: 'software' },
        'key-server': { type: 'string', default: 'embedded' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
