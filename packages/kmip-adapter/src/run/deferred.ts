import { setTimeout as delay } from 'node:timers/promises'
import { TrustholdError } from '@trusthold/core/errors'
import type { CallOptions, Exchange, Transport } from '../cluster/index.js'
import {
  type Deferral,
  decodeOutcome,
  decodePolled,
  encodeRequest,
  type HeaderSettings,
  type Outcome,
} from '../messages/index.js'
import { type CancellationResult, cancel, type Operation, poll } from '../operations/index.js'

/** What polling finds: the result, or that there is none yet. */
export type Polled<T> = { readonly done: true; readonly value: T } | { readonly done: false }

/** A command that the server carries out in its own time. */
export interface Deferred<T> {
  /** Asks once for the result. @throws KMIP_RESULT when the command failed */
  poll(call?: CallOptions): Promise<Polled<T>>
  /**
   * Asks for the result again and again, less and less often, until the call's time is over.
   * @throws KMIP_RESULT when the command failed; TRANSPORT_TIMEOUT, TRANSPORT_ABORTED
   */
  result(call?: CallOptions): Promise<T>
  /** Asks the server to give up. `Completed` when it was too late. */
  cancel(call?: CallOptions): Promise<CancellationResult>
}

type Reply = { readonly kind: 'success'; readonly payload: unknown } | Deferral

/** What a {@link Deferred} is made of. */
export interface DeferredOptions<T> {
  readonly transport: Transport
  readonly header: HeaderSettings
  /** Longest response in bytes. */
  readonly maxBytes: number
  /** Time for a call, in milliseconds. */
  readonly callMilliseconds: number
  /** The operation that was deferred. */
  readonly operation: Operation<unknown, unknown>
  /** The first answer, which may be the result already. */
  readonly reply: Reply
  /** Reads the result. */
  read(payload: unknown): T
}

/** Milliseconds: the pause before the second question doubles with each further one. */
const pause = { first: 20, longest: 2_000 }

function pollExchange(
  { operation, header, maxBytes }: DeferredOptions<unknown>,
  asynchronousCorrelationValue: Uint8Array,
): Exchange<Reply> {
  return {
    operation: operation.name,
    repeatable: poll.repeatable,
    encode: (version) => encodeRequest(poll, { asynchronousCorrelationValue }, version, header),
    decode(frame): Outcome<Reply> {
      const answer = decodePolled(operation, frame, { maxBytes })
      return answer.kind === 'failure' ? answer : { kind: 'success', payload: answer }
    },
  }
}

function cancelExchange(
  { header, maxBytes }: DeferredOptions<unknown>,
  asynchronousCorrelationValue: Uint8Array,
): Exchange<CancellationResult> {
  return {
    operation: cancel.name,
    repeatable: cancel.repeatable,
    encode: (version) => encodeRequest(cancel, { asynchronousCorrelationValue }, version, header),
    decode(frame): Outcome<CancellationResult> {
      const outcome = decodeOutcome(cancel, frame, { maxBytes })
      if (outcome.kind === 'failure') return outcome
      return { kind: 'success', payload: outcome.payload.cancellationResult }
    },
  }
}

function timedOut(milliseconds: number): TrustholdError<'TRANSPORT_TIMEOUT'> {
  return new TrustholdError('TRANSPORT_TIMEOUT', {
    endpoint: 'a deferred answer',
    phase: 'read',
    milliseconds,
  })
}

async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch {
    throw new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'a deferred answer' })
  }
}

/**
 * Polls until there is a result.
 * @param milliseconds the time for all of it, which ends at `end` by the clock of `performance`
 */
export async function waitFor<T>(
  deferred: Deferred<T>,
  milliseconds: number,
  end: number,
  { signal }: CallOptions,
): Promise<T> {
  for (let interval = pause.first; ; interval = Math.min(interval * 2, pause.longest)) {
    const left = end - performance.now()
    if (left <= 0) throw timedOut(milliseconds)
    const polled = await deferred.poll({ signal, milliseconds: Math.ceil(left) })
    if (polled.done) return polled.value
    await wait(Math.min(interval, Math.max(0, end - performance.now())), signal)
  }
}

/** Makes the handle on a command that the server may have deferred. */
export function createDeferred<T>(options: DeferredOptions<T>): Deferred<T> {
  const { transport, read, callMilliseconds } = options
  let { reply } = options
  const deferred: Deferred<T> = {
    async poll(call) {
      if (reply.kind === 'deferral') {
        reply = await transport.exchange(pollExchange(options, reply.correlationValue), call)
      }
      return reply.kind === 'success' ? { done: true, value: read(reply.payload) } : { done: false }
    },
    async result(call = {}) {
      const milliseconds = call.milliseconds ?? callMilliseconds
      return await waitFor(deferred, milliseconds, performance.now() + milliseconds, call)
    },
    async cancel(call) {
      if (reply.kind === 'success') return 'Completed'
      return await transport.exchange(cancelExchange(options, reply.correlationValue), call)
    },
  }
  return deferred
}
