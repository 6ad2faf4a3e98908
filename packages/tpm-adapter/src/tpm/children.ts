import type { Duplicate, TpmtPublic } from '@trusthold/core/tpm2'
import { create, type WrappedKey } from '../commands/create.js'
import type { Creation } from '../commands/creation.js'
import type { NamedEntity } from '../commands/entity.js'
import { importObject } from '../commands/import-object.js'
import { load } from '../commands/load.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { ParentKey } from './parent-key.js'

/** TPM2_Create under a parent. */
export function createChild(
  runner: CommandRunner,
  parent: ParentKey,
  template: TpmtPublic,
): Promise<WrappedKey & { readonly creation: Creation }> {
  return parent.use(runner, (loaded) =>
    parent.authorize(runner, loaded, (session) => create(runner, { parent: loaded, session, template })),
  )
}

/** TPM2_Load under a parent. */
export function loadChild(runner: CommandRunner, parent: ParentKey, key: WrappedKey): Promise<NamedEntity> {
  return parent.use(runner, (loaded) =>
    parent.authorize(runner, loaded, (session) => load(runner, { parent: loaded, session, key })),
  )
}

/** TPM2_Import under a parent; returns TPM2B_PRIVATE's content. */
export function importChild(
  runner: CommandRunner,
  parent: ParentKey,
  duplicate: Duplicate,
): Promise<Uint8Array> {
  return parent.use(runner, (loaded) =>
    parent.authorize(runner, loaded, (session) =>
      importObject(runner, { ...duplicate, parent: loaded, session }),
    ),
  )
}
