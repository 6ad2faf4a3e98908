import { hash } from 'node:crypto'
import { concatBytes, toHex } from '@trusthold/core/bytes'
import {
  compareLog,
  eventTypes,
  extendPcr,
  initialValue,
  parseEventLog,
  replayEventLog,
} from '@trusthold/core/measured-boot'
import { BaseImageIndex, captureBaseImage, readBaseImage } from '@trusthold/core/policy'
import { loadBoot } from '../test/recordings/load.js'
import type { Benchmark } from './benchmark.js'

const boot = loadBoot('boot-secure')
const log = parseEventLog(boot.eventLog)
const extended = log.events.filter(({ type }) => type !== eventTypes.EV_NO_ACTION).length
const block = new Uint8Array(64)

/** The floor of a replay: node:crypto's fastest way to one SHA-256 of 64 bytes, once for each extended event. */
function hashOnly(): void {
  for (let i = 0; i < extended; i++) hash('sha256', block, 'binary')
}

/** An index with the recorded host's image and others that share no value with it. */
function indexOf(size: number): BaseImageIndex {
  const index = new BaseImageIndex()
  const pcrs = new Map([...boot.pcrs.sha256].filter(([pcr]) => pcr < 10))
  index.add(captureBaseImage({ name: 'recorded', log, bank: 'sha256', pcrs }))
  for (let i = 1; i < size; i++) index.add(otherImage(i, [...pcrs.keys()]))
  return index
}

function otherImage(i: number, pcrs: readonly number[]) {
  const digest = new Uint8Array(32)
  new DataView(digest.buffer).setUint32(0, i)
  const events = [{ digest: toHex(digest), type: 'EV_IPL', description: `EV_IPL 'image ${i}'` }]
  return readBaseImage({
    version: 1,
    name: `image ${i}`,
    bank: 'sha256',
    pcrs: pcrs.map((pcr) => ({
      pcr,
      value: toHex(extendPcr('sha256', initialValue(pcr, 32), [digest])),
      events,
    })),
  })
}

/** Matching must cost the same with ten images and with ten thousand. */
function matching(size: number): Benchmark {
  let index: BaseImageIndex | undefined
  const state = { bank: 'sha256', values: boot.pcrs.sha256 }
  return {
    id: `base-image.match-${size}`,
    run() {
      index ??= indexOf(size)
      if (!index.match(state, log).matched) throw new Error('the recorded host does not match its own image')
    },
  }
}

/** A log of at least 64 KiB: the recorded one's events again and again after its header. */
function longLog(): Uint8Array {
  const events = boot.eventLog.subarray(log.events[1]?.offset)
  const parts = [boot.eventLog]
  for (let length = boot.eventLog.length; length < 64 * 1024; length += events.length) parts.push(events)
  return concatBytes(...parts)
}

const long = longLog()

/** Reading and replaying a recorded log of a boot through shim and GRUB, and a longer one. */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'eventlog.replay',
    run() {
      replayEventLog(log, 'sha256')
    },
    floor: hashOnly,
  },
  {
    id: 'eventlog.judge',
    run() {
      const { differing } = compareLog(parseEventLog(boot.eventLog), 'sha256', boot.pcrs.sha256)
      if (differing.length > 0) throw new Error('the recorded log does not replay')
    },
    floor: hashOnly,
  },
  {
    id: 'eventlog.parse',
    run() {
      parseEventLog(long)
    },
  },
  {
    id: 'eventlog.parse-events',
    run() {
      for (const event of parseEventLog(long).events) {
        if (event.digest('sha256') === undefined && event.extends) throw new Error('an event has no digest')
        if (event.data.length === 0) throw new Error('an event has no data')
      }
    },
  },
  matching(10),
  matching(10_000),
]
