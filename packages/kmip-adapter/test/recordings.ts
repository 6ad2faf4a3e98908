import { readFileSync } from 'node:fs'
import { fromHex } from '@trusthold/core/bytes'

/** A request and what the server sent back; null when it never answered. */
export interface RecordedPair {
  readonly request: string
  readonly response: string | null
}

const versions = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0'] as const

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`recordings/${name}.json`, import.meta.url), 'utf8'))
}

/** The pairs that a PyKMIP client and server exchanged, by version and name. */
export const recordedByVersion = Object.fromEntries(
  versions.map((version) => [version, (load(`pykmip-${version}`) as { pairs: unknown }).pairs]),
) as Readonly<Record<(typeof versions)[number], Readonly<Record<string, RecordedPair>>>>

/** The pairs of raw requests, many of them wrong on purpose. */
export const recordedProbes = load('pykmip-probe') as Readonly<Record<string, RecordedPair>>

/** Requests of the probes that are not well-formed TTLV. */
export const malformedProbes: ReadonlySet<string> = new Set([
  'nonzero_padding',
  'struct_len_short',
  'inner_len_overrun',
  'huge_length_claim',
])

/** Every well-formed message: where it is from, and its hexadecimal text. */
export const recordedMessages: readonly (readonly [label: string, hex: string])[] = [
  ...Object.entries(recordedByVersion).flatMap(([version, pairs]) =>
    Object.entries(pairs).map(([name, pair]) => [`${version} ${name}`, pair] as const),
  ),
  ...Object.entries(recordedProbes).map(([name, pair]) => [`probe ${name}`, pair] as const),
].flatMap(([label, { request, response }]) => {
  const isMalformed = malformedProbes.has(label.replace('probe ', ''))
  const messages: [string, string][] = []
  if (!isMalformed) messages.push([`${label} request`, request])
  if (response !== null) messages.push([`${label} response`, response])
  return messages
})

/** The bytes of a recorded message. */
export function recorded(
  version: (typeof versions)[number],
  name: string,
  part: 'request' | 'response',
): Uint8Array {
  return fromHex(recordedByVersion[version][name]?.[part] ?? '')
}
