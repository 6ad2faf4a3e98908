import { fromHex } from '@trusthold/core/bytes'
import {
  decodeItems,
  printJson,
  printTree,
  printXml,
  type TtlvItem,
  toJsonForm,
} from '@trusthold/kmip-adapter/ttlv'
import { type Command, InvalidArgumentError } from 'commander'
import type { Answer } from '../answer.js'
import type { Input, InputReader } from '../input.js'
import { printable } from '../printable.js'
import { inFile, UserError } from '../user-error.js'
import { type AddCommand, examples } from './command.js'
import { ttlvLimit } from './limits.js'

const formats = ['tree', 'json', 'xml'] as const
type Format = (typeof formats)[number]

interface Options {
  readonly format?: Format
  readonly reveal?: boolean
}

/** Adds `ttlv show`. */
export const addTtlvShow: AddCommand = (parent, perform) => {
  parent
    .command('show')
    .description('Show KMIP messages, without keys, passwords, data and other secrets.')
    .argument(
      '<file>',
      'messages one after the other, binary or hexadecimal; hexadecimal itself; - for standard input',
    )
    .option('--format <format>', 'tree (default), or json or xml as the standard has them', readFormat)
    .option('--reveal', 'show what is secret too')
    .addHelpText(
      'after',
      examples(
        ['trusthold ttlv show request.bin', 'a recorded message as a tree'],
        ['trusthold ttlv show --format xml 42007801...', 'a message from a log, in XML'],
        ['trusthold ttlv show --json - < session.bin', 'the messages of a connection, in JSON'],
      ),
    )
    .action((file: string, { format, reveal = false }: Options, command: Command) =>
      perform(async ({ inputs }) => {
        const { json } = command.optsWithGlobals<{ json?: boolean }>()
        if (json === true && format !== undefined && format !== 'json') {
          throw new UserError(`--json prints JSON: expected no --format ${format} beside it`)
        }
        return showTtlv(await readMessages(inputs, file), format ?? 'tree', reveal)
      }),
    )
}

function showTtlv({ name, bytes }: Input, format: Format, reveal: boolean): Answer {
  return inFile(name, () => {
    const messages = decodeItems(bytes, { maxBytes: ttlvLimit, maxItems: ttlvLimit / 8 })
    const forms = messages.map((message) => toJsonForm(message, { reveal }))
    const text = print(messages, format, reveal)
    const document = forms.length === 1 ? (forms[0] as object) : forms
    return { document, lines: () => text.split('\n').map(printable), good: true }
  })
}

function print(messages: readonly TtlvItem[], format: Format, reveal: boolean): string {
  if (format === 'json') return printJson(messages, { reveal })
  if (format === 'xml') return printXml(messages, { reveal })
  return messages.map((message) => printTree(message, { reveal })).join('\n\n')
}

/** A header is 8 bytes: what is shorter is taken for a file's name, as what has other characters is. */
const messageHex = /^(?:[0-9a-f]{2}){8,}$/i
/** Hexadecimal as logs have it: of binary messages the second byte is no such character. */
const hexText = /^[0-9a-f\s]+$/i

async function readMessages(inputs: InputReader, file: string): Promise<Input> {
  if (messageHex.test(file)) return { name: 'hexadecimal', bytes: fromHex(file) }
  const { name, bytes } = await inputs.read(file, 2 * ttlvLimit)
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  if (!hexText.test(start)) return { name, bytes }
  return {
    name,
    bytes: inFile(name, () => fromHex(Buffer.from(bytes).toString('latin1').replace(/\s+/g, ''))),
  }
}

function readFormat(text: string, previous: Format | undefined): Format {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  const format = formats.find((name) => name === text)
  if (format !== undefined) return format
  throw new InvalidArgumentError(`Expected one of ${formats.join(', ')}.`)
}
