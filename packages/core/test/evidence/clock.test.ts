import { describe, expect, it } from 'vitest'
import { type ClockFacts, checkFirmwareVersion, compareBoots } from '../../src/evidence/index.js'

const signer = Uint8Array.of(0, 11, 1)
const before: ClockFacts = {
  clock: 1_000n,
  resetCount: 7,
  restartCount: 2,
  safe: true,
  firmwareVersion: 0x0001_0000_0000_0005n,
  obfuscated: false,
  qualifiedSigner: signer,
}
const change = (after: Partial<ClockFacts>, earlier: Partial<ClockFacts> = {}) =>
  compareBoots({ ...before, ...earlier }, { ...before, ...earlier, ...after }).change

describe('compareBoots', () => {
  it.each<[string, Partial<ClockFacts>, string]>([
    ['the same moment', {}, 'same-boot'],
    ['later', { clock: 1_001n }, 'same-boot'],
    ['earlier', { clock: 999n }, 'rolled-back'],
    ['earlier, and unsafe', { clock: 999n, safe: false }, 'rolled-back'],
    ['after sleep', { restartCount: 3, clock: 1_001n }, 'resumed'],
    [
      'after sleep, the clock went on from a stored value',
      { restartCount: 3, clock: 5n, safe: false },
      'resumed',
    ],
    [
      'after sleep, yet an earlier clock that claims to be safe',
      { restartCount: 3, clock: 5n },
      'rolled-back',
    ],
    ['before the sleep', { restartCount: 1, clock: 1_001n }, 'rolled-back'],
    ['after a reset', { resetCount: 8, restartCount: 0, clock: 1_001n }, 'rebooted'],
    ['after many', { resetCount: 800, restartCount: 0, clock: 1_001n }, 'rebooted'],
    ['after a loss of power', { resetCount: 8, restartCount: 0, clock: 5n, safe: false }, 'rebooted'],
    [
      'after a reset, yet an earlier clock that claims to be safe',
      { resetCount: 8, clock: 5n },
      'rolled-back',
    ],
    ['before the reset', { resetCount: 6, restartCount: 9, clock: 1_001n }, 'rolled-back'],
    ['by another key', { qualifiedSigner: Uint8Array.of(0, 11, 2), clock: 1_001n }, 'another-key'],
    ['by a key whose name starts alike', { qualifiedSigner: Uint8Array.of(0, 11) }, 'another-key'],
  ])('%s', (_, after, expected) => {
    expect(change(after)).toBe(expected)
  })

  it.each([
    ['rebooted', { resetCount: 0xffff_ffff }, { resetCount: 0 }],
    ['rolled-back', { resetCount: 0 }, { resetCount: 0xffff_ffff }],
    ['resumed', { restartCount: 0xffff_fffe }, { restartCount: 1 }],
  ])('tells %s also where a shifted counter passes through zero', (expected, earlier, after) => {
    expect(change(after, { ...earlier, obfuscated: true })).toBe(expected)
  })

  it.each<[bigint, bigint, string]>([
    [5n, 5n, 'same'],
    [5n, 6n, 'newer'],
    [6n, 5n, 'older'],
    [0xffff_ffff_ffff_ffffn, 0n, 'newer'],
  ])('firmware %s, then %s: %s', (earlier, later, expected) => {
    const { firmware } = compareBoots(
      { ...before, firmwareVersion: earlier },
      { ...before, firmwareVersion: later },
    )
    expect(firmware).toBe(expected)
  })

  it('says nothing of the firmware of another key', () => {
    expect(compareBoots(before, { ...before, qualifiedSigner: Uint8Array.of(1) }).firmware).toBeUndefined()
  })
})

describe('checkFirmwareVersion', () => {
  const minimum = before.firmwareVersion
  it.each<[Partial<ClockFacts>, string]>([
    [{}, 'pass'],
    [{ firmwareVersion: minimum + 1n }, 'pass'],
    [{ firmwareVersion: minimum - 1n }, 'fail'],
    [{ firmwareVersion: minimum + 1n, obfuscated: true }, 'unknown'],
    [{ firmwareVersion: minimum + 1n, obfuscated: undefined }, 'unknown'],
  ])('%o: %s', (facts, outcome) => {
    expect(checkFirmwareVersion({ ...before, ...facts }, minimum)).toMatchObject({
      id: 'tpm.firmware-version',
      outcome,
    })
  })
})
