/**
 * A shell on a serial port of a guest. Each line is a script in base64; the answer is what it wrote and how it ended.
 * @module
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

const [ready, standardError, end] = ['SHELL READY', 'SHELL STDERR', 'SHELL END']

/** The guest's side: the last lines of its init. @param {string} port */
export const serveShell = (port) => `stty -F ${port} raw -echo
exec < ${port} > ${port} 2> /dev/console
echo '${ready}'
while read -r script; do
  echo "$script" | base64 -d > /run/script
  sh /run/script > /run/stdout 2> /run/stderr < /dev/null
  code=$?
  base64 /run/stdout
  echo '${standardError}'
  base64 /run/stderr
  echo "${end} $code"
done
exec sleep 100000`

/** A line that a port takes at once: the terminal of a guest that is busy keeps no more. */
const longestLine = 4_000

/**
 * @typedef {{ code: number, stdout: string, stderr: string }} Ended
 * @typedef {{ run: (script: string) => Promise<Ended>, close: () => void }} SerialShell `run` runs a shell script, one
 *   at a time
 */

/**
 * The host's side: waits until the guest is there.
 * @param {string} path of the UNIX socket that the port is connected to
 * @param {{ failure: () => string | undefined, timeoutMs: number }} options `failure` tells why nothing will come any
 *   more; time for the guest to be there, and for each script
 * @returns {Promise<SerialShell>}
 */
export async function openSerialShell(path, { failure, timeoutMs }) {
  const socket = await connectWhenThere(path, failure, timeoutMs)
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()

  /** @param {(line: string) => boolean} isLast @returns {Promise<string[]>} the lines up to that one, and it */
  const readUntil = async (isLast) => {
    const timer = setTimeout(
      () => socket.destroy(new Error(`the guest said nothing more in ${timeoutMs} ms`)),
      timeoutMs,
    )
    try {
      /** @type {string[]} */
      const read = []
      for (;;) {
        const { value, done } = await lines.next()
        if (done === true) throw new Error(failure() ?? 'the guest is gone')
        read.push(value.trim())
        if (isLast(value.trim())) return read
      }
    } finally {
      clearTimeout(timer)
    }
  }

  try {
    await readUntil((line) => line === ready)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return {
    async run(script) {
      const line = Buffer.from(script).toString('base64')
      if (line.length > longestLine) throw new Error(`a script of ${script.length} characters is too long`)
      socket.write(`${line}\n`)
      const answer = await readUntil((each) => each.startsWith(`${end} `))
      const middle = answer.indexOf(standardError)
      const text = (/** @type {string[]} */ part) => Buffer.from(part.join(''), 'base64').toString()
      return {
        code: Number(answer.at(-1)?.slice(end.length)),
        stdout: text(answer.slice(0, middle)),
        stderr: text(answer.slice(middle + 1, -1)),
      }
    },
    close: () => socket.destroy(),
  }
}

/**
 * @param {string} path
 * @param {() => string | undefined} failure
 * @param {number} timeoutMs
 */
async function connectWhenThere(path, failure, timeoutMs) {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const socket = connect({ path })
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      const reason = failure()
      if (reason !== undefined) throw new Error(reason, { cause: error })
      if (Date.now() > deadline) throw error
      await delay(20)
    }
  }
}
