/**
 * Carries commands from tpm2-tools (their TCTI `cmd`) to a software TPM, and appends each with its response to a file:
 * `forward.mjs <port> <file>`.
 * @module
 */
import { appendFileSync } from 'node:fs'
import { connect } from 'node:net'

const [port = '', file = ''] = process.argv.slice(2)
const tpm = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })

/**
 * Whole messages from a stream, by their size fields.
 * @param {AsyncIterable<Buffer>} stream
 */
async function* messagesOf(stream) {
  /** @type {Buffer} */
  let received = Buffer.alloc(0)
  for await (const chunk of stream) {
    received = Buffer.concat([received, chunk])
    while (received.length >= 10 && received.length >= received.readUInt32BE(2)) {
      const length = received.readUInt32BE(2)
      yield received.subarray(0, length)
      received = received.subarray(length)
    }
  }
}

const responses = messagesOf(tpm)
for await (const command of messagesOf(process.stdin)) {
  tpm.write(command)
  const { value: response } = await responses.next()
  if (response === undefined) throw new Error('the TPM is gone')
  appendFileSync(
    file,
    `${JSON.stringify({ command: command.toString('hex'), response: response.toString('hex') })}\n`,
  )
  process.stdout.write(response)
}
tpm.destroy()
