import type { Transport } from '../cluster/index.js'
import { commands, type LocateFilter } from '../commands/index.js'
import { isAtLeast } from '../ttlv/index.js'
import type { CommandRunner, KmipCallOptions } from './command-runner.js'

/** What to look for, page by page. */
export interface PagedFilter extends Omit<LocateFilter, 'maximumItems' | 'offsetItems'> {
  /** Objects that are asked for at once; 100 by default. */
  readonly pageSize?: number
}

/**
 * Looks for objects page by page. Each id comes once, also when objects are made or destroyed meanwhile; one of those
 * may be missed. Before KMIP 1.3 all come in one page. It ends with the first page that has nothing new, so that a
 * server which knows no pages does no harm.
 */
export async function* locateAll(
  runner: CommandRunner,
  transport: Transport,
  { pageSize = 100, ...filter }: PagedFilter,
  call: KmipCallOptions,
): AsyncGenerator<string, void, undefined> {
  if (!isAtLeast(await transport.version(call), '1.3')) {
    yield* await runner.run(commands.locate(filter), call)
    return
  }
  const seen = new Set<string>()
  for (let offsetItems = 0; ; ) {
    const page = commands.locateWithTotal({ ...filter, maximumItems: pageSize, offsetItems })
    const { ids, total } = await runner.run(page, call)
    const fresh = ids.filter((id) => !seen.has(id))
    for (const id of fresh) seen.add(id)
    yield* fresh
    offsetItems += ids.length
    if (fresh.length === 0 || (total !== undefined && offsetItems >= total)) return
  }
}
