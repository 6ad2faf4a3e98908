import type { TpmTransport } from '@trusthold/core/ports'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmUnix } from '../../src/index.js'
import { createSoftwareTpm, type SoftwareTpm } from '../../src/software-tpm/index.js'
import { authorizations } from './differential/authorizations.js'
import { type Changing, compare, type Difference, type Side } from './differential/compare.js'
import { exceptions } from './differential/exceptions.js'
import { persistence } from './differential/persistence.js'
import { policies } from './differential/policies.js'
import { ownRefusals, refusalsOf } from './differential/refusals.js'
import { results } from './differential/results.js'
import { type Scenario, scenarios, setStage } from './differential/scenarios.js'
import { nvDefinitions, templates } from './differential/templates.js'

let peer: Swtpm
let transport: TpmTransport
let software: SoftwareTpm
let ours: Side
let theirs: Side
beforeAll(async () => {
  peer = await startSwtpm({ socket: 'unix' })
  transport = await connectSwtpmUnix({ path: peer.unixPath as string })
  software = createSoftwareTpm()
  const sideOf = async (send: Side['send']): Promise<Side> => ({ send, stage: await setStage(send) })
  ours = await sideOf(async (command) => software.execute(command))
  theirs = await sideOf((command) => transport.transmit(command))
}, 60_000)
afterAll(async () => {
  await transport.close()
  await peer.stop()
  await software.close()
})

const met = new Set<string>()

/** Compares all; returns how many commands both TPMs answered. */
async function compareAll(list: readonly Scenario[], changing: Changing): Promise<number> {
  const differences: Difference[] = []
  let compared = 0
  for (const scenario of list) {
    const outcome = await compare(ours, theirs, scenario, changing)
    differences.push(...outcome.differences)
    compared += outcome.compared
    for (const each of outcome.met) met.add(each)
  }
  expect(differences).toEqual([])
  return compared
}

describe('the software TPM answers as swtpm does', () => {
  test.each([...results, ...policies, ...persistence, ...refusalsOf])(
    'with the same bytes: $name',
    async ({ build }) => {
      const [mine, other] = [await build(ours.send), await build(theirs.send)]
      expect(mine.length).toBeGreaterThan(0)
      expect(mine).toEqual(other)
    },
  )

  test('and refuses by its own code what libtpms takes for a failure', async () => {
    for (const [code, bytes] of ownRefusals) {
      expect(Buffer.from(software.execute(bytes).subarray(6)).toString('hex')).toBe(code)
    }
  })

  test('to commands that are cut at every byte, or have any byte changed', async () => {
    expect(await compareAll(scenarios, 'all')).toBeGreaterThan(11_000)
  }, 180_000)

  test('to authorisations that are wrong in any way', async () => {
    expect(await compareAll(authorizations, 'all')).toBeGreaterThan(800)
  }, 60_000)

  test('to templates with every mixture of attributes and schemes', async () => {
    expect(await compareAll(templates, 'none')).toBeGreaterThan(300)
  }, 60_000)

  test('to NV indices with every attribute and size', async () => {
    expect(await compareAll(nvDefinitions, 'none')).toBeGreaterThan(130)
  }, 60_000)

  test('but for the exceptions, all of which there are', () => {
    expect(met).toEqual(
      new Set(exceptions.map(({ scenario, variant }) => String(scenario) + String(variant))),
    )
  })
})
