import { type Codec, constant, listOf, struct, u16, u32, yesNo } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import { type TpmsCapabilityData, tpmsCapabilityData } from '@trusthold/core/tpm2'
import { type Command, defineCommand } from './command.js'
import type { CommandRunner } from './run-command.js'

/** More than any response can hold. */
const maxEntries = 1024
/** Entries asked for at a time; the TPM sends as many as fit. */
const entriesAtATime = 128
/** More answers than all that a TPM has could fill, however few entries each of them holds. */
const maxAnswers = 256

interface Request {
  readonly property: number
  readonly propertyCount: number
}
interface Answer<E> {
  readonly moreData: boolean
  readonly entries: readonly E[]
}

/** TPM2_GetCapability for one TPM_CAP. Part 2, sections 6.12 and 10.10; Part 3, 30.2. */
function capability<E>(code: number, entries: Codec<readonly E[]>): Command<never, Request, Answer<E>> {
  const { parameters, ...command } = defineCommand('TPM2_GetCapability', {
    parameters: { capability: constant(u32, code), property: u32, propertyCount: u32 },
    response: { moreData: yesNo, capability: constant(u32, code), entries },
  })
  return {
    ...command,
    parameters: { ...parameters, write: (w, v: Request) => parameters.write(w, { capability: code, ...v }) },
    check: ({ propertyCount }, answer) =>
      answer.entries.length <= propertyCount ? undefined : 'more entries than were asked for',
  }
}

const algorithms = capability(
  0x0,
  listOf(u32, struct('TPMS_ALG_PROPERTY', { alg: u16, algProperties: u32 }), maxEntries),
)
const handles = capability(0x1, listOf(u32, u32, maxEntries))
const properties = capability(
  0x6,
  listOf(u32, struct('TPMS_TAGGED_PROPERTY', { property: u32, value: u32 }), maxEntries),
)
const eccCurves = capability(0x8, listOf(u32, u16, maxEntries))

/** Asks until the TPM has no more entries, each time going on after the last one's key. */
async function readAll<E>(
  runner: CommandRunner,
  command: Command<never, Request, Answer<E>>,
  first: number,
  keyOf: (entry: E) => number,
): Promise<readonly E[]> {
  const collected: E[] = []
  let property = first
  for (let answers = 0; answers < maxAnswers; answers++) {
    const parameters = { property, propertyCount: entriesAtATime }
    const { entries, moreData } = (await runner.run(command, { handles: {}, parameters })).values
    collected.push(...entries)
    const last = entries.at(-1)
    if (!moreData || last === undefined || keyOf(last) < property) return collected
    property = keyOf(last) + 1
  }
  const reason = `${maxAnswers} answers, and still more data`
  throw new TrustholdError('TPM_RESPONSE_MALFORMED', { command: command.name, reason, offset: 10 })
}

/** Ids (TPM_ALG_ID) of the algorithms that the TPM has. */
export async function readAlgorithms(runner: CommandRunner): Promise<ReadonlySet<number>> {
  const entries = await readAll(runner, algorithms, 0, (entry) => entry.alg)
  return new Set(entries.map((entry) => entry.alg))
}

/** Ids (TPM_ECC_CURVE) of the curves that the TPM has. */
export async function readEccCurves(runner: CommandRunner): Promise<ReadonlySet<number>> {
  return new Set(await readAll(runner, eccCurves, 0, (curve) => curve))
}

/** Handle types, the most significant byte of handles. Part 2, section 7.2. `savedSession` by TPM_CAP_HANDLES. */
export const handleTypes = {
  nvIndex: 0x01,
  loadedSession: 0x02,
  savedSession: 0x03,
  transient: 0x80,
  persistent: 0x81,
} as const

/** Handles of a type that exist in the TPM. */
export async function readHandles(
  runner: CommandRunner,
  type: keyof typeof handleTypes,
): Promise<readonly number[]> {
  const first = handleTypes[type] * 0x100_0000
  const found = await readAll(runner, handles, first, (handle) => handle)
  // For sessions the TPM answers with the session's own type of handle, HMAC or policy.
  return type === 'loadedSession' || type === 'savedSession'
    ? found
    : found.filter((handle) => handle >>> 24 === handleTypes[type])
}

/** A fixed property (TPM_PT); undefined when the TPM does not have it. Part 2, section 6.13. */
export async function readProperty(runner: CommandRunner, property: number): Promise<number | undefined> {
  const parameters = { property, propertyCount: 1 }
  const { entries } = (await runner.run(properties, { handles: {}, parameters })).values
  return entries.find((entry) => entry.property === property)?.value
}

const anyCapability = defineCommand('TPM2_GetCapability', {
  parameters: { capability: u32, property: u32, propertyCount: u32 },
  response: { moreData: yesNo, capabilityData: tpmsCapabilityData },
})

/** What {@link getCapability} takes. */
export interface GetCapabilityInput {
  /** TPM_CAP. Part 2, section 6.12. */
  readonly capability: number
  /** Where to start. */
  readonly property: number
  /** How many at most; the TPM sends as many as fit. */
  readonly propertyCount: number
}

/** TPM2_GetCapability, once, for anything that a TPM tells of itself. Part 3, section 30.2. */
export async function getCapability(
  runner: CommandRunner,
  parameters: GetCapabilityInput,
): Promise<{ readonly moreData: boolean; readonly capabilityData: TpmsCapabilityData }> {
  return (await runner.run(anyCapability, { handles: {}, parameters })).values
}
