import { toHex } from '@trusthold/core/bytes'
import { computeName, type TpmtPublic } from '@trusthold/core/tpm2'
import type { Answer } from '../answer.js'
import { publicAreaLimit, readPublicArea } from '../formats/public-area.js'
import { inFile } from '../user-error.js'
import { type AddCommand, examples } from './command.js'

/** The TPM name of a public area, for `--json`. */
export interface NameDocument {
  /** Name algorithm's id and digest, in hexadecimal. */
  readonly name: string
  readonly nameAlg: string
  readonly type: string
  /** Attributes that are set. */
  readonly attributes: readonly string[]
}

/** Adds `name`. */
export const addName: AddCommand = (parent, perform) => {
  parent
    .command('name')
    .description('Print the TPM name of a public area.')
    .argument('<file>', 'TPM2B_PUBLIC or TPMT_PUBLIC; - for standard input')
    .addHelpText(
      'after',
      examples(
        [
          'tpm2_readpublic -c 0x81010001 -o ek.pub && trusthold name ek.pub',
          'the name of an endorsement key',
        ],
        ['trusthold name --json ak.tpmt', 'with algorithm, type and attributes'],
      ),
    )
    .action((file: string) =>
      perform(async ({ inputs }) => {
        const input = await inputs.read(file, publicAreaLimit)
        const { bytes, value } = readPublicArea(input)
        return nameAnswer(
          value,
          inFile(input.name, () => computeName(bytes)),
        )
      }),
    )
}

function nameAnswer({ nameAlg, type, objectAttributes }: TpmtPublic, computed: Uint8Array): Answer {
  const name = toHex(computed)
  const attributes = Object.entries(objectAttributes).flatMap(([attribute, set]) => (set ? [attribute] : []))
  const document: NameDocument = { name, nameAlg, type, attributes }
  return { document, lines: () => [name], good: true }
}
