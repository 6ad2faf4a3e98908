import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requestMessage, responseMessage } from '@trusthold/kmip-adapter'
import { decodeMessage, encodeMessage } from '@trusthold/kmip-adapter/ttlv'
import type { Benchmark } from './benchmark.js'

interface Recording {
  readonly pairs: {
    readonly get: { readonly response: string }
    readonly create_aes256: { readonly request: string }
  }
}

const recording = new URL('../packages/kmip-adapter/test/recordings/pykmip-1.4.json', import.meta.url)
const { pairs } = JSON.parse(readFileSync(recording, 'utf8')) as Recording

/** A Get response of 280 bytes, with an AES-256 key, as PyKMIP sent it; hexadecimal. */
const getResponseHex: string = pairs.get.response
const getResponse = new Uint8Array(Buffer.from(getResponseHex, 'hex'))

/** A Create request of 368 bytes, for an AES-256 key with a name, as PyKMIP sent it; hexadecimal. */
const createRequestHex: string = pairs.create_aes256.request
const createRequest = decodeMessage(requestMessage, new Uint8Array(Buffer.from(createRequestHex, 'hex')))

/** Reading KMIP messages into their types, and writing them for a version. */
export const benchmarks: Benchmark[] = [
  {
    id: 'ttlv.decode.get',
    run() {
      decodeMessage(responseMessage, getResponse)
    },
    peer: () => measurePyKmip('decode-get', getResponseHex),
  },
  {
    id: 'ttlv.encode.create',
    run() {
      encodeMessage(requestMessage, createRequest, '1.4')
    },
    peer: () => measurePyKmip('encode-create', createRequestHex),
  },
]

/**
 * How often PyKMIP's own codec does the same with a message in a second on this machine.
 * @param hex the message
 * @param seconds how long to measure
 * @returns operations per second
 * @throws when the system's Python or PyKMIP is not installed
 */
async function measurePyKmip(
  work: 'decode-get' | 'encode-create',
  hex: string,
  seconds = 2,
): Promise<number> {
  const script = fileURLToPath(new URL('pykmip-codec.py', import.meta.url))
  const command = ['-W', 'ignore', script, work, hex, String(seconds)]
  const { stdout } = await promisify(execFile)('/usr/bin/python3', command)
  return Number(stdout)
}
