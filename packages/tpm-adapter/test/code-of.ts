import { expect } from 'vitest'

/** An error of this code whose context has at least these members. */
export function codeOf(code: string, context: Record<string, unknown> = {}): unknown {
  return expect.objectContaining({ code, context: expect.objectContaining(context) as unknown })
}
