import { parentPort, workerData } from 'node:worker_threads'
import { fuzz, shrink } from './engine.js'
import { targets } from './targets/index.js'

/** What the runner tells a worker. */
interface Task {
  readonly name: string
  readonly seed: number
  readonly milliseconds: number
  readonly cases: number
  /** The input that is being tried, for the runner when it takes too long: its length, how many there were, its bytes. */
  readonly current: SharedArrayBuffer
}

const { name, current, ...limits } = workerData as Task
const target = targets.find((one) => one.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)
const head = new Int32Array(current, 0, 2)
const bytes = new Uint8Array(current, 8)
const result = await fuzz(target, limits, (input, cases) => {
  bytes.set(input)
  head[0] = input.length
  head[1] = cases
})
const { finding } = result
const report =
  finding === undefined
    ? result
    : {
        ...result,
        finding: {
          input: finding.input,
          shortest: await shrink(target, finding.input),
          error: finding.error instanceof Error ? (finding.error.stack ?? '') : String(finding.error),
        },
      }
parentPort?.postMessage(report)
