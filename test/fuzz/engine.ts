import { isTrustholdError } from '@trusthold/core/errors'
import { mutate } from './mutate.js'
import { seededRandom } from './random.js'
import type { FuzzTarget } from './target.js'

/** How long a run may take: whichever comes first. */
export interface FuzzLimits {
  readonly seed: number
  readonly milliseconds: number
  readonly cases: number
}

/** What a run found. */
export interface FuzzResult {
  readonly cases: number
  /** Inputs that lead where none before did; the seeds are among them. */
  readonly corpus: number
  /** Branches of the code that were reached; 0 when they are not counted. */
  readonly branches: number
  /** The first input that is a finding, with what was thrown. */
  readonly finding?: { readonly input: Uint8Array; readonly error: unknown }
}

/** Counts the branches that inputs reach. The bundler puts calls of `__branch` into the code. */
interface Coverage {
  readonly seen: Set<number>
  fresh: boolean
}

declare global {
  // The instrumented code calls it by this name.
  var __branch: ((branch: number) => void) | undefined
}

function countBranches(): Coverage {
  const coverage: Coverage = { seen: new Set(), fresh: false }
  const reached = new Uint8Array(1 << 20)
  globalThis.__branch = (branch) => {
    if (reached[branch] === 1) return
    reached[branch] = 1
    coverage.seen.add(branch)
    coverage.fresh = true
  }
  return coverage
}

/** Undefined when an input is taken or refused as it should be, otherwise what is wrong; or a promise of it. */
export function tryInput(target: FuzzTarget, input: Uint8Array): unknown {
  try {
    // A copy: what a parser does to its input is not to change the corpus.
    return target.run(input.slice())?.then(() => undefined, judge)
  } catch (error) {
    return judge(error)
  }
}

const judge = (error: unknown): unknown =>
  isTrustholdError(error) ? undefined : (error ?? new Error('nothing was thrown as an error'))

/**
 * Tries one input after the other: first the seeds, then changed ones, made of those that led to new places.
 * @param current is told each input before it is tried, for a watcher that cannot wait for the end
 */
export async function fuzz(
  target: FuzzTarget,
  limits: FuzzLimits,
  current: (input: Uint8Array, cases: number) => void = () => undefined,
): Promise<FuzzResult> {
  const coverage = countBranches()
  const random = seededRandom(limits.seed)
  const seeds = target.seeds()
  const corpus: Uint8Array[] = [...seeds]
  const deadline = performance.now() + limits.milliseconds
  let cases = 0
  const state = () => ({ cases, corpus: corpus.length, branches: coverage.seen.size })
  while (cases < limits.cases && (cases % 64 !== 0 || performance.now() < deadline)) {
    const seed = seeds[cases]
    // New finds more often than old ones: they are where the unknown begins.
    const recent = random.below(2) === 0 ? Math.max(0, corpus.length - 16) : 0
    const parent = corpus[recent + random.below(corpus.length - recent)] ?? new Uint8Array(0)
    const input = seed ?? mutate(parent, random, corpus)
    cases++
    current(input, cases)
    coverage.fresh = false
    let error = tryInput(target, input)
    if (error instanceof Promise) error = await error
    if (error !== undefined) return { ...state(), finding: { input, error } }
    if (coverage.fresh && seed === undefined) corpus.push(input)
  }
  return state()
}

/** Leaves out of an input what the finding does not need. */
export async function shrink(target: FuzzTarget, input: Uint8Array): Promise<Uint8Array> {
  let smallest = input
  for (let size = Math.max(1, input.length >> 1); size >= 1; size >>= 1) {
    for (let start = 0; start + size <= smallest.length; ) {
      const shorter = new Uint8Array([...smallest.subarray(0, start), ...smallest.subarray(start + size)])
      if ((await tryInput(target, shorter)) === undefined) start += size
      else smallest = shorter
    }
  }
  return smallest
}
