import { describe, expect, test } from 'vitest'
import type { Channel } from '../../src/transport/channel.js'
import { openSerialTransport } from '../../src/transport/serial-transport.js'
import { codeOf } from '../code-of.js'

const command = Uint8Array.of(0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x43, 1)
const response = Uint8Array.of(0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0)

function defer(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}

const sound: Channel = {
  usable: () => true,
  write: async () => undefined,
  read: async () => response,
  destroy: async () => undefined,
}

describe('a connection', () => {
  test('that does not come is waited for as long as was said', async () => {
    await expect(
      openSerialTransport({ endpoint: 'e', connectTimeoutMs: 20, open: () => new Promise(() => undefined) }),
    ).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT', { phase: 'connect', milliseconds: 20 }))
  })

  test('that comes too late is given back', async () => {
    const late = defer()
    const destroyed = defer()
    const opening = openSerialTransport({
      endpoint: 'e',
      connectTimeoutMs: 20,
      open: async () => {
        await late.promise
        return {
          ...sound,
          destroy: async () => {
            destroyed.resolve()
          },
        }
      },
    })
    await expect(opening).rejects.toThrow(codeOf('TRANSPORT_TIMEOUT'))
    late.resolve()
    await destroyed.promise
  })

  test('is opened when the last one is gone, and only for a call that still waits', async () => {
    const left = defer()
    let opened = 0
    const transport = await openSerialTransport({
      endpoint: 'e',
      connectTimeoutMs: 20,
      commandTimeoutMs: 20,
      open: async () => {
        opened += 1
        if (opened > 1) return sound
        return { ...sound, read: () => new Promise(() => undefined), destroy: () => left.promise }
      },
    })
    const timeoutIn = (phase: string) => codeOf('TRANSPORT_TIMEOUT', { phase })
    await expect(transport.transmit(command)).rejects.toThrow(timeoutIn('read'))
    await expect(transport.transmit(command)).rejects.toThrow(timeoutIn('connect'))
    await expect(transport.transmit(command)).rejects.toThrow(timeoutIn('connect'))
    expect(opened).toBe(1)
    left.resolve()
    expect(await transport.transmit(command)).toEqual(response)
    expect(opened).toBe(2)
    await transport.close()
  })

  test('that is replaced is told before the next command is sent', async () => {
    const said: string[] = []
    let usable = true
    const transport = await openSerialTransport({
      endpoint: 'e',
      open: async () => ({
        ...sound,
        usable: () => usable,
        write: async () => {
          said.push('command')
        },
      }),
      onReconnect: () => said.push('reconnect'),
    })
    await transport.transmit(command)
    usable = false
    await transport.transmit(command)
    expect(said).toEqual(['command', 'reconnect', 'command'])
    await transport.close()
  })
})
