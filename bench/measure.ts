import type { Benchmark } from './benchmark.js'

/** What was measured. Operations per second of wall time; null where the benchmark has neither floor nor peer. */
export interface Measurement {
  readonly id: string
  readonly opsPerSec: number
  readonly floorOpsPerSec: number | null
  /** Wall time of an operation over that of its floor. */
  readonly ratio: number | null
}

/** How long and how often is measured. */
export interface MeasureOptions {
  /** Rounds; operation and floor take turns, and the median of their ratios counts. */
  readonly rounds: number
  /** Milliseconds that one round should take: short ones, so that what else the machine does meets both sides. */
  readonly roundMilliseconds: number
}

/** Runs an operation so many times. */
type Loop = (times: number) => void | Promise<void>

const inFlight = 32

/** How long an operation runs before it is measured at least, so that it is compiled. */
const warmUpMilliseconds = 500

/** Measures one benchmark: asynchronous operations and floors with 32 in flight, synchronous ones one by one. */
export async function measure(benchmark: Benchmark, options: MeasureOptions): Promise<Measurement> {
  const run = await loopOf(() => benchmark.run())
  const floor = benchmark.floor === undefined ? undefined : await loopOf(() => benchmark.floor?.())
  const runTimes = await calibrate(run, options.roundMilliseconds)
  const floorTimes = floor === undefined ? 0 : await calibrate(floor, options.roundMilliseconds)
  const runCosts: number[] = []
  const floorCosts: number[] = []
  const ratios: number[] = []
  for (let round = 0; round < options.rounds; round++) {
    const runCost = (await time(run, runTimes)) / runTimes
    runCosts.push(runCost)
    if (floor === undefined) continue
    const floorCost = (await time(floor, floorTimes)) / floorTimes
    floorCosts.push(floorCost)
    ratios.push(runCost / floorCost)
  }
  const cost = median(runCosts)
  const floorCost = benchmark.peer !== undefined ? 1000 / (await benchmark.peer()) : medianOrNull(floorCosts)
  return {
    id: benchmark.id,
    opsPerSec: 1000 / cost,
    floorOpsPerSec: floorCost === null ? null : 1000 / floorCost,
    ratio: medianOrNull(ratios) ?? (floorCost === null ? null : cost / floorCost),
  }
}

async function loopOf(work: () => void | Promise<void>): Promise<Loop> {
  const result = work()
  await result
  return result instanceof Promise ? concurrently(work) : oneByOne(work)
}

function oneByOne(work: () => unknown): Loop {
  return (times) => {
    for (let i = 0; i < times; i++) work()
  }
}

function concurrently(work: () => void | Promise<void>): Loop {
  return async (times) => {
    let left = times
    const worker = async (): Promise<void> => {
      while (left-- > 0) await work()
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
  }
}

async function time(loop: Loop, times: number): Promise<number> {
  const start = performance.now()
  await loop(times)
  return performance.now() - start
}

/** Warms up and finds how many operations fill a round, and no fewer than are in flight. */
async function calibrate(loop: Loop, milliseconds: number): Promise<number> {
  let times = inFlight
  for (;;) {
    const spent = await time(loop, times)
    if (spent >= warmUpMilliseconds) return Math.max(inFlight, Math.round((times * milliseconds) / spent))
    times *= 2
  }
}

/** Null where nothing was measured. */
function medianOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
