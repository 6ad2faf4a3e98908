/** Whether a path fits a pattern. */
export type PathPattern = (path: string) => boolean

/**
 * A pattern for paths: exactly its text, with at most one `*` in it, which stands for any characters, none and slashes
 * included. Matching takes time proportional to the pattern's length, whatever the path.
 * @returns undefined for a pattern that is empty or has more than one `*`
 */
export function pathPattern(pattern: string): PathPattern | undefined {
  const [start = '', end, more] = pattern.split('*')
  if (pattern === '' || more !== undefined) return undefined
  if (end === undefined) return (path) => path === start
  const least = start.length + end.length
  return (path) => path.length >= least && path.startsWith(start) && path.endsWith(end)
}
