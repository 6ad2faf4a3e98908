import { TrustholdError } from '@trusthold/core/errors'
import type { CallOptions, Exchange, Transport } from '../cluster/index.js'
import { type Command, lastObject } from '../commands/index.js'
import {
  type BatchSettings,
  type Deferral,
  decodeAnswer,
  encodeRequest,
  type HeaderSettings,
  itemIdOf,
  type Outcome,
  requireSubject,
} from '../messages/index.js'
import { type BatchResults, batchExchange, readReplies } from './batch.js'
import { createDeferred, type Deferred, waitFor } from './deferred.js'
import { readAnswer } from './read-answer.js'

/** What a runner needs besides the transport. */
export interface RunnerSettings extends Pick<HeaderSettings, 'credentials' | 'maximumResponseSize'> {
  /** Longest response in bytes. */
  readonly maxBytes: number
  /** Time for a call, in milliseconds. */
  readonly callMilliseconds: number
}

/** Options of every call of a client. */
export interface KmipCallOptions extends CallOptions {
  /** Names the request in the server's log. KMIP 1.4 and later; not sent before. */
  readonly clientCorrelationValue?: string
}

/** Sends commands and reads what they come to. */
export interface CommandRunner {
  /** Sends a command; when the server defers its answer, waits for it within the call's time. */
  run<T>(command: Command<T>, call?: KmipCallOptions): Promise<T>
  /** Sends several commands in one message. */
  batch<const C extends readonly Command<unknown>[]>(
    commands: C,
    call?: KmipCallOptions & BatchSettings,
  ): Promise<BatchResults<C>>
  /** Sends a command whose answer the server may defer. */
  defer<T>(command: Command<T>, call?: KmipCallOptions): Promise<Deferred<T>>
}

function requireAlone(command: Command<unknown>): void {
  if (command.subject !== lastObject) return
  const reason = 'only commands of a batch can be about the object before'
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'id', reason })
}

/** The answer that the command waits for, or the server's word that it comes later. */
export type Reply = { readonly kind: 'success'; readonly payload: unknown } | Deferral

function exchangeOf(
  command: Command<unknown>,
  message: number,
  header: HeaderSettings,
  maxBytes: number,
): Exchange<Reply> {
  const { operation } = command
  const itemId = itemIdOf(message)
  return {
    operation: operation.name,
    repeatable: operation.repeatable,
    encode: (version) => encodeRequest(operation, command.request(version), version, { ...header, itemId }),
    decode(frame): Outcome<Reply> {
      const answer = decodeAnswer(operation, frame, { maxBytes, itemId })
      if (answer.kind === 'failure') return answer
      if (answer.kind === 'success') requireSubject(operation, command.subject, answer.payload)
      return { kind: 'success', payload: answer }
    },
  }
}

/** Makes a runner over a transport. */
export function createRunner(transport: Transport, settings: RunnerSettings): CommandRunner {
  const { maxBytes, callMilliseconds, credentials, maximumResponseSize } = settings
  let messages = 0
  const nextMessage = (): number => {
    messages = (messages + 1) % 2 ** 32
    return messages
  }

  const headerOf = ({ clientCorrelationValue }: KmipCallOptions): HeaderSettings => ({
    ...(credentials === undefined ? {} : { credentials }),
    ...(maximumResponseSize === undefined ? {} : { maximumResponseSize }),
    ...(clientCorrelationValue === undefined ? {} : { clientCorrelationValue }),
  })

  const send = (command: Command<unknown>, call: KmipCallOptions, deferrable: boolean): Promise<Reply> => {
    requireAlone(command)
    const header = { ...headerOf(call), deferrable }
    return transport.exchange(exchangeOf(command, nextMessage(), header, maxBytes), call)
  }

  const finish = <T>(command: Command<T>, payload: unknown): T => {
    const { subject } = command
    return readAnswer(command, subject === lastObject ? undefined : subject, payload)
  }

  return {
    async run(command, call = {}) {
      const milliseconds = call.milliseconds ?? callMilliseconds
      const end = performance.now() + milliseconds
      const reply = await send(command, call, false)
      if (reply.kind === 'success') return finish(command, reply.payload)
      const deferred = deferredOf(command, reply)
      return await waitFor(deferred, milliseconds, end, call)
    },
    async batch(commands, call = {}) {
      const message = nextMessage()
      const header = {
        ...headerOf(call),
        ...(call.onFailure === undefined ? {} : { onFailure: call.onFailure }),
      }
      const replies = await transport.exchange(batchExchange(commands, message, header, maxBytes), call)
      return readReplies(commands, replies)
    },
    async defer(command, call = {}) {
      const reply = await send(command, call, true)
      return deferredOf(command, reply)
    },
  }

  function deferredOf<T>(command: Command<T>, reply: Reply): Deferred<T> {
    return createDeferred({
      transport,
      header: headerOf({}),
      maxBytes,
      callMilliseconds,
      operation: command.operation,
      reply,
      read: (payload) => finish(command, payload),
    })
  }
}
