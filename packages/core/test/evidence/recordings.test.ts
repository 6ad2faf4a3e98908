import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootNames, loadBoot, loadRecording, recordingNames } from '../../../../test/recordings/load.js'
import {
  type PcrValues,
  prepareAttestationKey,
  type QuoteEvidence,
  verifyQuote,
} from '../../src/evidence/index.js'
import { computeName, computeQualifiedName, hierarchyName } from '../../src/tpm2/index.js'

const cases = recordingNames.flatMap((name) => {
  const recording = loadRecording(name)
  return recording.quotes.map((quote) => ({
    name,
    recording,
    quote,
    title: `${name} ${quote.key} ${quote.bank}`,
  }))
})
type Case = (typeof cases)[number]

const bankOf = ({ recording, quote }: Case): PcrValues => ({
  bank: quote.bank,
  values: new Map(quote.pcrs.map((pcr) => [pcr, recording.pcrs[quote.bank].get(pcr) as Uint8Array])),
})
const namesOf = ({ recording, quote }: Case) => {
  const parent = computeName(recording.endorsementKeys[quote.key].publicArea)
  const name = computeName(recording.attestationKeys[quote.key])
  const hierarchy = hierarchyName('endorsement')
  return [
    computeQualifiedName(computeQualifiedName(hierarchy, parent), name),
    computeQualifiedName(hierarchy, name),
  ]
}
const evidenceOf = (one: Case): QuoteEvidence => ({
  message: one.quote.message,
  signature: one.quote.signature,
  attestationKey: one.recording.attestationKeys[one.quote.key],
  nonce: one.recording.nonce,
  selection: [{ bank: one.quote.bank, pcrs: one.quote.pcrs }],
  pcrs: [bankOf(one)],
})
const failedChecks = (evidence: QuoteEvidence) => {
  const verdict = verifyQuote(evidence)
  return verdict.trusted ? [] : verdict.failures.map(({ check }) => check)
}
const flip = (bytes: Uint8Array, at = bytes.length - 1) => bytes.with(at, (bytes[at] as number) ^ 1)

it('there are quotes of both kinds of key over both banks', () => {
  expect(cases).toHaveLength(4 * recordingNames.length)
})

describe.each(cases)('the quote of $title', (one) => {
  const evidence = evidenceOf(one)

  it('holds', () => {
    const verdict = verifyQuote(evidence)
    expect(verdict.checks.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'quote.structure pass',
      'quote.type pass',
      'quote.nonce pass',
      'quote.selection pass',
      'quote.signature pass',
      'quote.pcr-digest pass',
    ])
    if (!verdict.trusted) throw new Error('not trusted')
    expect(verdict.facts).toMatchObject({ selection: evidence.selection, pcrs: evidence.pcrs, safe: true })
    expect(verdict.facts.boot).toBeUndefined()
    expect(verdict.facts.eventLog).toBeUndefined()
    expect('failures' in verdict).toBe(false)
  })

  it('holds with the key in its other forms', () => {
    const prepared = prepareAttestationKey(one.recording.attestationKeys[one.quote.key])
    const pem = createPublicKey(prepared.key.export({ format: 'pem', type: 'spki' }))
    expect(verifyQuote({ ...evidence, attestationKey: prepared }).trusted).toBe(true)
    expect(verifyQuote({ ...evidence, attestationKey: pem }).trusted).toBe(true)
  })

  it('names its signer, whose name is one that the key can have', () => {
    expect(verifyQuote({ ...evidence, qualifiedNames: namesOf(one) }).trusted).toBe(true)
    expect(failedChecks({ ...evidence, qualifiedNames: [] })).toEqual(['quote.signer'])
    expect(failedChecks({ ...evidence, qualifiedNames: namesOf(one).map((name) => flip(name)) })).toEqual([
      'quote.signer',
    ])
  })

  it('without values or log says what was quoted and nothing of the values', () => {
    const { pcrs: _, ...without } = evidence
    const verdict = verifyQuote(without)
    if (!verdict.trusted) throw new Error('not trusted')
    expect(verdict.facts.pcrs).toEqual([])
    expect(verdict.checks.at(-1)).toMatchObject({ id: 'quote.pcr-digest', outcome: 'skipped' })
  })

  it('fails on one check alone for each thing that is wrong', () => {
    const other = one.quote.key === 'rsa-2048' ? 'ecc-p256' : 'rsa-2048'
    const bank = bankOf(one)
    const changed = new Map(bank.values).set(7, flip(bank.values.get(7) as Uint8Array))
    const rows: [Partial<QuoteEvidence>, string][] = [
      [{ nonce: flip(one.recording.nonce) }, 'quote.nonce'],
      [{ nonce: one.recording.nonce.subarray(1) }, 'quote.nonce'],
      [{ nonce: Uint8Array.of(...one.recording.nonce, 0) }, 'quote.nonce'],
      [{ nonce: new Uint8Array() }, 'quote.nonce'],
      [{ selection: [] }, 'quote.selection'],
      [{ selection: [{ bank: one.quote.bank, pcrs: one.quote.pcrs.slice(1) }] }, 'quote.selection'],
      [{ selection: [{ bank: 'sha1', pcrs: one.quote.pcrs }] }, 'quote.selection'],
      [{ signature: flip(one.quote.signature) }, 'quote.signature'],
      [{ message: flip(one.quote.message, 80) }, 'quote.signature'],
      [{ attestationKey: one.recording.attestationKeys[other] }, 'quote.signature'],
      [{ pcrs: [{ ...bank, values: changed }] }, 'quote.pcr-digest'],
      [{ pcrs: [] }, 'quote.pcr-digest'],
      [{ pcrs: [bank, bank] }, 'quote.pcr-digest'],
      [{ pcrs: [{ ...bank, bank: 'sha512' }] }, 'quote.pcr-digest'],
      [{ pcrs: [{ ...bank, values: new Map([...bank.values].slice(1)) }] }, 'quote.pcr-digest'],
      [{ pcrs: [{ ...bank, values: new Map([...bank.values].reverse()) }] }, 'quote.pcr-digest'],
      [
        { pcrs: [{ ...bank, values: new Map([...bank.values, [24, new Uint8Array(32)]]) }] },
        'quote.pcr-digest',
      ],
    ]
    for (const [change, check] of rows)
      expect([...new Set(failedChecks({ ...evidence, ...change }))]).toEqual([check])
  })

  it('is not that of another recording', () => {
    for (const other of cases) {
      if (other.name === one.name || other.quote.key !== one.quote.key) continue
      const attestationKey = other.recording.attestationKeys[other.quote.key]
      expect(failedChecks({ ...evidence, attestationKey })).toEqual(['quote.signature'])
    }
  })

  it('is never trusted with any bit changed in message, signature or key, and never throws', () => {
    const parts = ['message', 'signature', 'attestationKey'] as const
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.nat(), fc.integer({ min: 0, max: 7 }), (part, at, bit) => {
        const bytes = Uint8Array.from(evidence[part] as Uint8Array)
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit)
        const verdict = verifyQuote({ ...evidence, [part]: bytes })
        // The key's attributes, policy and scheme are not the verifier's to judge here: only the key itself is.
        if (part !== 'attestationKey') expect(verdict.trusted).toBe(false)
        if (!verdict.trusted) expect(verdict.failures.length).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  })

  it('is never trusted when a part ends early', () => {
    for (const part of ['message', 'signature', 'attestationKey'] as const) {
      const bytes = evidence[part] as Uint8Array
      for (let length = 0; length < bytes.length; length += 3) {
        expect(failedChecks({ ...evidence, [part]: bytes.subarray(0, length) })).toEqual(['quote.structure'])
      }
      expect(failedChecks({ ...evidence, [part]: Uint8Array.of(...bytes, 0) })).toEqual(['quote.structure'])
    }
  })
})

describe.each(bootNames)('the event log of %s', (name) => {
  const boot = loadBoot(name)
  const quotes = cases.filter((one) => one.name === name)

  it.each(quotes)('explains the quote of $title', (one) => {
    const verdict = verifyQuote({ ...evidenceOf(one), eventLog: boot.eventLog })
    expect(verdict.checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([])
    if (!verdict.trusted) throw new Error('not trusted')
    expect(verdict.facts.boot?.secureBoot.enabled).toMatchObject({ value: boot.secureBoot, verified: true })
    expect(verdict.facts.eventLog?.events.length).toBeGreaterThan(40)
  })

  it.each(quotes)(
    'is judged after the quote: the one of $title with another nonce says nothing of the boot',
    (one) => {
      const verdict = verifyQuote({ ...evidenceOf(one), eventLog: boot.eventLog, nonce: new Uint8Array(32) })
      expect(verdict.checks.map(({ id }) => id)).not.toContain('event-log.replay')
      expect(verdict).not.toHaveProperty('facts')
    },
  )

  it.each(quotes)('of another boot does not explain the quote of $title', (one) => {
    for (const other of bootNames.filter((candidate) => candidate !== name)) {
      const failed = failedChecks({ ...evidenceOf(one), eventLog: loadBoot(other).eventLog })
      expect(failed).toEqual(['event-log.replay'])
    }
  })

  it('is refused when it ends early or is none', () => {
    const evidence = evidenceOf(quotes[0] as Case)
    expect(failedChecks({ ...evidence, eventLog: new Uint8Array() })).not.toEqual([])
    for (const length of [1, 30, 31, 32, 60, 100, 1_000, boot.eventLog.length - 1]) {
      expect(failedChecks({ ...evidence, eventLog: boot.eventLog.subarray(0, length) })).not.toEqual([])
    }
  })

  it('never throws and proves no other value of Secure Boot when a byte of it changes', () => {
    const evidence = evidenceOf(quotes[0] as Case)
    fc.assert(
      fc.property(fc.nat({ max: boot.eventLog.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const eventLog = boot.eventLog.with(at, (boot.eventLog[at] as number) ^ mask)
        const verdict = verifyQuote({ ...evidence, eventLog })
        if (!verdict.trusted) return
        const { enabled, enforced } = verdict.facts.boot?.secureBoot ?? {}
        if (enabled?.verified === true) expect(enabled.value).toBe(boot.secureBoot)
        if (enforced?.verified === true) expect(enforced.value).toBe(boot.secureBoot)
      }),
      { numRuns: 200 },
    )
  }, 30_000)

  it('alone gives the values when it covers all that was quoted, and not otherwise', () => {
    // These quotes cover PCR 10, which the kernel extends and the firmware's log does not know.
    const { pcrs: _, ...without } = evidenceOf(quotes[0] as Case)
    expect(failedChecks({ ...without, eventLog: boot.eventLog })).toEqual(['quote.pcr-digest'])
  })
})
