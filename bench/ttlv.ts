import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { responseMessage } from '@trusthold/kmip-adapter'
import { decodeMessage } from '@trusthold/kmip-adapter/ttlv'
import type { Benchmark } from './benchmark.js'

interface Recording {
  readonly pairs: { readonly get: { readonly response: string } }
}

const recording = new URL('../packages/kmip-adapter/test/recordings/pykmip-1.4.json', import.meta.url)

/** A Get response of 280 bytes, with an AES-256 key, as PyKMIP sent it; hexadecimal. */
const getResponseHex: string = (JSON.parse(readFileSync(recording, 'utf8')) as Recording).pairs.get.response

const getResponse = new Uint8Array(Buffer.from(getResponseHex, 'hex'))

/** Reading KMIP messages into their types. */
export const benchmarks: Benchmark[] = [
  {
    id: 'ttlv.decode.get',
    run() {
      decodeMessage(responseMessage, getResponse)
    },
    peer: () => measurePyKmipDecode(getResponseHex),
  },
]

/**
 * How often PyKMIP's own decoder reads a response in a second on this machine: the peer of `ttlv.decode.get`.
 * @param hex the response
 * @param seconds how long to measure
 * @returns operations per second
 * @throws when the system's Python or PyKMIP is not installed
 */
async function measurePyKmipDecode(hex: string, seconds = 2): Promise<number> {
  const script = fileURLToPath(new URL('pykmip-decode.py', import.meta.url))
  const { stdout } = await promisify(execFile)('/usr/bin/python3', [
    '-W',
    'ignore',
    script,
    hex,
    String(seconds),
  ])
  return Number(stdout)
}
