/** Why a JSON text is refused, or its value. */
export type StrictJson = { readonly value: unknown } | { readonly refused: string }

/** Strings, and what opens and closes arrays and objects; a colon after a string makes it a member's name. */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs

/**
 * Reads a JSON text in which no object has a member twice, since two readers could otherwise see two different objects,
 * and in which nothing is nested deeper than `depth`.
 */
export function readStrictJson(text: string, depth: number): StrictJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { refused: 'no JSON' }
  }
  const open: (Set<string> | undefined)[] = []
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string
      const names = open.at(-1)
      if (names?.has(name) === true) return { refused: 'a member twice' }
      names?.add(name)
    }
    if (open.length > depth) return { refused: `more than ${depth} levels` }
  }
  return { value }
}
