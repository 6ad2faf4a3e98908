import type { TpmTransport } from '@trusthold/core/ports'
import { openSerialTransport, type TransportTimeouts } from './serial-transport.js'
import { openSocketChannel } from './socket-channel.js'

/** What {@link connectSwtpmTcp} takes. */
export interface SwtpmTcpOptions extends TransportTimeouts {
  /** `127.0.0.1` by default. The data channel is neither encrypted nor authenticated. */
  host?: string
  /** Of swtpm's data channel, its `--server` option. */
  port: number
}

/**
 * Connects to the data channel of an swtpm on a TCP port. swtpm serves one connection at a time: while another client
 * is connected, the first command waits, until it times out.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT
 */
export function connectSwtpmTcp(options: SwtpmTcpOptions): Promise<TpmTransport> {
  const { host = '127.0.0.1', port, ...timeouts } = options
  return openSerialTransport({
    ...timeouts,
    endpoint: `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`,
    open: (signal) => openSocketChannel({ host, port }, signal),
  })
}
