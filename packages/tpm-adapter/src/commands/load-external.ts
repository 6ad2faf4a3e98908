import { equalBytes } from '@trusthold/core/bytes'
import { type Codec, encode, sizedBytes, u16 } from '@trusthold/core/codec'
import {
  type Hierarchy,
  type TpmtPublic,
  type TpmtSensitive,
  tpm2bName,
  tpm2bPublic,
  tpmiRhHierarchy,
  tpmtSensitive,
} from '@trusthold/core/tpm2'
import { defineCommand } from './command.js'
import { type NamedEntity, objectName } from './entity.js'
import type { CommandRunner } from './run-command.js'

/** TPM2B_SENSITIVE, encoded; it may be empty here. */
const encodedSensitive: Codec<Uint8Array> = { ...sizedBytes(u16, 8192), name: 'TPM2B_SENSITIVE' }

const command = defineCommand('TPM2_LoadExternal', {
  parameters: { inPrivate: encodedSensitive, inPublic: tpm2bPublic, hierarchy: tpmiRhHierarchy },
  returnsHandle: true,
  response: { name: tpm2bName },
  check: ({ inPublic }, { name }) =>
    equalBytes(objectName(inPublic), name) ? undefined : 'the name is not that of the object',
})

/** What {@link loadExternal} takes. */
export interface LoadExternalInput {
  readonly publicArea: TpmtPublic
  /** The private half; without it, only the public key is loaded. */
  readonly sensitive?: TpmtSensitive
  /** Of tickets that the object makes; `null` by default, and always when there is a private half. */
  readonly hierarchy?: Hierarchy
}

/** TPM2_LoadExternal: an object that is not protected by this TPM. Part 3, section 12.3. */
export async function loadExternal(
  runner: CommandRunner,
  { publicArea, sensitive, hierarchy = 'null' }: LoadExternalInput,
): Promise<NamedEntity> {
  const inPrivate = sensitive === undefined ? new Uint8Array() : encode(tpmtSensitive, sensitive)
  const { handle, values } = await runner.run(command, {
    handles: {},
    parameters: { inPrivate, inPublic: publicArea, hierarchy },
  })
  return { handle, name: values.name }
}
