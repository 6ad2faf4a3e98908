import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { TrustholdError } from '@trusthold/core/errors'
import { describe, expect, it } from 'vitest'
import { instrument } from '../../scripts/fuzz/instrument.mjs'
import { fuzz, shrink, tryInput } from './engine.js'
import type { FuzzTarget } from './target.js'
import { targets } from './targets/index.js'

const regressions = new URL('regressions/', import.meta.url)

/** What earlier runs found for a target, by file. */
const foundFor = (name: string): readonly (readonly [string, Uint8Array])[] => {
  const folder = new URL(`${name}/`, regressions)
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((file) => [file, Uint8Array.from(readFileSync(new URL(file, folder)))])
}

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  it('takes or refuses its seeds, and what was found before', async () => {
    for (const seed of target.seeds()) expect(await tryInput(target, seed)).toBeUndefined()
    for (const [file, input] of foundFor(name)) {
      expect(await tryInput(target, input), file).toBeUndefined()
    }
  })
})

it('every regression is of a target that there is', () => {
  const folders = existsSync(regressions) ? readdirSync(regressions) : []
  expect(targets.map(({ name }) => name)).toEqual(expect.arrayContaining(folders))
})

/** Fails on inputs that begin with four certain bytes; without a hint on the way there, nobody finds them. */
const hidden: FuzzTarget = {
  name: 'hidden',
  seeds: () => [new Uint8Array(8)],
  run(bytes) {
    for (const [i, byte] of [7, 0xff, 0x40].entries()) {
      if (bytes[i] !== byte)
        throw new TrustholdError('ARGUMENT_INVALID', { name: 'bytes', reason: String(i) })
      globalThis.__branch?.(i + 1)
    }
    throw new RangeError('found')
  },
}

describe('the fuzzer', () => {
  const limits = { seed: 1, milliseconds: 60_000, cases: 2_000_000 }

  it('follows the branches to what is hidden behind them, and leaves out what is not needed', async () => {
    const { finding, cases } = await fuzz(hidden, limits)
    expect(finding?.error).toBeInstanceOf(RangeError)
    expect(cases).toBeLessThan(limits.cases)
    expect(await shrink(hidden, finding?.input ?? new Uint8Array())).toEqual(Uint8Array.of(7, 0xff, 0x40))
  })

  it('tries the same for the same seed', async () => {
    const tried = async (seed: number) => {
      const inputs: string[] = []
      const target = { ...hidden, run: (bytes: Uint8Array) => void inputs.push(bytes.join()) }
      await fuzz(target, { ...limits, seed, cases: 200 })
      return inputs
    }
    expect(await tried(5)).toEqual(await tried(5))
    expect(await tried(5)).not.toEqual(await tried(6))
  })

  it('takes refusals of ours for right, also later ones, and nothing else', async () => {
    const refusal = new TrustholdError('ARGUMENT_INVALID', { name: 'bytes', reason: 'bad' })
    const throwing = (error: unknown): FuzzTarget => ({
      name: 'throwing',
      seeds: () => [],
      run() {
        throw error
      },
    })
    const rejecting = (error: Error): FuzzTarget => ({ ...throwing(error), run: () => Promise.reject(error) })
    expect(await tryInput(throwing(refusal), new Uint8Array())).toBeUndefined()
    expect(await tryInput(rejecting(refusal), new Uint8Array())).toBeUndefined()
    expect(await tryInput(throwing(new RangeError('x')), new Uint8Array())).toBeInstanceOf(RangeError)
    expect(await tryInput(rejecting(new RangeError('x')), new Uint8Array())).toBeInstanceOf(RangeError)
    expect(await tryInput(throwing(undefined), new Uint8Array())).toBeInstanceOf(Error)
  })
})

describe('the branches of a source', () => {
  it.each([
    ['if (a) b()', 'if (a) { __branch(0); b() }'],
    ['if (a) return b && c', 'if (a) { __branch(0); return b && (__branch(1), c) }'],
    ['const f = (x: X): Y => { go() }', 'const f = (x: X): Y => { __branch(0); go() }'],
    ['const v = a ? b ?? c : d', 'const v = a ? (__branch(0), b ?? (__branch(2), c)) : (__branch(1), d)'],
    ['for (const x of y) z(x)', 'for (const x of y) { __branch(0); z(x) }'],
    [
      'if (a) { b() } else if (c) d(); else e()',
      'if (a) { __branch(0); b() } else if (c) { __branch(1); d(); } else { __branch(2); e() }',
    ],
    [
      'switch (a) { case 1: case 2: b(); default: }',
      'switch (a) { case 1: case 2: __branch(0); b(); default: }',
    ],
    ['type A = B extends C ? D : E', 'type A = B extends C ? D : E'],
  ])('%s', (source, expected) => {
    let count = 0
    expect(instrument(source, 'a.ts', () => count++)).toBe(expected)
  })
})
