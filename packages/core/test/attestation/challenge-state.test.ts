import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ChallengeState,
  challengeState,
  openState,
  sealState,
} from '../../src/attestation/challenge-state.js'
import { decodeFindings, encodeFindings, type Findings } from '../../src/attestation/findings.js'
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
const sealed = sealState(master, state, random)

describe('a sealed state', () => {
  it('opens with the master secret, on any node that has it', () => {
    expect(openState(master, sealed)).toEqual(state)
    expect(openState(SecretBytes.from(master.copy()), Uint8Array.from(sealed))).toEqual(state)
    expect(decode(challengeState, encode(challengeState, state))).toEqual(state)
  })

  it('does not open with any other master secret', () => {
    for (const other of [
      new Uint8Array(32),
      new Uint8Array(32).fill(1).with(31, 0),
      new Uint8Array(31).fill(1),
      new Uint8Array(),
    ]) {
      expect(openState(SecretBytes.from(other), sealed)).toBeUndefined()
    }
  })

  it('does not open when any bit of it is changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      if (openState(master, changed) !== undefined) throw new Error(`bit ${bit}`)
    }
  })

  it('does not open when it ends early, starts late, or goes on', () => {
    for (let length = 0; length < sealed.length; length++) {
      if (openState(master, sealed.subarray(0, length)) !== undefined) throw new Error(`cut to ${length}`)
      if (length > 0 && openState(master, sealed.subarray(length)) !== undefined)
        throw new Error(`cut at ${length}`)
    }
    expect(openState(master, Uint8Array.of(...sealed, 0))).toBeUndefined()
  })

  it('does not open with parts of another', () => {
    const other = sealState(master, state, random)
    for (const at of [1, 16, 100, sealed.length - 16]) {
      const mixed = Uint8Array.of(...sealed.subarray(0, at), ...other.subarray(at))
      expect(openState(master, mixed)).toBeUndefined()
    }
  })

  it('shows nothing of what is in it, and is never the same', () => {
    const seals = new Set(
      Array.from({ length: 200 }, () => Buffer.from(sealState(master, state, random)).toString('hex')),
    )
    expect(seals.size).toBe(200)
    for (const part of [state.activationSecret, state.nonce, state.attestationKey]) {
      expect(Buffer.from(sealed).includes(Buffer.from(part))).toBe(false)
    }
  })

  it('is undefined, and never an error, for any other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openState(master, bytes)).toBeUndefined()
      }),
    )
  })
})

it('findings keep what was found', () => {
  const findings: Findings = {
    checks: [{ id: 'endorsement.key', outcome: 'pass', reason: 'gut \u2028 ä' }],
    endorsement: { keyId: 'ab'.repeat(32), kind: 'rsa-2048', registeredName: 'host 1' },
  }
  expect(decodeFindings(encodeFindings(findings))).toEqual(findings)
})
