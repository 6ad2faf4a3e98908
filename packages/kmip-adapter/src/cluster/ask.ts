import { isTrustholdError } from '@trusthold/core/errors'
import type { Scope } from '../connection/index.js'
import { asFinal, isOver, isServersFault, mayAskElsewhere, summarize } from './failover.js'
import type { Node } from './node.js'

/**
 * Work with a server.
 * @param ask is called when the caller's request is sent: nothing was asked before
 */
export type Work<T> = (node: Node, ask: () => void) => Promise<T>

/** Keeps in mind what a call's end says about the server. */
function noteFailure(node: Node, error: unknown, asked: boolean): void {
  if (isOver(error)) node.circuit.returnTrial()
  else if (!asked || isServersFault(error)) node.circuit.fail(error)
  else if (isTrustholdError(error, 'KMIP_RESULT')) node.circuit.succeed()
  else node.circuit.returnTrial()
}

/** Does work with a server, and keeps in mind what its end says about the server. */
async function askOne<T>(node: Node, work: (ask: () => void) => Promise<T>): Promise<T> {
  let asked = false
  try {
    const answer = await work(() => {
      asked = true
    })
    node.circuit.succeed()
    return answer
  } catch (error) {
    noteFailure(node, error, asked)
    throw error
  }
}

/** Lets calls that wait for a connection to a server that failed try one that works. */
function turnAwayFromFailed(nodes: readonly Node[]): void {
  const states = nodes.map(({ circuit }) => circuit.state)
  if (!states.includes('closed')) return
  for (const [i, node] of nodes.entries()) if (states[i] === 'open') node.turnAway()
}

/**
 * Does work with the first server that answers.
 * @param nodes in the order in which they are asked
 * @param repeatable whether the work may be done with another server after one may have done it
 */
export async function askFirst<T>(
  nodes: readonly Node[],
  repeatable: boolean,
  scope: Scope,
  work: Work<T>,
): Promise<{ node: Node; answer: T }> {
  const failures: unknown[] = []
  for (const node of nodes) {
    let asked = false
    try {
      const answer = await askOne(node, (ask) =>
        work(node, () => {
          asked = true
          ask()
        }),
      )
      return { node, answer }
    } catch (error) {
      turnAwayFromFailed(nodes)
      const mayRepeat = repeatable || !asked
      if (scope.over || !mayAskElsewhere(error, mayRepeat)) throw mayRepeat ? error : asFinal(error)
      failures.push(error)
    }
  }
  throw summarize(failures)
}

/**
 * Does work with every server, and resolves to the answers of those that gave one.
 * @throws the error that tells most, when none did
 */
export async function askEach<T>(nodes: readonly Node[], scope: Scope, work: Work<T>): Promise<readonly T[]> {
  const ends = await Promise.allSettled(nodes.map((node) => askOne(node, (ask) => work(node, ask))))
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  const over = failures.find(isOver)
  if (over !== undefined) throw over
  const isIncomplete = scope.over && failures.length > 0
  if (isIncomplete || failures.length === nodes.length) throw summarize(failures)
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
}
