import type { RandomSource } from '@trusthold/core/ports'
import { describe, expect, test } from 'vitest'
import { createCircuit } from '../../src/cluster/circuit.js'
import { movableClock } from '../scripted-server.js'

const byte = (value: number): RandomSource => ({ bytes: (length) => new Uint8Array(length).fill(value) })

function open(random = byte(0)) {
  const clock = movableClock()
  return { clock, circuit: createCircuit({ clock, random }) }
}

describe('a circuit', () => {
  test('is closed at first, and after each answer', () => {
    const { circuit } = open()
    expect([circuit.state, circuit.failedAt, circuit.lastError]).toEqual(['closed', undefined, undefined])
    const error = new Error('down')
    circuit.fail(error)
    expect(circuit.state).toBe('open')
    circuit.succeed()
    expect([circuit.state, circuit.failedAt, circuit.lastError]).toEqual(['closed', undefined, error])
  })

  test('opens for a second, then for twice as long each time, up to a minute', () => {
    const { clock, circuit } = open()
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      circuit.fail(new Error('down'))
      clock.time += seconds * 1_000 - 1
      expect(circuit.state).toBe('open')
      clock.time += 1
      expect(circuit.state).toBe('half-open')
    }
    circuit.succeed()
    circuit.fail(new Error('down'))
    clock.time += 1_000
    expect(circuit.state).toBe('half-open')
  })

  test('opens for up to half the time less, by chance', () => {
    const { clock, circuit } = open(byte(255))
    circuit.fail(new Error('down'))
    clock.time += 501
    expect(circuit.state).toBe('open')
    clock.time += 1
    expect(circuit.state).toBe('half-open')
  })

  test('counts the calls that fail together once', () => {
    const { clock, circuit } = open()
    for (let i = 0; i < 30; i++) circuit.fail(new Error(String(i)))
    expect(circuit.lastError).toEqual(new Error('0'))
    clock.time += 1_000
    expect(circuit.state).toBe('half-open')
  })

  test('lets one try it again at a time', () => {
    const { clock, circuit } = open()
    expect(circuit.claimTrial()).toBe(false)
    circuit.fail(new Error('down'))
    expect(circuit.claimTrial()).toBe(false)
    clock.time += 1_000
    expect([circuit.claimTrial(), circuit.claimTrial()]).toEqual([true, false])
    circuit.returnTrial()
    expect([circuit.claimTrial(), circuit.claimTrial()]).toEqual([true, false])
    circuit.fail(new Error('down'))
    clock.time += 2_000
    expect(circuit.claimTrial()).toBe(true)
  })

  test('keeps no server away for longer when the clock is set back', () => {
    const { clock, circuit } = open()
    circuit.fail(new Error('down'))
    clock.time -= 86_400_000
    expect(circuit.state).toBe('half-open')
  })
})
