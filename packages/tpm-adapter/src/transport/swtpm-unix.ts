import type { TpmTransport } from '@trusthold/core/ports'
import { openSerialTransport, type TransportTimeouts } from './serial-transport.js'
import { openSocketChannel } from './socket-channel.js'

/** What {@link connectSwtpmUnix} takes. */
export interface SwtpmUnixOptions extends TransportTimeouts {
  /** Of swtpm's data channel, its `--server type=unixio` option. */
  path: string
}

/**
 * Connects to the data channel of an swtpm on a UNIX socket. swtpm serves one connection at a time: while another
 * client is connected, the first command waits, until it times out.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT
 */
export function connectSwtpmUnix({ path, ...timeouts }: SwtpmUnixOptions): Promise<TpmTransport> {
  return openSerialTransport({
    ...timeouts,
    endpoint: `unix:${path}`,
    open: (signal) => openSocketChannel({ path }, signal),
  })
}
