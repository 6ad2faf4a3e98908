import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLinuxDevice } from '../../src/index.js'
import { codeOf } from '../code-of.js'

/**
 * There is no TPM device here. A named pipe stands in: opened for reading and writing it gives back what was written,
 * and a command looks like a response to it. That shows how the device is opened, written, read and closed; it does
 * not show what a kernel driver does about time-outs.
 */
let directory: string
let pipe: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-device-'))
  pipe = join(directory, 'tpm')
  execFileSync('mkfifo', [pipe])
})
afterAll(() => rmSync(directory, { recursive: true }))

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
