import { objectAttributes, type TpmtPublic } from '@trusthold/core/tpm2'
import { create, flushContext, load, type NamedEntity, passwordSession } from '../../src/commands/index.js'
import type { LiveTpm } from '../live-tpm.js'

/** What is sealed in these tests: long enough to be found in traffic by nothing else. */
export const plain = new TextEncoder().encode('the secret that must not be seen')

/** Template of a sealed object, usable with its password or under a policy. */
export function sealTemplate(authPolicy?: Uint8Array): TpmtPublic {
  return {
    type: 'keyedhash',
    nameAlg: 'sha256',
    objectAttributes: objectAttributes(
      'fixedTPM',
      'fixedParent',
      'noDA',
      ...(authPolicy === undefined ? (['userWithAuth'] as const) : []),
    ),
    authPolicy: authPolicy ?? new Uint8Array(),
    parameters: { scheme: { scheme: 'null' } },
    unique: new Uint8Array(),
  }
}

/** Lends a loaded sealed object, and forgets what crossed the bus when it was made. */
export async function withSealed<T>(
  { runner, srk, traffic }: LiveTpm,
  { authValue, authPolicy }: { authValue?: Uint8Array; authPolicy?: Uint8Array },
  work: (item: NamedEntity) => Promise<T>,
): Promise<T> {
  const session = passwordSession()
  const template = sealTemplate(authPolicy)
  const key = await create(runner, {
    parent: srk,
    session,
    template,
    data: plain,
    ...(authValue ? { authValue } : {}),
  })
  const item = await load(runner, { parent: srk, session, key })
  traffic.length = 0
  try {
    return await work(item)
  } finally {
    await flushContext(runner, item.handle)
  }
}

/** Whether the bytes crossed the bus since then. */
export function crossed({ traffic }: LiveTpm, bytes: Uint8Array): boolean {
  return traffic.some(({ command, response }) =>
    [command, response].some((message) => Buffer.from(message).includes(Buffer.from(bytes))),
  )
}
