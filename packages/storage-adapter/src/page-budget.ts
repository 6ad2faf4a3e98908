/** Most value bytes that one page or one report of changes gathers, unless a single value is larger: 4 MiB. */
const pageBytes = 4 * 1024 * 1024

/**
 * How many of the values, from the first on, fit into one page. At least one does, so that reading gets on.
 * @param sizes lengths of the values in bytes
 * @param limit most values of a page
 */
export function fitPage(sizes: readonly number[], limit: number): number {
  let bytes = 0
  let count = 0
  for (const size of sizes.slice(0, limit)) {
    bytes += size
    if (count > 0 && bytes > pageBytes) break
    count += 1
  }
  return count
}
