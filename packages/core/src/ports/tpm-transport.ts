/** Options of {@link TpmTransport.transmit}. */
export interface TransmitOptions {
  /** Gives up with TRANSPORT_ABORTED. */
  signal?: AbortSignal
}

/**
 * Carries commands to a TPM.
 *
 * Contract:
 * - `transmit` takes one whole command and returns exactly one whole response: the size field of its header is
 *   honoured over partial reads. What is not a response header gives TPM_RESPONSE_MALFORMED.
 * - One command is in flight at a time; further calls wait in the order in which they came.
 * - After an abort or a time-out a late answer is never taken for the next command's: the transport reconnects or is
 *   closed.
 * - The command array is neither kept nor changed; the response array belongs to the caller.
 * - After `close` calls fail with TRANSPORT_CLOSED, also the one in flight. `close` may be called again.
 */
export interface TpmTransport {
  transmit(command: Uint8Array, options?: TransmitOptions): Promise<Uint8Array>
  close(): Promise<void>
  /**
   * Has a listener called each time when another connection has taken the place of one that was lost or given up: the
   * TPM may have been restarted. It is called before the command is sent that needed the connection, and must not
   * throw. Absent where there is no connection that could be lost.
   */
  onReconnect?(listener: () => void): void
}
