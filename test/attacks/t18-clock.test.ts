// T-18, the reading side: what a real TPM states of its clock and counters over sleep, restart, roll-back and a swap.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode } from '@trusthold/core/codec'
import {
  type ClockFacts,
  checkFirmwareVersion,
  compareBoots,
  type QuoteFacts,
  verifyQuote,
} from '@trusthold/core/evidence'
import {
  computeName,
  computeQualifiedName,
  hierarchyName,
  type TpmsAttest,
  tpmsAttest,
} from '@trusthold/core/tpm2'
import { connectSwtpmUnix, openSwtpmControl, openTpm, startUp } from '@trusthold/tpm-adapter'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../scripts/peers/swtpm.mjs'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trusthold-clock-'))
})
afterAll(() => rm(directory, { recursive: true }))

const nonce = new Uint8Array(32).fill(7)
const selection = [{ bank: 'sha256', pcrs: [0, 7] }]

/** TPM2_Shutdown. Part 3, section 9.4. */
const shutdown = (type: 0 | 1): Uint8Array => Uint8Array.of(0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x45, 0, type)

/** Runs a TPM, takes a quote with its key, ends it as told, and gives what the quote states. */
async function quoteOnce(
  state: string,
  saved: Uint8Array | undefined,
  { startup = 'clear', end }: { startup?: 'clear' | 'state'; end?: Uint8Array } = {},
): Promise<{ facts: QuoteFacts; saved: Uint8Array }> {
  const peer: Swtpm = await startSwtpm({ stateDir: join(directory, state), socket: 'unix', startup })
  try {
    const transport = await connectSwtpmUnix({ path: peer.unixPath as string })
    const tpm = await openTpm({ transport })
    const [endorsementKey] = await tpm.endorsementKeys()
    if (endorsementKey === undefined) throw new Error('the TPM has no endorsement key')
    const key = await tpm.openAttestationKey({
      endorsementKey,
      kind: 'ecc-p256',
      ...(saved === undefined ? {} : { saved }),
    })
    const quote = await key.quote(nonce, selection)
    const parent = computeQualifiedName(hierarchyName('endorsement'), computeName(endorsementKey.publicArea))
    const verdict = verifyQuote({
      ...quote,
      attestationKey: key.publicArea,
      nonce,
      selection,
      pcrs: await tpm.readPcrs(selection),
      qualifiedNames: [computeQualifiedName(parent, computeName(key.publicArea))],
      hierarchy: 'endorsement',
    })
    if (!verdict.trusted) throw new Error(JSON.stringify(verdict.failures))
    await key.close()
    if (end !== undefined) await transport.transmit(end)
    await tpm.close()
    return { facts: verdict.facts, saved: key.saved }
  } finally {
    await peer.stop()
  }
}

test('a TPM that sleeps, is restarted, put back to an old state, and swapped', async () => {
  const first = await quoteOnce('tpm', undefined, { end: shutdown(1) })
  const { saved } = first
  const resumed = await quoteOnce('tpm', saved, { startup: 'state', end: shutdown(0) })
  expect(compareBoots(first.facts, resumed.facts)).toEqual({ change: 'resumed', firmware: 'same' })
  expect(resumed.facts).toMatchObject({ obfuscated: false, resetCount: first.facts.resetCount })

  await cp(join(directory, 'tpm'), join(directory, 'copy'), { recursive: true })
  const restarted = await quoteOnce('tpm', saved, { end: shutdown(0) })
  expect(compareBoots(resumed.facts, restarted.facts).change).toBe('rebooted')
  // A TPM Reset counts itself and starts the other counter anew.
  expect(restarted.facts.resetCount).toBe(resumed.facts.resetCount + 1)
  expect(restarted.facts.restartCount).toBe(0)

  const unsafe = await quoteOnce('tpm', saved)
  const lost = await quoteOnce('tpm', saved)
  expect(unsafe.facts.safe).toBe(true)
  expect(lost.facts.safe).toBe(false)
  expect(compareBoots(unsafe.facts, lost.facts).change).toBe('rebooted')

  const rolledBack = await quoteOnce('copy', saved)
  expect(compareBoots(lost.facts, rolledBack.facts).change).toBe('rolled-back')

  const swapped = await quoteOnce('other', undefined)
  expect(compareBoots(lost.facts, swapped.facts)).toEqual({ change: 'another-key', firmware: undefined })
}, 60_000)

test('a firmware minimum holds for keys whose hierarchy was shown, and for no other', async () => {
  const { facts } = await quoteOnce('versions', undefined)
  expect(checkFirmwareVersion(facts, facts.firmwareVersion).outcome).toBe('pass')
  expect(checkFirmwareVersion(facts, facts.firmwareVersion + 1n).outcome).toBe('fail')
  for (const obfuscated of [true, undefined]) {
    expect(checkFirmwareVersion({ ...facts, obfuscated }, 0n).outcome).toBe('unknown')
  }
})

test('a key that stays open states clock and counters over restarts, in either hierarchy', async () => {
  const peer = await startSwtpm({ stateDir: join(directory, 'open'), socket: 'unix' })
  const path = peer.unixPath as string
  try {
    const transport = await connectSwtpmUnix({ path })
    const tpm = await openTpm({ transport })
    const [endorsementKey] = await tpm.endorsementKeys()
    if (endorsementKey === undefined) throw new Error('the TPM has no endorsement key')
    const open = (parent: 'endorsement-key' | 'storage-root-key') =>
      tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256', parent })
    const keys = [await open('endorsement-key'), await open('storage-root-key')] as const
    const states: TpmsAttest[][] = []
    for (let boot = 0; boot < 3; boot++) {
      states.push(
        await Promise.all(
          keys.map(async (key) => decode(tpmsAttest, (await key.certifyTime(nonce)).message)),
        ),
      )
      await transport.transmit(shutdown(0))
      await openSwtpmControl({ path: `${path}.ctrl` }).initialize()
      await startUp(transport)
    }
    const [first, second, third] = states as [TpmsAttest[], TpmsAttest[], TpmsAttest[]]
    for (const [i, obfuscated] of [false, true].entries()) {
      const facts = [first, second, third].map((state) => factsOf(state[i] as TpmsAttest, obfuscated))
      const [one, two, three] = facts as [ClockFacts, ClockFacts, ClockFacts]
      expect([compareBoots(one, two), compareBoots(two, three)]).toEqual(
        Array(2).fill({ change: 'rebooted', firmware: 'same' }),
      )
      // The difference is true in every hierarchy; the number only in one that is not shifted.
      expect((three.resetCount - one.resetCount) | 0).toBe(2)
      expect(
        [one, two, three].every(({ clock, safe }, at) => safe && clock >= (facts[at - 1]?.clock ?? 0n)),
      ).toBe(true)
      expect(compareBoots(three, one).change).toBe('rolled-back')
      expect(checkFirmwareVersion(one, 0n).outcome).toBe(obfuscated ? 'unknown' : 'pass')
    }
    const [true1, shifted] = first as [TpmsAttest, TpmsAttest]
    expect(shifted.clockInfo.resetCount).not.toBe(true1.clockInfo.resetCount)
    expect(shifted.firmwareVersion).not.toBe(true1.firmwareVersion)
    await tpm.close()
  } finally {
    await peer.stop()
  }
}, 60_000)

/** What a statement says of the TPM's time. */
function factsOf(attest: TpmsAttest, obfuscated: boolean): ClockFacts {
  const { clockInfo, firmwareVersion, qualifiedSigner } = attest
  return { ...clockInfo, firmwareVersion, qualifiedSigner, obfuscated }
}
