import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ChallengeState,
  ChallengeStates,
  challengeState,
} from '../../src/attestation/challenge-state.js'
import { encodeFindings, type Findings, FindingsReader } from '../../src/attestation/findings.js'
import { SecretBytes, utf8 } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import { random } from '../token/fixtures.js'

const master = SecretBytes.from(new Uint8Array(32).fill(1))
const state: ChallengeState = {
  id: new Uint8Array(16).fill(2),
  expiresAt: 1_800_000_060_000n,
  endorsementKey: new Uint8Array(314).fill(3),
  attestationKey: new Uint8Array(280).fill(5),
  qualifiedNames: [new Uint8Array(34).fill(8), new Uint8Array(34).fill(9)],
  bindingKeyThumbprint: new Uint8Array(32).fill(6),
  nonce: new Uint8Array(32).fill(7),
  activationSecret: new Uint8Array(32).fill(8),
  selection: [{ bank: 'sha256', pcrs: [0, 7] }],
  findings: utf8('{"checks":[]}'),
}
const states = new ChallengeStates(master, random)
const sealed = states.seal(state)
const opened = (master: SecretBytes, bytes: Uint8Array) => new ChallengeStates(master, random).open(bytes)

describe('a sealed state', () => {
  it('opens with the master secret, on any node that has it', () => {
    expect(states.open(sealed)).toEqual(state)
    expect(opened(SecretBytes.from(master.copy()), Uint8Array.from(sealed))).toEqual(state)
    expect(decode(challengeState, encode(challengeState, state))).toEqual(state)
  })

  it('does not open with any other master secret', () => {
    for (const other of [
      new Uint8Array(32),
      new Uint8Array(32).fill(1).with(31, 0),
      new Uint8Array(31).fill(1),
      new Uint8Array(),
    ]) {
      expect(opened(SecretBytes.from(other), sealed)).toBeUndefined()
    }
  })

  it('does not open when any bit of it is changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      if (states.open(changed) !== undefined) throw new Error(`bit ${bit}`)
    }
  })

  it('does not open when it ends early, starts late, or goes on', () => {
    for (let length = 0; length < sealed.length; length++) {
      if (states.open(sealed.subarray(0, length)) !== undefined) throw new Error(`cut to ${length}`)
      if (length > 0 && states.open(sealed.subarray(length)) !== undefined)
        throw new Error(`cut at ${length}`)
    }
    expect(states.open(Uint8Array.of(...sealed, 0))).toBeUndefined()
  })

  it('does not open with parts of another', () => {
    const other = states.seal(state)
    for (const at of [5, 16, 100, sealed.length - 16]) {
      const mixed = Uint8Array.of(...sealed.subarray(0, at), ...other.subarray(at))
      expect(states.open(mixed)).toBeUndefined()
    }
  })

  it('has another key in every hour, on every node the same', () => {
    const later = { ...state, expiresAt: state.expiresAt + 3_600_000n }
    const moved = Uint8Array.of(...states.seal(later).subarray(0, 4), ...sealed.subarray(4))
    expect(moved.subarray(0, 4)).not.toEqual(sealed.subarray(0, 4))
    expect(states.open(moved)).toBeUndefined()
    expect(opened(master, states.seal(later))).toEqual(later)
    for (let hour = 0; hour < 10; hour++) {
      const other = { ...state, expiresAt: BigInt(hour) * 3_600_000n }
      expect(opened(master, states.seal(other))).toEqual(other)
    }
    expect(states.open(sealed)).toEqual(state)
  })

  it('shows nothing of what is in it, and is never the same', () => {
    const seals = new Set(Array.from({ length: 200 }, () => Buffer.from(states.seal(state)).toString('hex')))
    expect(seals.size).toBe(200)
    for (const part of [state.activationSecret, state.nonce, state.attestationKey]) {
      expect(Buffer.from(sealed).includes(Buffer.from(part))).toBe(false)
    }
  })

  it('is undefined, and never an error, for any other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(states.open(bytes)).toBeUndefined()
      }),
    )
  })
})

describe('findings', () => {
  const findings: Findings = {
    checks: [{ id: 'endorsement.key', outcome: 'pass', reason: 'gut \u2028 ä' }],
    endorsement: { keyId: 'ab'.repeat(32), kind: 'rsa-2048', registeredName: 'host 1' },
  }

  it('keep what was found', () => {
    expect(new FindingsReader().read(encodeFindings(findings))).toEqual(findings)
  })

  it('are those of the bytes, whatever was read before, and whatever becomes of the bytes', () => {
    const reader = new FindingsReader()
    const other: Findings = {
      ...findings,
      endorsement: { ...findings.endorsement, registeredName: 'host 2' },
    }
    const bytes = encodeFindings(findings)
    expect(reader.read(bytes)).toEqual(findings)
    bytes.set(encodeFindings(other))
    expect(reader.read(bytes)).toEqual(other)
    expect(reader.read(encodeFindings(findings))).toEqual(findings)
  })
})
