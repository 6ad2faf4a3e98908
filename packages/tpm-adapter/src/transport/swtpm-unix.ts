import type { TpmTransport } from '@trusthold/core/ports'
import type { TransportOptions } from './serial-transport.js'
import { connectSwtpm } from './swtpm-tcp.js'

/** What {@link connectSwtpmUnix} takes. */
export interface SwtpmUnixOptions extends TransportOptions {
  /** Of swtpm's data channel, its `--server type=unixio` option. */
  path: string
  /** Of its control channel, its `--ctrl` option: a command that is given up is then cancelled through it. */
  controlPath?: string
}

/**
 * Connects to the data channel of an swtpm on a UNIX socket. swtpm serves one connection at a time: while another
 * client is connected, the first command waits, until it times out.
 * @throws TRANSPORT_FAILED, TRANSPORT_TIMEOUT
 */
export function connectSwtpmUnix({ path, controlPath, ...options }: SwtpmUnixOptions): Promise<TpmTransport> {
  return connectSwtpm({ path }, controlPath === undefined ? undefined : { path: controlPath }, options)
}
