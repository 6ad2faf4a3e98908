import { hash } from 'node:crypto'
import { continueImaLog, type ImaReplayState, matchImaLog, parseImaLog } from '@trusthold/core/measured-boot'
import { imaList } from '@trusthold/core/testing'
import type { Benchmark } from './benchmark.js'

const entries = 100_000
/** Entries that a host with all these adds between two attestations. */
const added = 100

/** A list as a busy host has it, and the hashing that no replay of it can do without. */
interface Subject {
  readonly list: Uint8Array
  readonly value: Uint8Array
  /** Verified up to the last entries. */
  readonly state: ImaReplayState
}

function makeSubject(): Subject {
  const builder = imaList()
  builder.bootAggregate()
  for (let i = 1; i < entries; i++) {
    builder.file(`/usr/lib/x86_64-linux-gnu/package-${i % 1000}/libshared-${i}.so`, {
      template: i % 2 === 0 ? 'ima-ng' : 'ima-sig',
    })
  }
  const { binary, steps } = builder.build()
  const early = matchImaLog(parseImaLog(binary), 'sha256', steps.at(-1 - added) ?? new Uint8Array())
  if (!early.matched || early.count !== entries - added) throw new Error('the list does not match')
  return { list: binary, value: steps.at(-1) ?? new Uint8Array(), state: early.state }
}

let made: Subject | undefined
function subject(): Subject {
  made ??= makeSubject()
  return made
}

/** As long as what the kernel hashes of such an entry. */
const templateData = new Uint8Array(110)
const block = new Uint8Array(64)

/** The floor of a replay: for each entry its template hash, and the extension of the PCR. */
function hashOnly(count: number): void {
  for (let i = 0; i < count; i++) {
    hash('sha256', templateData, 'binary')
    hash('sha256', block, 'binary')
  }
}

/** From the bytes of the list to the entries that the quoted PCR proves. */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'ima.replay',
    run() {
      const { list, value } = subject()
      const match = matchImaLog(parseImaLog(list), 'sha256', value)
      if (!match.matched || match.count !== entries) throw new Error('the list does not match')
    },
    floor: () => hashOnly(entries),
  },
  {
    id: 'ima.replay-added',
    run() {
      const { list, value, state } = subject()
      const match = matchImaLog(continueImaLog(list, state), 'sha256', value, { state })
      if (!match.matched || match.count !== entries) throw new Error('the list does not match')
    },
    floor: () => hashOnly(added),
  },
]
