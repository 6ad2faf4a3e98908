/** A connection to a TPM that carries bytes. Errors are the system's own; the transport gives them place and code. */
export interface Channel {
  /** False when the other side is gone or sent bytes that nobody asked for. */
  usable(): boolean
  /** Writes a whole command. */
  write(command: Uint8Array): Promise<void>
  /** At least one byte of what the TPM sends; rejects at the end of the connection. */
  read(): Promise<Uint8Array>
  /**
   * Gives the connection up at once, without waiting for what is running.
   * @returns when the next connection can be opened; does not reject
   */
  destroy(): Promise<void>
}

/** Opens a connection; gives up when the signal says so. */
export type OpenChannel = (signal: AbortSignal) => Promise<Channel>
