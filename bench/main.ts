import { parseArgs } from 'node:util'
import { benchmarks as attestation } from './attestation.js'
import type { Benchmark } from './benchmark.js'
import { benchmarks as eventLog } from './eventlog.js'
import { benchmarks as ima } from './ima.js'
import { benchmarks as key } from './key.js'
import { benchmarks as kmipPool } from './kmip-pool.js'
import { benchmarks as kmipServer } from './kmip-server.js'
import { type Measurement, measure } from './measure.js'
import { benchmarks as quote } from './quote.js'
import { benchmarks as token } from './token.js'
import { benchmarks as tpm } from './tpm.js'
import { benchmarks as ttlv } from './ttlv.js'

/** Every benchmark there is: a new module is added here. */
const all: readonly Benchmark[] = [
  ...quote,
  ...eventLog,
  ...ima,
  ...attestation,
  ...token,
  ...key,
  ...ttlv,
  ...tpm,
  ...kmipPool,
  ...kmipServer,
]

const usage = `Usage: npm run bench -- [--only ID,ID] [--rounds N] [--json]

Benchmarks:
${all.map(({ id }) => `  ${id}`).join('\n')}
`

function choose(only: string | undefined): readonly Benchmark[] {
  if (only === undefined) return all
  const ids = only.split(',')
  const unknown = ids.filter((id) => !all.some((benchmark) => benchmark.id === id))
  if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}\n\n${usage}`)
  return all.filter(({ id }) => ids.includes(id))
}

function describe({ id, opsPerSec, floorOpsPerSec, ratio }: Measurement): string {
  const count = (value: number | null): string =>
    value === null ? '-' : Math.round(value).toLocaleString('en')
  const columns = [count(opsPerSec), count(floorOpsPerSec), ratio === null ? '-' : `${ratio.toFixed(2)} x`]
  return id.padEnd(40) + columns.map((text) => text.padStart(14)).join('')
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: '61' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1')
  const chosen = choose(values.only)
  if (!values.json) {
    console.log(`${'benchmark'.padEnd(40)}        ops/s   floor ops/s    cost/floor`)
  }
  const measured: Measurement[] = []
  for (const benchmark of chosen) {
    try {
      const most = Math.min(rounds, benchmark.rounds ?? rounds)
      const measurement = await measure(benchmark, { rounds: most, roundMilliseconds: 30 })
      measured.push(measurement)
      if (!values.json) console.log(describe(measurement))
    } finally {
      await benchmark.close?.()
    }
  }
  if (values.json) console.log(JSON.stringify(measured, null, 2))
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  // What a benchmark that failed has left open would keep the process.
  process.exit(1)
})
