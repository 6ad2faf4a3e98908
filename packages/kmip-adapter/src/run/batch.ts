import { TrustholdError } from '@trusthold/core/errors'
import type { Exchange } from '../cluster/index.js'
import { type Command, type CommandResult, lastObject } from '../commands/index.js'
import {
  type Answer,
  type BatchSettings,
  decodeBatch,
  encodeBatch,
  type HeaderSettings,
  itemIds,
  protocolError,
  toResultError,
  type Unanswered,
  wipeSecrets,
} from '../messages/index.js'
import { readAnswer } from './read-answer.js'

/** What each command of a batch came to, in their order. */
export type BatchResults<C extends readonly Command<unknown>[]> = {
  -readonly [K in keyof C]: PromiseSettledResult<CommandResult<C[K]>>
}

type Reply = Answer<unknown> | Unanswered

function invalid(reason: string): TrustholdError<'ARGUMENT_INVALID'> {
  return new TrustholdError('ARGUMENT_INVALID', { name: 'commands', reason })
}

/** Whether a command leaves an object that later ones of the batch can mean. */
function leavesObject({ operation }: Command<unknown>): boolean {
  return operation.about === 'newObject' || operation.name === 'Locate' || operation.name === 'Import'
}

/**
 * Makes sure that a batch has commands, and that each which means the object before has one: after a failure, that
 * would be an earlier one.
 * @throws ARGUMENT_INVALID
 */
function requireBatch(commands: readonly Command<unknown>[], { onFailure }: BatchSettings): void {
  if (commands.length === 0) throw invalid('a batch needs one command at least')
  if (onFailure === 'Continue' && commands.some(({ subject }) => subject === lastObject)) {
    throw invalid('a batch that goes on after a failure has no last object')
  }
  const first = commands.findIndex(leavesObject)
  const dangling = commands.findIndex(({ subject }) => subject === lastObject)
  if (dangling !== -1 && (first === -1 || dangling <= first)) {
    throw invalid(`no command before number ${dangling} makes or finds the object that it is about`)
  }
}

/** The message for a batch, and the reading of its answer. */
export function batchExchange(
  commands: readonly Command<unknown>[],
  message: number,
  settings: HeaderSettings & BatchSettings,
  maxBytes: number,
): Exchange<readonly Reply[]> {
  requireBatch(commands, settings)
  const ids = itemIds(message, commands.length)
  const operations = commands.map(({ operation }) => operation)
  const stops = (settings.onFailure ?? 'Stop') === 'Stop'
  return {
    operation: (operations[0] as Command<unknown>['operation']).name,
    repeatable: operations.every(({ repeatable }) => repeatable),
    encode: (version) => encodeBatch(commands, ids, version, settings),
    decode: (frame) => decodeBatch(operations, ids, frame, stops, { maxBytes }),
  }
}

/** The object that an answer leaves for later commands; undefined when it is none or not known. */
function leftObject(payload: unknown): string | undefined {
  const { uniqueIdentifier, privateKeyUniqueIdentifier } = payload as Readonly<Record<string, unknown>>
  const left: unknown = Array.isArray(uniqueIdentifier) ? uniqueIdentifier.at(-1) : uniqueIdentifier
  return [left, privateKeyUniqueIdentifier].find((id): id is string => typeof id === 'string')
}

function replyError(
  { operation }: Command<unknown>,
  reply: Exclude<Reply, { kind: 'success' }>,
): TrustholdError {
  switch (reply.kind) {
    case 'failure':
      return toResultError(operation.name, reply.failure)
    case 'deferral':
      return protocolError(operation.name, 'the server defers its answer, which was not asked for')
    case 'missing':
      return protocolError(operation.name, 'the batch has no answer to it')
    case 'skipped': {
      const reason = 'an earlier command of the batch failed'
      const context = { operation: operation.name, status: 'not carried out', reason, kind: 'other' } as const
      return new TrustholdError('KMIP_RESULT', context)
    }
  }
}

/**
 * The object that a command was about.
 * @throws KMIP_PROTOCOL when that is the last one and there was none: the server took some other
 */
function subjectOf(
  { operation, subject }: Command<unknown>,
  last: string | undefined,
  payload: unknown,
): string | undefined {
  if (subject !== lastObject) return subject
  if (last !== undefined) return last
  wipeSecrets(payload)
  throw protocolError(operation.name, 'no earlier command left the object that it is about')
}

/** Reads the answers to a batch, each by its command. */
export function readReplies<const C extends readonly Command<unknown>[]>(
  commands: C,
  replies: readonly Reply[],
): BatchResults<C> {
  let last: string | undefined
  const results = commands.map((command, i): PromiseSettledResult<unknown> => {
    const reply = replies[i] as Reply
    if (reply.kind !== 'success') {
      if (leavesObject(command)) last = undefined
      return { status: 'rejected', reason: replyError(command, reply) }
    }
    try {
      const value = readAnswer(command, subjectOf(command, last, reply.payload), reply.payload)
      if (leavesObject(command)) last = leftObject(reply.payload)
      return { status: 'fulfilled', value }
    } catch (reason) {
      if (leavesObject(command)) last = undefined
      return { status: 'rejected', reason }
    }
  })
  return results as BatchResults<C>
}
