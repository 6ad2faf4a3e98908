import assert from 'node:assert/strict'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { Tpm, TpmCallOptions } from '../ports/index.js'
import { activate } from './tpm-attestation.js'
import { nonceOf } from './tpm-keys.js'
import type { LooseCase } from './tpm-log-cases.js'
import { policyOf, sealFor } from './tpm-sealed-cases.js'
import type { TpmContractOptions, TpmSubject } from './tpm-subject.js'

const pcrs = [{ bank: 'sha256', pcrs: [0, 7] }]

/** Everything that puts something into the TPM, by the cheapest endorsement key. */
async function useEverything(tpm: Tpm, call: TpmCallOptions): Promise<void> {
  const keys = await tpm.endorsementKeys(call)
  const endorsementKey = keys.find(({ kind }) => kind.startsWith('ecc')) ?? keys[0]
  assert.ok(endorsementKey)
  const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256', ...call })
  await activate(endorsementKey, key, call)
  await key.quote(nonceOf(8), pcrs, call)
  const signing = await tpm.openSigningKey(call)
  await key.certify(signing, nonceOf(8), call)
  const sealed = await tpm.importSealed({
    ...sealFor(endorsementKey, { data: nonceOf(16), authPolicy: await policyOf(tpm, pcrs) }),
    ...call,
  })
  const unsealed = await sealed.unseal(pcrs, call)
  unsealed.wipe()
  for (const each of [key, signing, sealed]) await each.close()
}

/** Something that comes in between, and how the work is called that it happens to. */
interface Disturbance {
  readonly call: TpmCallOptions
  readonly happen: () => void | Promise<void>
}

/** Counts commands, and has something happen before one of them. */
class Disturber {
  #sent = 0
  #next: { readonly at: number; readonly happen: Disturbance['happen'] } | undefined

  /** Counts from here, and waits for the command of that number, counted from 1. */
  plan(at: number, happen: Disturbance['happen']): void {
    this.#sent = 0
    this.#next = { at, happen }
  }

  /** Gives the plan up; whether it was still waiting. */
  cancel(): boolean {
    const waiting = this.#next !== undefined
    this.#next = undefined
    return waiting
  }

  async beforeCommand(): Promise<void> {
    this.#sent += 1
    if (this.#next?.at !== this.#sent) return
    const { happen } = this.#next
    this.#next = undefined
    await happen()
  }
}

type Needed<S extends TpmSubject> = TpmContractOptions<S> &
  Required<Pick<TpmContractOptions<S>, 'createDisturbed' | 'countLoaded'>>

function assertAllowed(error: unknown, allowed: ReadonlySet<string>, at: number): void {
  if (!isTrustholdError(error))
    throw new assert.AssertionError({ message: `at command ${at}`, actual: error })
  assert.ok(allowed.has(error.code), `${error.code} at command ${at}`)
}

/**
 * Disturbs at one command after the other, until the work is done before it comes to that. Each time nothing may be
 * left, and the same work has to succeed afterwards.
 */
async function disturbEverywhere<S extends TpmSubject>(
  { createDisturbed, countLoaded }: Needed<S>,
  prepare: (subject: S) => Disturbance,
  allowed: ReadonlySet<string>,
): Promise<void> {
  const disturber = new Disturber()
  const subject = await createDisturbed(() => disturber.beforeCommand())
  try {
    await useEverything(subject.tpm, {})
    const before = await countLoaded(subject)
    for (let at = 1, done = false; !done; at++) {
      const { call, happen } = prepare(subject)
      disturber.plan(at, happen)
      await useEverything(subject.tpm, call).catch((error: unknown) => assertAllowed(error, allowed, at))
      done = disturber.cancel()
      await useEverything(subject.tpm, {})
      assert.equal(await countLoaded(subject), before, `nothing is left after command ${at}`)
    }
  } finally {
    await subject.close()
  }
}

const abort = (): Disturbance => {
  const controller = new AbortController()
  return { call: { signal: controller.signal }, happen: () => controller.abort() }
}

const failure = (): Disturbance => ({
  call: {},
  happen: () => {
    throw new TrustholdError('TRANSPORT_FAILED', { endpoint: 'x', phase: 'write', reason: 'y' })
  },
})

/** What work may fail with while the TPM is restarted. */
const ofRestart: ReadonlySet<string> = new Set([
  'TPM_RESPONSE',
  'TPM_NOT_STARTED',
  'TPM_NOT_AVAILABLE',
  'TPM_RESPONSE_FORGED',
])

/**
 * Cases about what comes in between: the caller gives up, the way to the TPM fails, the TPM is restarted. Each time
 * before one command more of the same work.
 */
export function disturbedCases<S extends TpmSubject>(options: TpmContractOptions<S>): readonly LooseCase[] {
  const { createDisturbed, countLoaded, restart } = options
  if (createDisturbed === undefined || countLoaded === undefined) return []
  const needed = { ...options, createDisturbed, countLoaded }
  const cases: LooseCase[] = [
    [
      'a caller that gives up before any command leaves nothing behind',
      () => disturbEverywhere(needed, abort, new Set(['TRANSPORT_ABORTED'])),
    ],
    [
      'a way to the TPM that fails before any command leaves nothing behind',
      () => disturbEverywhere(needed, failure, new Set(['TRANSPORT_FAILED'])),
    ],
  ]
  if (restart === undefined) return cases
  const restarted = (subject: S): Disturbance => ({ call: {}, happen: () => restart(subject) })
  return [
    ...cases,
    [
      'a TPM that is restarted before any command is noticed, and works again',
      () => disturbEverywhere(needed, restarted, ofRestart),
    ],
  ]
}
