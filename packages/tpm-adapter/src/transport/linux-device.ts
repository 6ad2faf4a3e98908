import { type FileHandle, open } from 'node:fs/promises'
import type { TpmTransport } from '@trusthold/core/ports'
import type { Channel } from './channel.js'
import { openSerialTransport, type TransportTimeouts } from './serial-transport.js'

/** As the kernel's own buffer (TPM_BUFSIZE): old kernels drop what a shorter read leaves over. */
const readLength = 4096

function channelOf(file: FileHandle): Channel {
  return {
    usable: () => true,
    async write(command) {
      // The driver takes each write as one command, so a rest cannot be written afterwards.
      const { bytesWritten } = await file.write(command)
      if (bytesWritten !== command.length) {
        throw new Error(`${bytesWritten} of ${command.length} bytes were written`)
      }
    },
    async read() {
      const buffer = new Uint8Array(readLength)
      const { bytesRead } = await file.read(buffer, 0, readLength, null)
      if (bytesRead === 0) throw new Error('the device has no more to read')
      return buffer.subarray(0, bytesRead)
    },
    destroy() {
      // Closing waits for a read or write that is running in the kernel; nobody has to wait for that.
      file.close().catch(() => undefined)
    },
  }
}

/**
 * Opens a TPM device of Linux. `/dev/tpmrm0` is the one behind the kernel's resource manager: several processes can
 * use it, and what a process leaves behind is flushed when it ends. `/dev/tpm0` takes one process at a time.
 *
 * A command that was given up keeps running in the kernel until the TPM answers; its answer goes to a descriptor that
 * is closed by then.
 * @throws TRANSPORT_FAILED when the device is missing, busy or not allowed to be opened
 */
export function openLinuxDevice(
  path = '/dev/tpmrm0',
  timeouts: TransportTimeouts = {},
): Promise<TpmTransport> {
  return openSerialTransport({
    ...timeouts,
    endpoint: path,
    open: async () => channelOf(await open(path, 'r+')),
  })
}
