import type { KeyServer } from '@trusthold/core/ports'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { kmip } from '../../src/key-server/index.js'
import {
  clientOptions,
  createIdentities,
  openStage,
  response,
  type Script,
  type ScriptedRequest,
  type Stage,
  type TestIdentities,
} from '../scripted-server.js'

export let identities: TestIdentities
export let stage: Stage

/** Makes certificates for the file's tests, and ends after each what it opened. */
export function useStage(): void {
  beforeAll(async () => {
    identities = await createIdentities()
  })
  beforeEach(() => {
    stage = openStage(identities)
  })
  afterEach(() => stage.end())
  afterAll(() => identities.remove())
}

export type Answer = (request: ScriptedRequest) => Uint8Array | undefined
export type Item = Parameters<typeof response>[0][number]

export const success = (operation: string, responsePayload: Record<string, unknown>): Uint8Array =>
  response([{ operation, resultStatus: 'Success', responsePayload } as Item])
export const refused = (operation: string, resultReason: string): Uint8Array =>
  response([{ operation, resultStatus: 'OperationFailed', resultReason } as Item])
export const broken: Answer = ({ socket }) => {
  socket.destroy()
  return undefined
}
export const about = (operation: string, uniqueIdentifier: string): Uint8Array =>
  success(operation, { uniqueIdentifier })

export interface State {
  readonly state?: string
  readonly more?: readonly { readonly name: string; readonly value: unknown }[]
}
export const attributesOf = (id: string, { state = 'Active', more = [] }: State = {}): Uint8Array =>
  success('GetAttributes', {
    uniqueIdentifier: id,
    attribute: [
      { name: 'State', value: state },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
      { name: 'CryptographicUsageMask', value: 0x3c },
      ...more,
    ],
  })

/** A key server over scripted ones, by version 1.4 unless told otherwise. */
export function keyServerOf(
  ports: readonly number[],
  options: Parameters<typeof kmip>[0] = { version: '1.4' },
): KeyServer {
  const { tls } = clientOptions(identities, [])
  const keyServer = kmip(options)({
    servers: ports.map((port) => ({ name: `node-${port}`, host: '127.0.0.1', port })),
    ...tls,
    timeoutSeconds: 20,
  })
  stage.onEnd(() => keyServer.close())
  return keyServer
}

/** Answers each operation by the next of its answers, and by the last of them from then on. */
export function answering(answers: Readonly<Record<string, readonly Answer[]>>): Script {
  const counts = new Map<unknown, number>()
  return (request) => {
    const given = answers[request.operation]
    const count = counts.get(request.operation) ?? 0
    counts.set(request.operation, count + 1)
    return given?.[Math.min(count, given.length - 1)]?.(request)
  }
}

export const operationsOf = ({ requests }: { requests: readonly ScriptedRequest[] }): unknown[] =>
  requests.map(({ operation }) => operation)
