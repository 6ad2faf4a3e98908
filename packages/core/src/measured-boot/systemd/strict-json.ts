import { readJsonStructure } from '../../bytes/index.js'

/** Why a JSON text is refused, or its value. */
export type StrictJson = { readonly value: unknown } | { readonly refused: string }

/** Reads a JSON text in which no object has a member twice, and in which nothing is nested deeper than `depth`. */
export function readStrictJson(text: string, depth: number): StrictJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { refused: 'no JSON' }
  }
  const structure = readJsonStructure(text)
  if (structure.depth > depth) return { refused: `more than ${depth} levels` }
  return structure.repeatsName ? { refused: 'a member twice' } : { value }
}
