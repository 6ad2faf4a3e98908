import type { TpmTransport } from '@trusthold/core/ports'
import { openSerialTransport, type TransportOptions } from './serial-transport.js'
import { endpointOf, openSocketChannel, type SocketAddress } from './socket-channel.js'
import { openSwtpmControl } from './swtpm-control.js'

/** What {@link connectSwtpmTcp} takes. */
export interface SwtpmTcpOptions extends TransportOptions {
  /** `127.0.0.1` by default. The data channel is neither encrypted nor authenticated. */
  host?: string
  /** Of swtpm's data channel, its `--server` option. */
  port: number
  /** Of its control channel, its `--ctrl` option: a command that is given up is then cancelled through it. */
  controlPort?: number
}

/** Connects to an swtpm, wherever its channels are. */
export function connectSwtpm(
  data: SocketAddress,
  control: SocketAddress | undefined,
  options: TransportOptions,
): Promise<TpmTransport> {
  const { connectTimeoutMs: timeoutMs = 10_000 } = options
  return openSerialTransport({
    ...options,
    ...(control === undefined
      ? {}
      : { cancel: () => openSwtpmControl(control, { timeoutMs }).cancelCommand() }),
    endpoint: endpointOf(data),
    open: (signal) => openSocketChannel(data, signal),
  })
}

/**
 * Connects to the data channel of an swtpm on a TCP port. swtpm serves one connection at a time: while another client
 * is connected, the first command waits, until it times out.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT
 */
export function connectSwtpmTcp(options: SwtpmTcpOptions): Promise<TpmTransport> {
  const { host = '127.0.0.1', port, controlPort, ...rest } = options
  const control = controlPort === undefined ? undefined : { host, port: controlPort }
  return connectSwtpm({ host, port }, control, rest)
}
