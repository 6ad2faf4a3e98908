/**
 * An Attestation Service that has one base image approved and one endorsement key registered.
 * @module
 */
import { type Authority, type AuthorityOptions, createAuthority } from '@trusthold/core/authority'
import { isTrustholdError } from '@trusthold/core/errors'
import type { BaseImage } from '@trusthold/core/policy'
import type { Clock, KeyServerFactory, Storage } from '@trusthold/core/ports'
import type { AttestRequest, AttestResult } from '@trusthold/core/protocol'
import type { Check } from '@trusthold/core/verdict'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { approvedImage } from './approved-boot.js'
import { challengeIn, ForgedHost, type Lies } from './forged-host.js'

/** A clock that the test moves. */
export class TestClock implements Clock {
  #now = Date.parse('2026-01-01T00:00:00Z')

  now(): number {
    return this.#now
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
  }
}

/** Key servers have no part in attestation. */
export const noKeyServer: KeyServerFactory = () => {
  throw new Error('no key server was asked for')
}

/** What attacks are tried on. */
export interface Rig {
  readonly authority: Authority
  readonly storage: Storage
  readonly clock: TestClock
  readonly host: ForgedHost
  /** Both legs, with the host's lies in the second. */
  attest(lies?: Lies, host?: ForgedHost): Promise<AttestResult>
  close(): Promise<void>
}

/** What a rig can have besides. */
export interface RigOptions extends Pick<AuthorityOptions, 'ima' | 'allowSoftwareTpm'> {
  /** What is approved; the recorded boot by default. */
  image?: BaseImage
}

/** Makes a rig. */
export async function createRig(storage?: Storage, options: RigOptions = {}): Promise<Rig> {
  const { image = approvedImage(), ...policies } = options
  const clock = new TestClock()
  const host = new ForgedHost()
  const store = storage ?? openMemory({ clock })
  const authority = await createAuthority({
    group: 'attacks',
    origins: ['https://authority.example'],
    storage: store,
    keyServer: noKeyServer,
    clock,
    ...policies,
  })
  const { attestation } = authority
  await attestation.settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
  await attestation.endorsementKeys.create('forged', { publicArea: host.endorsementKey.area })
  await attestation.baseImages.create(image)
  return {
    authority,
    storage: store,
    clock,
    host,
    async attest(lies, from = host) {
      const challenge = challengeIn(await attestation.attest(from.hello()))
      return attestation.attest(from.answer(challenge, lies))
    },
    async close() {
      await authority.close()
      await store.close()
    },
  }
}

/** The checks that refused, in order; empty when nothing did. Anything else that is thrown is thrown on. */
export async function refusedBy(work: Promise<unknown>): Promise<string[]> {
  try {
    await work
    return []
  } catch (error) {
    if (isTrustholdError(error, 'ATTESTATION_REFUSED')) return failed(error.context.checks)
    if (isTrustholdError(error, 'TOKEN_INVALID') || isTrustholdError(error, 'PROOF_INVALID')) {
      return [error.context.check]
    }
    throw error
  }
}

/** The ids of the failed checks. */
export const failed = (checks: readonly Check[]): string[] =>
  checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)

/** Sends one leg straight to the service. */
export const send = (rig: Rig, request: AttestRequest): Promise<AttestResult> =>
  rig.authority.attestation.attest(request)
