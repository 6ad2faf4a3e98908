import { codeOf } from './bytes.js'
import { exceptions } from './exceptions.js'
import { flush, type Scenario, type Send, type Stage } from './scenarios.js'
import { changes, cuts, type Variant } from './variants.js'

/** A TPM with its stage set. */
export interface Side {
  readonly send: Send
  readonly stage: Stage
}

/** Two answers that are not alike. */
export interface Difference {
  readonly scenario: string
  readonly variant: string
  readonly ours: string
  readonly theirs: string
}

/** How far commands are changed. */
export type Changing = 'all' | 'none'

function variantsOf(scenario: Scenario, stage: Stage, changing: Changing): readonly Variant[] {
  const bytes = scenario.build(stage)
  const itself = { label: 'as it is', bytes }
  if (changing === 'none') return [itself]
  const changed = scenario.change === 'cut' ? [] : changes(bytes, scenario.opaque?.(stage) ?? [])
  return [itself, ...cuts(bytes), ...changed]
}

async function run({ send }: Side, scenario: Scenario, { bytes }: Variant): Promise<Uint8Array> {
  const response = await send(bytes)
  if (codeOf(response) !== 0) return response
  if (scenario.returnsHandle === true) await send(flush(Buffer.from(response).readUInt32BE(10)))
  for (const each of scenario.undo?.() ?? []) await send(each)
  return response
}

const told = (response: Uint8Array): string => `0x${codeOf(response).toString(16)}, ${response.length} bytes`

/** What both sides answer to a scenario and its variants, where the answers differ in code or length. */
export async function compare(
  ours: Side,
  theirs: Side,
  scenario: Scenario,
  changing: Changing,
): Promise<{
  readonly compared: number
  readonly differences: readonly Difference[]
  readonly met: ReadonlySet<string>
}> {
  const [mine, other] = [ours, theirs].map(({ stage }) => variantsOf(scenario, stage, changing)) as [
    readonly Variant[],
    readonly Variant[],
  ]
  const differences: Difference[] = []
  const met = new Set<string>()
  if (mine.length !== other.length) throw new Error(`${scenario.name} has another length on the other TPM`)
  for (const [i, variant] of mine.entries()) {
    const [a, b] = [await run(ours, scenario, variant), await run(theirs, scenario, other[i] as Variant)]
    const lengths = scenario.ownContent === true || a.length === b.length
    if (codeOf(a) === codeOf(b) && lengths) continue
    const allowed = exceptions.find(
      (each) =>
        each.scenario.test(scenario.name) &&
        each.variant.test(variant.label) &&
        each.ours === codeOf(a) &&
        each.theirs === codeOf(b),
    )
    if (allowed === undefined) {
      differences.push({ scenario: scenario.name, variant: variant.label, ours: told(a), theirs: told(b) })
    } else met.add(String(allowed.scenario) + String(allowed.variant))
  }
  return { compared: mine.length, differences, met }
}
