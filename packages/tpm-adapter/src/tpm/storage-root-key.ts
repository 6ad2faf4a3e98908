import {
  computeName,
  matchesTemplate,
  permanentHandles,
  srkTemplates,
  type TpmtPublic,
} from '@trusthold/core/tpm2'
import { readAlgorithms, readEccCurves, readHandles } from '../commands/get-capability.js'
import { readPublic } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { type Authority, type LendSalt, withHierarchy } from './authorization.js'
import { kindFacts } from './key-kinds.js'
import { persistentObject } from './loaded-key.js'
import { type ParentKey, storageParent } from './parent-key.js'
import { makePrimaryKey } from './primary-key.js'

/** Where provisioned systems keep it. TCG TPM v2.0 Provisioning Guidance, section 7.8. */
const handle = 0x8100_0001

async function persistentKey(runner: CommandRunner): Promise<ParentKey | undefined> {
  if (!(await readHandles(runner, 'persistent')).includes(handle)) return undefined
  const publicArea = await readPublic(runner, handle)
  const templates: readonly TpmtPublic[] = Object.values(srkTemplates)
  const known = templates.some((template) => matchesTemplate(publicArea, template))
  if (!known) return undefined
  return storageParent(publicArea, persistentObject({ handle, name: computeName(publicArea) }))
}

async function templateFor(runner: CommandRunner): Promise<TpmtPublic> {
  const { algorithm, curve = 0 } = kindFacts('ecc-p256')
  const onCurve = (await readAlgorithms(runner)).has(algorithm) && (await readEccCurves(runner)).has(curve)
  return srkTemplates[onCurve ? 'ecc-p256' : 'rsa-2048']
}

/**
 * Finds the storage root key: the one at its handle, when it is of a template that everyone uses, else the one that the
 * TPM makes from the owner's seed, on P-256 where it can.
 * @param lendSalt lends the key that the session for the owner's password is salted to
 * @throws TPM_RESPONSE when the owner has another password
 */
export async function findStorageRootKey(
  runner: CommandRunner,
  authority: Authority,
  lendSalt: LendSalt,
): Promise<ParentKey> {
  const persistent = await persistentKey(runner)
  if (persistent !== undefined) return persistent
  const { publicArea, object } = await makePrimaryKey(runner, {
    hierarchy: permanentHandles.owner,
    template: await templateFor(runner),
    authorize: (using, work) => withHierarchy(using, authority, 'owner', lendSalt, work),
  })
  return storageParent(publicArea, object)
}
