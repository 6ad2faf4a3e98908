/** What JSON.parse does not tell of a text that it accepts. */
export interface JsonStructure {
  /** How deep arrays and objects are nested; 0 for a text without any. */
  readonly depth: number
  /** Whether an object has a member twice: two readers could see two different objects. RFC 8259, section 4. */
  readonly repeatsName: boolean
}

/** Strings, and what opens and closes arrays and objects; a colon after a string makes it a member's name. */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs

/** Looks at the nesting and the member names of a text that JSON.parse accepts. */
export function readJsonStructure(text: string): JsonStructure {
  const open: (Set<string> | undefined)[] = []
  let depth = 0
  let repeatsName = false
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{') depth = Math.max(depth, open.push(new Set()))
    else if (token === '[') depth = Math.max(depth, open.push(undefined))
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      // A name can be spelled with escapes.
      const name = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string
      const names = open.at(-1)
      if (names?.has(name) === true) repeatsName = true
      names?.add(name)
    }
  }
  return { depth, repeatsName }
}
