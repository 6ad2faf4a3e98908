import { describeError, isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import { createByteReader } from './byte-reader.js'
import { limit, type Phase } from './limit.js'
import { endpointOf, openSocketChannel, type SocketAddress } from './socket-channel.js'

/** Both ends of a connection that lasts for one question. */
export interface Conversation {
  write(bytes: Uint8Array): Promise<void>
  /** Exactly so many bytes. */
  take(length: number): Promise<Uint8Array>
}

/** Where and how long one talks. */
export interface ConversationOptions {
  address: SocketAddress
  /** For everything from connecting to the end. */
  timeoutMs: number
}

/**
 * Connects, talks and hangs up. Servers of this kind serve one client at a time, so that a connection which is kept
 * would lock everybody else out.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT, and what `talk` throws with a code
 */
export async function holdConversation<T>(
  { address, timeoutMs }: ConversationOptions,
  talk: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  const endpoint = endpointOf(address)
  const over = new AbortController()
  let phase: Phase = 'connect'
  const work = async (): Promise<T> => {
    const channel = await openSocketChannel(address, over.signal)
    over.signal.addEventListener('abort', () => void channel.destroy(), { once: true })
    const { take } = createByteReader(() => channel.read())
    return await talk({
      write(bytes) {
        phase = 'write'
        return channel.write(bytes)
      },
      take(length) {
        phase = 'read'
        return take(length)
      },
    })
  }
  try {
    const time = { milliseconds: timeoutMs, phase: () => phase }
    return await limit(work(), { endpoint, signal: undefined, closing: over.signal, time })
  } catch (error) {
    if (isTrustholdError(error)) throw error
    const reason = describeError(error)
    throw new TrustholdError('TRANSPORT_FAILED', { endpoint, phase, reason }, { cause: error })
  } finally {
    over.abort()
  }
}
