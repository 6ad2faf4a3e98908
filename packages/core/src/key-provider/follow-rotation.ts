import { TrustholdError } from '../errors/index.js'
import type { KeyServer } from '../ports/index.js'

/** Rotations that are followed at once; a yearly one for a century. */
const longestChain = 100

/**
 * The id of the key at the end of a chain of replacements; the key itself when nothing replaces it.
 * @throws PROVIDER_UNUSABLE when the chain comes back to a key or does not end, and what the key server throws
 */
export async function findLatestKey(
  keyServer: Pick<KeyServer, 'describe'>,
  provider: string,
  id: string,
): Promise<string> {
  const seen = new Set<string>()
  let next: string | undefined = id
  let last = id
  while (next !== undefined) {
    if (seen.has(next) || seen.size > longestChain) {
      const reason = `the replacements of primary key ${id} do not end: they come to ${next}`
      throw new TrustholdError('PROVIDER_UNUSABLE', { provider, reason })
    }
    seen.add(next)
    last = next
    next = (await keyServer.describe(next)).replacedBy
  }
  return last
}
