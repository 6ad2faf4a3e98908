import assert from 'node:assert/strict'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { Tpm, TpmCallOptions } from '../ports/index.js'
import { activate } from './tpm-attestation.js'
import { nonceOf } from './tpm-key-cases.js'
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

/** What happens before the command of that number, counted from 1; nothing before all others. */
interface Disturbance {
  at: number
  happen: () => void | Promise<void>
}

/**
 * Cases about what comes in between: the caller gives up, the way to the TPM fails, the TPM is restarted. Each time
 * before one command more of the same work, until the work is done first.
 */
export function disturbedCases<S extends TpmSubject>(options: TpmContractOptions<S>): readonly LooseCase[] {
  const { createDisturbed, countLoaded, restart } = options
  if (createDisturbed === undefined || countLoaded === undefined) return []

  /** Disturbs at one command after the other. Afterwards nothing may be left, and the same work has to succeed. */
  const everywhere = async (
    prepare: (subject: S) => { call: TpmCallOptions; happen: () => void | Promise<void> },
    allowed: ReadonlySet<string>,
  ): Promise<void> => {
    let sent = 0
    let disturbance: Disturbance | undefined
    const subject = await createDisturbed(async () => {
      sent += 1
      if (disturbance?.at !== sent) return
      const { happen } = disturbance
      disturbance = undefined
      await happen()
    })
    try {
      await useEverything(subject.tpm, {})
      const before = await countLoaded(subject)
      let done = false
      for (let at = 1; !done; at++) {
        const { call, happen } = prepare(subject)
        sent = 0
        disturbance = { at, happen }
        const failure = await useEverything(subject.tpm, call).catch((error: unknown) => error)
        done = disturbance !== undefined
        disturbance = undefined
        if (failure !== undefined) {
          assert.ok(isTrustholdError(failure), `a typed error at command ${at}, not ${String(failure)}`)
          assert.ok(allowed.has(failure.code), `${failure.code} at command ${at}`)
        }
        await useEverything(subject.tpm, {})
        assert.equal(await countLoaded(subject), before, `nothing is left after command ${at}`)
      }
    } finally {
      await subject.close()
    }
  }

  const failing: LooseCase[] = [
    [
      'a caller that gives up before any command leaves nothing behind',
      () =>
        everywhere(
          () => {
            const controller = new AbortController()
            return { call: { signal: controller.signal }, happen: () => controller.abort() }
          },
          new Set(['TRANSPORT_ABORTED']),
        ),
    ],
    [
      'a way to the TPM that fails before any command leaves nothing behind',
      () =>
        everywhere(
          () => ({
            call: {},
            happen: () => {
              throw new TrustholdError('TRANSPORT_FAILED', { endpoint: 'x', phase: 'write', reason: 'y' })
            },
          }),
          new Set(['TRANSPORT_FAILED']),
        ),
    ],
  ]
  if (restart === undefined) return failing
  return [
    ...failing,
    [
      'a TPM that is restarted before any command is noticed, and works again',
      () =>
        everywhere(
          (subject) => ({ call: {}, happen: () => restart(subject) }),
          new Set([
            'TPM_RESPONSE',
            'TPM_NOT_STARTED',
            'TPM_NOT_AVAILABLE',
            'TPM_RESPONSE_FORGED',
            'TRANSPORT_FAILED',
          ]),
        ),
    ],
  ]
}
