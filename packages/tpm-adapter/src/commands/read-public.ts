import { equalBytes } from '@trusthold/core/bytes'
import { type TpmtPublic, tpm2bName, tpm2bPublic } from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import { type Entity, objectName } from './entity.js'
import type { CommandRunner } from './run-command.js'

const command = defineCommand('TPM2_ReadPublic', {
  handles: { objectHandle: 'none' },
  response: { outPublic: tpm2bPublic, name: tpm2bName, qualifiedName: tpm2bName },
  check: (_, { outPublic, name }) =>
    equalBytes(objectName(outPublic), name) ? undefined : 'the name is not that of the public area',
})

/**
 * TPM2_ReadPublic: the public area of a loaded object; `computeName` of `@trusthold/core/tpm2` gives its name. Nothing
 * says that it came from the TPM. Part 3, section 12.4.
 */
export async function readPublic(runner: CommandRunner, object: Entity): Promise<TpmtPublic> {
  const handles = { objectHandle: object }
  return (await runner.run(command, { handles, parameters: {} })).values.outPublic
}

/** A public area with the name that says where the object lives: its own and those of all its parents. */
export interface NamedPublic {
  readonly publicArea: TpmtPublic
  readonly qualifiedName: Uint8Array
}

/** TPM2_ReadPublic with the qualified name; as {@link readPublic}. */
export async function readNames(runner: CommandRunner, object: Entity): Promise<NamedPublic> {
  const { values } = await runner.run(command, { handles: { objectHandle: object }, parameters: {} })
  return { publicArea: values.outPublic, qualifiedName: values.qualifiedName }
}
