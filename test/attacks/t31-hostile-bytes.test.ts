// T-31: every parser takes or refuses whatever bytes come, with a typed error, in bounded time; `npm run fuzz` goes further.
import { isTrustholdError } from '@trusthold/core/errors'
import { parseJsonObject } from '@trusthold/core/jose'
import { parseSystemdLog } from '@trusthold/core/measured-boot'
import { decodeBaseImage } from '@trusthold/core/policy'
import { readCertificates } from '@trusthold/core/x509'
import { decodeItem } from '@trusthold/kmip-adapter/ttlv'
import { describe, expect, test } from 'vitest'
import { fuzz } from '../fuzz/engine.js'
import { targets } from '../fuzz/targets/index.js'

/** Changed inputs for each parser; those that take long to read get fewer. */
const cases = (name: string): number => (/recorded|image-database|quote\./.test(name) ? 60 : 400)

describe('changed inputs', () => {
  test.each(targets.map((target) => [target.name, target] as const))('%s', async (name, target) => {
    const seeds = target.seeds().length
    const result = await fuzz(target, {
      seed: 31,
      milliseconds: 60_000,
      cases: Math.min(seeds, 100) + cases(name),
    })
    expect(result.finding).toBeUndefined()
    expect(result.cases).toBeGreaterThan(0)
  })
})

describe('nesting without end', () => {
  const deep = 200_000
  const encoder = new TextEncoder()
  const structures = (): Uint8Array => {
    // A KMIP structure in a structure, and so on.
    const levels = 20_000
    const bytes = new Uint8Array(levels * 8)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < levels; i++) {
      view.setUint32(i * 8, 0x4200_7801)
      view.setUint32(i * 8 + 4, (levels - i - 1) * 8)
    }
    return bytes
  }
  /** SEQUENCE in SEQUENCE, each with a length of four bytes. */
  const sequences = (): Uint8Array => {
    const levels = 20_000
    const bytes = new Uint8Array(levels * 6)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < levels; i++) {
      view.setUint16(i * 6, 0x3084)
      view.setUint32(i * 6 + 2, (levels - i - 1) * 6)
    }
    return bytes
  }
  test.each<[string, () => unknown]>([
    ['JSON arrays', () => parseJsonObject(encoder.encode('['.repeat(deep) + ']'.repeat(deep)), 'text')],
    [
      'JSON objects',
      () => parseJsonObject(encoder.encode(`${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`), 'text'),
    ],
    ['a base image', () => decodeBaseImage(encoder.encode('['.repeat(deep) + ']'.repeat(deep)))],
    [
      'a record of systemd',
      () => parseSystemdLog(encoder.encode(`\u001e${'['.repeat(30_000)}${']'.repeat(30_000)}\n`)),
    ],
    ['KMIP structures', () => decodeItem(structures())],
    ['certificates', () => readCertificates(sequences())],
  ])('%s', (_, read) => {
    let thrown: unknown
    try {
      read()
    } catch (error) {
      thrown = error
    }
    expect(isTrustholdError(thrown), String(thrown)).toBe(true)
  })
})
