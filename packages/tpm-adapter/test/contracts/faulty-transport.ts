import { setMaxListeners } from 'node:events'
import { connect, type Socket } from 'node:net'
import { TrustholdError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'

/** What can be wrong with a {@link createFaultyTransport}. */
export type TransportFault =
  | 'takes the first piece for the whole'
  | 'does not look at the tag'
  | 'ignores what is too much'
  | 'keeps the command array'
  | 'returns the same array every time'
  | 'serves the newest first'
  | 'gives late answers to the next'
  | 'does not hear aborts'
  | 'does not end calls when closed'
  | 'works on after close'
  | 'forgets who waits'
  | 'keeps a connection that has ended'

/**
 * A second, simpler transport: right without a fault, and wrong in exactly one way with it. `destroy` really ends it.
 */
export function createFaultyTransport(
  port: number,
  fault?: TransportFault,
): { transport: TpmTransport; destroy: () => void } {
  const endpoint = `tcp://127.0.0.1:${port}`
  const queue: (() => void)[] = []
  const shared = new Uint8Array(4096)
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  let busy = false
  let closed = false
  let socket: Socket | undefined

  const malformed = (reason: string): TrustholdError =>
    new TrustholdError('TPM_RESPONSE_MALFORMED', { command: 'command', reason, offset: 0 })

  const isWhole = (bytes: Buffer): boolean => {
    if (fault === 'takes the first piece for the whole') return bytes.length > 0
    if (bytes.length < 10) return false
    const [tag, size] = [bytes.readUInt16BE(0), bytes.readUInt32BE(2)]
    if (fault !== 'does not look at the tag' && tag >> 1 !== 0x4000 && tag !== 0x8002) throw malformed('tag')
    if (size < 10 || size > 65_536) throw malformed('size')
    if (fault !== 'ignores what is too much' && bytes.length > size) throw malformed('trailing')
    return bytes.length >= size
  }

  const connectAgain = (): Socket => {
    const opened = connect({ host: '127.0.0.1', port }).setMaxListeners(0)
    opened.on('error', () => opened.destroy())
    opened.on('close', () => {
      if (socket === opened && fault !== 'keeps a connection that has ended') socket = undefined
    })
    return opened
  }

  const exchange = (command: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      socket ??= connectAgain()
      let bytes = Buffer.alloc(0)
      const onData = (chunk: Buffer): void => {
        bytes = Buffer.concat([bytes, chunk])
        try {
          if (isWhole(bytes)) finish(() => resolve(new Uint8Array(bytes)))
        } catch (error) {
          finish(() => reject(error))
        }
      }
      const onClose = (): void =>
        finish(() =>
          reject(new TrustholdError('TRANSPORT_FAILED', { endpoint, phase: 'read', reason: 'end' })),
        )
      const current = socket
      const finish = (settle: () => void): void => {
        current.off('data', onData).off('close', onClose)
        settle()
      }
      current.on('data', onData).on('close', onClose)
      current.write(command)
    })

  const drop = (): void => {
    socket?.destroy()
    socket = undefined
  }

  const turn = async (): Promise<void> => {
    if (busy && fault !== 'forgets who waits') await new Promise<void>((resolve) => queue.push(resolve))
    busy = true
  }

  const next = (): void => {
    busy = false
    const waiting = fault === 'serves the newest first' ? queue.pop() : queue.shift()
    if (waiting === undefined) return
    busy = true
    waiting()
  }

  const run = async (command: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> => {
    await turn()
    try {
      if (closed) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint })
      if (signal?.aborted) throw new TrustholdError('TRANSPORT_ABORTED', { endpoint })
      return await ended(exchange(command), signal)
    } catch (error) {
      if (fault !== 'gives late answers to the next') drop()
      throw error
    } finally {
      next()
    }
  }

  const ended = (work: Promise<Uint8Array>, signal: AbortSignal | undefined): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const abort = (): void => reject(new TrustholdError('TRANSPORT_ABORTED', { endpoint }))
      const close = (): void => reject(new TrustholdError('TRANSPORT_CLOSED', { endpoint }))
      signal?.addEventListener('abort', abort, { once: true })
      closing.signal.addEventListener('abort', close, { once: true })
      if (closing.signal.aborted) close()
      if (signal?.aborted) abort()
      work.then(resolve, reject)
    })

  const transport: TpmTransport = {
    async transmit(command, { signal } = {}) {
      if (closed) throw new TrustholdError('TRANSPORT_CLOSED', { endpoint })
      const heard = fault === 'does not hear aborts' ? undefined : signal
      if (heard?.aborted) throw new TrustholdError('TRANSPORT_ABORTED', { endpoint })
      const response = await ended(
        run(fault === 'keeps the command array' ? command : command.slice(), heard),
        heard,
      )
      if (fault !== 'returns the same array every time') return response
      shared.set(response)
      return shared.subarray(0, response.length)
    },
    async close() {
      if (fault === 'works on after close') return
      closed = true
      if (fault === 'does not end calls when closed') return
      closing.abort()
      drop()
    },
  }
  return { transport, destroy: drop }
}
