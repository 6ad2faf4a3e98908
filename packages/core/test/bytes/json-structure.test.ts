import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonStructure } from '../../src/bytes/index.js'

describe('the structure of a JSON text', () => {
  it.each([
    ['1', 0, false],
    ['"{[\\"{"', 0, false],
    ['{}', 1, false],
    ['[[],[[]],{}]', 3, false],
    ['{"a":{"a":[{"a":1}]},"b":"a"}', 4, false],
    ['[{"a":1},{"a":1}]', 2, false],
    ['["a","a"]', 1, false],
    ['{"a":1,"a":1}', 1, true],
    ['{"a":1,"\\u0061" :1}', 1, true],
    ['{"a":{"b":{}},"c":[],\n"a"\n:1}', 3, true],
    ['[{"a\\"":1,"a\\"":2}]', 2, true],
    ['{"__proto__":1,"__proto__":2}', 1, true],
  ])('%s', (text, depth, repeatsName) => {
    expect(readJsonStructure(text)).toEqual({ depth, repeatsName })
  })

  it('repeats no name in what JSON.stringify writes, and has the depth of the value', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map((member) => depthOf(member)))
        : 0
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        expect(readJsonStructure(text)).toEqual({ depth: depthOf(JSON.parse(text)), repeatsName: false })
      }),
    )
  })
})
