import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, type FileHandle, open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TpmTransport } from '@trusthold/core/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLinuxDevice } from '../../src/index.js'
import { explainDeviceError } from '../../src/transport/linux-device.js'
import { codeOf } from '../code-of.js'

/**
 * There is no TPM device here. A named pipe stands in: opened for reading and writing it gives back what was written,
 * and a command looks like a response to it. That shows how the device is opened, written, read and closed; what a
 * kernel driver does is tested in the virtual machine, which has one.
 */
let directory: string
let pipe: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-device-'))
  pipe = join(directory, 'tpm')
  execFileSync('mkfifo', [pipe])
})
afterEach(() => rmSync(directory, { recursive: true }))

const command = (value: number): Uint8Array => Uint8Array.of(0x80, 0x01, 0, 0, 0, 11, 0, 0, 1, 0x43, value)

describe('a device', () => {
  test('gets whole commands and gives whole responses, in order', async () => {
    const transport = await openLinuxDevice(pipe)
    const values = [1, 2, 3, 4, 5]
    const responses = await Promise.all(values.map((value) => transport.transmit(command(value))))
    expect(responses).toEqual(values.map(command))
    await transport.close()
    await expect(transport.transmit(command(6))).rejects.toThrow(codeOf('TRANSPORT_CLOSED'))
  })

  test('that is missing or none is an error', async () => {
    const missing = join(directory, 'missing')
    await expect(openLinuxDevice(missing)).rejects.toThrow(
      codeOf('TRANSPORT_FAILED', { endpoint: missing, phase: 'connect' }),
    )
    await expect(openLinuxDevice(directory)).rejects.toThrow(codeOf('TRANSPORT_FAILED', { phase: 'connect' }))
  })

  test('that has nothing to read is an error', async () => {
    const transport = await openLinuxDevice('/dev/null')
    await expect(transport.transmit(command(1))).rejects.toThrow(
      codeOf('TRANSPORT_FAILED', { phase: 'read' }),
    )
    await transport.close()
  })

  test('that takes no more is an error', async () => {
    const transport = await openLinuxDevice('/dev/full')
    await expect(transport.transmit(command(1))).rejects.toThrow(
      codeOf('TRANSPORT_FAILED', { phase: 'write' }),
    )
    await transport.close()
  })
})

test.each([
  ['EBUSY', /EBUSY.*another process/],
  ['ENOMEM', /ENOMEM.*three objects and three sessions/],
  ['ETIME', /ETIME.*did not answer/],
  ['EPIPE', /EPIPE.*gone or suspended/],
])('%s of the driver is explained', (code, expected) => {
  const error = Object.assign(new Error(`${code}: write`), { code })
  expect(explainDeviceError(error)).toMatchObject({ message: expect.stringMatching(expected), cause: error })
})

test('other errors are left as they are', () => {
  const error = Object.assign(new Error('EACCES: open'), { code: 'EACCES' })
  expect(explainDeviceError(error)).toBe(error)
})

describe('a device that is stuck', () => {
  const pieceLength = 4096
  /** Fills the pipe, so that writing waits in the kernel, as it does while a TPM works; and empties it in the end. */
  let other: FileHandle
  let filled = 0
  beforeEach(async () => {
    other = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    for (filled = 0; await tries(() => other.write(new Uint8Array(pieceLength))); ) filled += pieceLength
  })
  afterEach(() => other.close())

  const tries = (work: () => Promise<unknown>): Promise<boolean> =>
    work().then(
      () => true,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
        return false
      },
    )

  /** Sends a command that does not end, until it is given up. */
  const stick = async (transport: TpmTransport): Promise<void> => {
    const giveUp = new AbortController()
    const stuck = transport.transmit(command(1), { signal: giveUp.signal })
    const refused = expect(stuck).rejects.toThrow(codeOf('TRANSPORT_ABORTED'))
    // Reading a file takes a thread of the pool, so the command has had one by then.
    await readFile('/proc/self/stat')
    giveUp.abort()
    await refused
  }

  /** Takes out what filled the pipe, and then the command that waited. */
  const letGo = async (): Promise<void> => {
    const buffer = new Uint8Array(pieceLength)
    for (let left = filled + command(1).length; left > 0; ) {
      await tries(async () => {
        left -= (await other.read(buffer, 0, Math.min(left, pieceLength))).bytesRead
      })
    }
  }

  test('holds one thread however often it is asked, and works again when it goes on', async () => {
    let reconnected = 0
    const onReconnect = (): void => {
      reconnected += 1
    }
    const transport = await openLinuxDevice(pipe, { connectTimeoutMs: 30, onReconnect })
    await stick(transport)
    for (let attempt = 0; attempt < 8; attempt++) {
      await expect(transport.transmit(command(2))).rejects.toThrow(
        codeOf('TRANSPORT_TIMEOUT', { phase: 'connect', milliseconds: 30 }),
      )
    }
    // Node's pool has four threads: with one for each attempt nothing could be read any more.
    expect((await readFile('/proc/self/stat')).length).toBeGreaterThan(0)
    expect(reconnected).toBe(0)
    await letGo()
    await expect
      .poll(() => transport.transmit(command(3)).catch((error: unknown) => error))
      .toEqual(command(3))
    expect(reconnected).toBe(1)
    await transport.close()
  })

  test('does not keep its transport from being closed', async () => {
    const transport = await openLinuxDevice(pipe)
    await stick(transport)
    await transport.close()
    await expect(transport.transmit(command(2))).rejects.toThrow(codeOf('TRANSPORT_CLOSED'))
    await letGo()
  })
})
