import type { Clock } from '@trusthold/core/ports'
import type { Node } from './node.js'

/** In which order servers are asked. */
export interface Order {
  /**
   * The servers for one call: those that work, as they were given, then the others, the one that failed longest ago
   * first. What becomes half-open is tried apart from the calls as long as another server works.
   */
  next(): readonly Node[]
  /**
   * Puts a server that carried out a change before the others for a while: they may not have heard of it yet.
   */
  prefer(node: Node): void
}

/** How long others may take to hear of a change, in milliseconds. */
const replicationMilliseconds = 10_000

/**
 * Makes an order.
 * @param nodes in the user's order
 * @param tryAgain finds out whether a server works again; its circuit's trial is claimed
 */
export function createOrder(nodes: readonly Node[], clock: Clock, tryAgain: (node: Node) => void): Order {
  let preferred: { readonly node: Node; readonly since: number } | undefined

  const isPreferred = (node: Node): boolean => {
    if (preferred?.node !== node) return false
    const age = clock.now() - preferred.since
    return age >= 0 && age < replicationMilliseconds
  }

  return {
    next() {
      const working = nodes.filter(({ circuit }) => circuit.state === 'closed')
      const failed = nodes
        .filter(({ circuit }) => circuit.state !== 'closed')
        .sort((a, b) => (a.circuit.failedAt ?? 0) - (b.circuit.failedAt ?? 0))
      if (working.length > 0) {
        for (const node of failed) if (node.circuit.claimTrial()) tryAgain(node)
      }
      return [...working.filter(isPreferred), ...working.filter((node) => !isPreferred(node)), ...failed]
    },
    prefer(node) {
      preferred = { node, since: clock.now() }
    },
  }
}
