import type { PrimaryKeyInfo, PrimaryKeyUsage } from '../ports/index.js'

/** What a primary key is used for: new keys are wrapped only under an active one. */
export type PrimaryKeyUse = 'wrap' | 'unwrap'

/** Where a primary key is used: in this process, which fetches it, or in its key server, which it never leaves. */
export type PrimaryKeyMode = 'local' | 'remote'

const statesFor: Readonly<Record<PrimaryKeyUse, readonly PrimaryKeyInfo['state'][]>> = {
  wrap: ['active'],
  unwrap: ['active', 'deactivated'],
}

/** What a key has to be allowed for, one of these: wrapping is done by encryption, in the key server by its own. */
const usageFor: Readonly<Record<PrimaryKeyMode, Record<PrimaryKeyUse, readonly PrimaryKeyUsage[]>>> = {
  local: { wrap: ['wrap-key', 'encrypt'], unwrap: ['unwrap-key', 'decrypt'] },
  remote: { wrap: ['encrypt'], unwrap: ['decrypt'] },
}

/** What keeps a primary key from being used so; undefined when nothing does. */
export function findKeyFault(
  info: PrimaryKeyInfo,
  use: PrimaryKeyUse,
  mode: PrimaryKeyMode,
): string | undefined {
  const { id, algorithm, length, state, usage, extractable } = info
  if (algorithm !== 'AES' || length !== 256)
    return `primary key ${id} is ${algorithm}-${length}, expected AES-256`
  if (!statesFor[use].includes(state)) return `primary key ${id} is ${state}, which does not allow to ${use}`
  if (!usageFor[mode][use].some((one) => usage.includes(one))) {
    return `primary key ${id} may not be used to ${use} keys`
  }
  return mode === 'local' && extractable === false
    ? `primary key ${id} may not leave its key server`
    : undefined
}
