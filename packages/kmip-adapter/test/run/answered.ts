import { expect } from 'vitest'
import { aesGcm, type Command } from '../../src/commands/index.js'
import type { KmipVersion } from '../../src/ttlv/index.js'
import { plain, secret } from '../items.js'
import { scriptRunner, success } from './scripted-transport.js'

export const protocol = expect.objectContaining({ code: 'KMIP_PROTOCOL' })
export const unsupported = expect.objectContaining({
  code: 'KMIP_RESULT',
  context: expect.objectContaining({ kind: 'unsupported' }),
})

/** Runs a command against one answer. */
export function answered<T>(command: Command<T>, payload: object, version: KmipVersion = '1.4'): Promise<T> {
  return scriptRunner(version, () => [success(command.operation.name, payload)]).runner.run(command)
}

/** The payload that a command sends. */
export async function sent(
  command: Command<unknown>,
  version: KmipVersion,
  answer: object = {},
): Promise<unknown> {
  const { runner, requests } = scriptRunner(version, () => [success(command.operation.name, answer)])
  await runner.run(command).catch(() => undefined)
  return requests[0]?.batchItem?.[0]?.requestPayload
}

export const id = { uniqueIdentifier: '7' }
export const raw = { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1) } } as const
export const gcm = { parameters: aesGcm, iv: new Uint8Array(12) }
export const encrypted = { data: plain(1), iv: plain(2), tag: new Uint8Array(16).fill(3) }

export const invalid = expect.objectContaining({ code: 'ARGUMENT_INVALID' })
