import { handleRanges, isIn } from '../fields/handles.js'
import { permanentAuth } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { nvIndexAt } from '../machine/nv.js'
import { entryAt } from '../machine/objects.js'
import type { AuthRole, Command } from './command.js'

/** Commands that write an NV index by its own authorisation. */
const nvWrites: ReadonlySet<string> = new Set([
  'TPM2_NV_Write',
  'TPM2_NV_Increment',
  'TPM2_NV_SetBits',
  'TPM2_NV_Extend',
  'TPM2_NV_WriteLock',
])

const nvAdministration: ReadonlySet<string> = new Set(['TPM2_NV_ChangeAuth', 'TPM2_NV_UndefineSpaceSpecial'])

/** Whether the authorisation value of an entity may be used for a command. Part 1, section 19.2. */
export function isAuthValueAvailable(
  machine: Machine,
  command: Command,
  handle: number,
  role: AuthRole,
): boolean {
  if (isIn(handleRanges.nvIndex, handle)) {
    const attributes = nvIndexAt(machine, handle)?.publicArea.attributes
    return (nvWrites.has(command.name) ? attributes?.authWrite : attributes?.authRead) ?? false
  }
  const entry = entryAt(machine, handle)
  if (entry === undefined || entry.kind === 'sequence') return true
  const { userWithAuth, adminWithPolicy } = entry.publicArea.objectAttributes
  return entry.sensitive !== undefined && (userWithAuth || (role === 'admin' && !adminWithPolicy))
}

/** Whether nothing but a policy will do. */
export function isPolicyRequired(
  machine: Machine,
  _command: Command,
  handle: number,
  role: AuthRole,
): boolean {
  if (role === 'dup') return true
  if (role !== 'admin') return false
  const entry = entryAt(machine, handle)
  return entry === undefined || (entry.kind === 'object' && entry.publicArea.objectAttributes.adminWithPolicy)
}

/** Whether an entity has a policy for a command. */
export function isPolicyAvailable(machine: Machine, command: Command, handle: number): boolean {
  if (isIn(handleRanges.nvIndex, handle)) {
    const area = nvIndexAt(machine, handle)?.publicArea
    if (area === undefined || area.authPolicy.length === 0) return false
    if (nvAdministration.has(command.name)) return true
    return nvWrites.has(command.name) ? area.attributes.policyWrite : area.attributes.policyRead
  }
  const entry = entryAt(machine, handle)
  if (entry === undefined) return permanentAuth(machine, handle).policy.digest.length > 0
  return entry.kind === 'object' && entry.sensitive !== undefined
}
