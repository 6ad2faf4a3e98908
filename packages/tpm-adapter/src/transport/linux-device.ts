import { type FileHandle, open } from 'node:fs/promises'
import { describeError } from '@trusthold/core/errors'
import type { TpmTransport } from '@trusthold/core/ports'
import type { Channel } from './channel.js'
import { openSerialTransport, type TransportOptions } from './serial-transport.js'

/** As the kernel's own buffer (TPM_BUFSIZE): old kernels drop what a shorter read leaves over. */
const readLength = 4096

/** What the driver means by errors that say something else everywhere else. Linux, drivers/char/tpm. */
const meanings: Readonly<Record<string, string>> = {
  EBUSY: 'another process has the device open, or a system service; /dev/tpmrm0 can be shared',
  ENOMEM: 'the resource manager of the kernel keeps three objects and three sessions for a client, no more',
  ETIME: 'the TPM did not answer the kernel in time',
  EPIPE: 'the TPM is gone or suspended',
}

/** Says what the driver means, where that is known. */
export function explainDeviceError(error: unknown): Error {
  const meaning = meanings[(error as NodeJS.ErrnoException).code ?? '']
  if (meaning === undefined) return error as Error
  return new Error(`${describeError(error)}: ${meaning}`, { cause: error })
}

function channelOf(file: FileHandle): Channel {
  return {
    usable: () => true,
    async write(command) {
      // The driver takes each write as one command, so a rest cannot be written afterwards.
      const { bytesWritten } = await file.write(command).catch((error: unknown) => {
        throw explainDeviceError(error)
      })
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
    // Node closes the descriptor when what is running in the kernel has ended; until then `/dev/tpm0` is taken.
    destroy: () => file.close().catch(() => undefined),
  }
}

/**
 * Opens a TPM device of Linux. `/dev/tpmrm0` is the one behind the kernel's resource manager: several processes can
 * use it, and what a process leaves behind is flushed when its descriptor is closed. `/dev/tpm0` takes one process at a
 * time, and what it leaves behind stays in the TPM.
 *
 * The driver carries a command out within `write` or, for a descriptor that does not block, holds a lock meanwhile
 * that `read` and `poll` wait for. So there is nothing that an event loop could wait on, and each call takes one thread
 * of Node's pool (`UV_THREADPOOL_SIZE`, 4 by default) for as long as the TPM works. Two things follow:
 * - A command that was given up keeps running until the TPM answers or the kernel gives up itself, after two to five
 *   minutes. No other one is started before that, so that a stuck TPM never holds more than one thread; calls in the
 *   meantime end with TRANSPORT_TIMEOUT.
 * - A process that exits within that time ends when the kernel lets go.
 *
 * After a command was given up, another descriptor takes the place of the first one. With it go the sessions and objects
 * that the kernel's resource manager kept for the first one.
 * @throws TRANSPORT_FAILED when the device is missing, busy or not allowed to be opened
 */
export function openLinuxDevice(path = '/dev/tpmrm0', options: TransportOptions = {}): Promise<TpmTransport> {
  return openSerialTransport({
    ...options,
    endpoint: path,
    open: async () =>
      channelOf(
        await open(path, 'r+').catch((error: unknown) => {
          throw explainDeviceError(error)
        }),
      ),
  })
}
