import type { Fact } from '../fact.js'
import { type EsxiStatements, readSecurityOption } from './events.js'
import type { PlacedEvent } from './findings.js'
import { esxiPcrNumbers, esxiPcrs } from './placement.js'
import type { EsxiVersion } from './version-record.js'

type Kind = keyof EsxiStatements

/**
 * A path whose last part is `b`, with or without an extension, and a space or the end: every command line starts with
 * the path of the kernel's file, and that file is a core module only by this name.
 */
const kernelPath = /(?:^|\/)b(?:\.[^/ ]*)?(?: |$)/

/** Facts of all events of a kind, as each event has it; of one PCR where one is given. */
export function allOf<K extends Kind>(
  placed: readonly PlacedEvent[],
  kind: K,
  pcr?: number,
): readonly Fact<EsxiStatements[K]>[] {
  return placed.flatMap(({ said }) =>
    said.kind === kind && (pcr === undefined || said.pcr === pcr)
      ? [said.content as Fact<EsxiStatements[K]>]
      : [],
  )
}

/** The fact of a kind that has no event. */
export function missing<K extends Kind>(kind: K): Fact<EsxiStatements[K]> {
  return { verified: false, hint: undefined, reason: `the log has no event of the kind ${kind}` }
}

/**
 * The command line. The log's writer can call it anything, and can have a file loaded whose bytes are another one and
 * call that the command line. So all that was measured into PCR 14 must be known, and only one thing in there may start
 * as a command line does, whatever the log calls it.
 */
export function commandLineFact(placed: readonly PlacedEvent[]): Fact<string> {
  const { variable } = esxiPcrs
  const [fact = missing('command-line')] = allOf(placed, 'command-line', variable)
  const unknown = unknownIn(placed, variable)
  if (unknown !== undefined) return doubted(fact, unknown)
  const alike = placed.filter((one) => one.said.pcr === variable && hasKernelPath(one))
  const [only] = alike
  if (alike.length === 1 && only?.said.kind === 'command-line') return only.said.content
  return doubted(fact, `PCR ${variable} has ${alike.length} events that could be the command line`)
}

/** Files of options come before signers, and the command line after them: with that verified, none is hidden. */
export function signerFacts(
  placed: readonly PlacedEvent[],
  commandLine: Fact<string>,
): readonly Fact<Uint8Array>[] {
  const facts = allOf(placed, 'signer', esxiPcrs.variable)
  return commandLine.verified ? facts : facts.map((fact) => doubted(fact, unverifiedLine))
}

/**
 * The asset tag is the last that the boot loader measures, and a host need not have one: so only what was measured
 * between the command line and the end of the boot is one, if it is no option of the kernel.
 */
export function assetTagFact(
  placed: readonly PlacedEvent[],
  commandLine: Fact<string>,
  closedPcrs: ReadonlySet<number>,
): Fact<Uint8Array> {
  const [fact = missing('asset-tag')] = allOf(placed, 'asset-tag', esxiPcrs.variable)
  if (!commandLine.verified) return doubted(fact, unverifiedLine)
  const open = openness(placed, esxiPcrs.variable, closedPcrs)
  if (open !== undefined) return doubted(fact, open)
  if (fact.verified && readSecurityOption(fact.value) !== undefined) {
    return doubted(fact, 'it could be an option that the kernel states')
  }
  return fact
}

/**
 * Options that the kernel states, between the boot loader's part and the end of the boot. The first in PCR 14 could be
 * the asset tag; PCRs 11 to 13 have files, which could have the same bytes; and one stated twice could be either.
 */
export function securityOptionFacts(
  placed: readonly PlacedEvent[],
  commandLine: Fact<string>,
  closedPcrs: ReadonlySet<number>,
): readonly Fact<string>[] {
  const keys = allOf(placed, 'security-option').map(keyOf)
  return placed.flatMap(({ said }) => {
    if (said.kind !== 'security-option') return []
    const open = openness(placed, said.pcr, closedPcrs)
    const doubt = open ?? doubtOf(placed, said.pcr, said.event, commandLine)
    if (doubt !== undefined) return [doubted(said.content, doubt)]
    const key = keyOf(said.content)
    const repeated = keys.indexOf(key) !== keys.lastIndexOf(key)
    return [repeated ? doubted(said.content, `${key} is stated more than once`) : said.content]
  })
}

/** Version records; see {@link EsxiBoot.versions} for why none is verified. */
export function versionFacts(placed: readonly PlacedEvent[]): readonly Fact<EsxiVersion>[] {
  const reason = 'a file of the same bytes would be measured in the same way'
  return allOf(placed, 'version').map((fact) => doubted(fact, reason))
}

const unverifiedLine = 'the command line is not verified'

function doubtOf(
  placed: readonly PlacedEvent[],
  pcr: number,
  event: number,
  commandLine: Fact<string>,
): string | undefined {
  if (pcr !== esxiPcrs.variable) {
    return esxiPcrNumbers.includes(pcr)
      ? `PCR ${pcr} has files that could say the same`
      : unknownIn(placed, pcr)
  }
  if (!commandLine.verified) return unverifiedLine
  const before = placed.findLast(({ said }) => said.pcr === pcr && said.event < event)
  return before?.said.kind === 'command-line' ? 'it could be the asset tag' : undefined
}

/** Why not all that was measured into a PCR is known; undefined when it is. */
function unknownIn(placed: readonly PlacedEvent[], pcr: number): string | undefined {
  const unknown = placed.find(({ said, settled }) => said.pcr === pcr && !settled)
  return unknown === undefined ? undefined : `event ${unknown.said.event} in PCR ${pcr} is not known`
}

/** Why what stands in a PCR may have been added after the boot; undefined when the kernel closed it before. */
function openness(
  placed: readonly PlacedEvent[],
  pcr: number,
  closedPcrs: ReadonlySet<number>,
): string | undefined {
  if (!closedPcrs.has(pcr))
    return `PCR ${pcr} is not known to be closed by the kernel: anyone may have added it`
  const closed = placed.some(
    ({ said, settled }) => said.kind === 'boot-complete' && said.pcr === pcr && settled,
  )
  return closed ? undefined : `PCR ${pcr} was not closed: anyone may have added it`
}

function hasKernelPath({ said }: PlacedEvent): boolean {
  const value = said.content.verified ? said.content.value : said.content.hint
  if (typeof value === 'string') return kernelPath.test(value)
  return value instanceof Uint8Array && kernelPath.test(Buffer.from(value).toString('latin1'))
}

function keyOf(fact: Fact<string>): string {
  const option = fact.verified ? fact.value : (fact.hint ?? '')
  return option.split('=', 1)[0] ?? ''
}

/** The same as a hint. */
function doubted<T>(fact: Fact<T>, reason: string): Fact<T> {
  return fact.verified ? { verified: false, hint: fact.value, reason } : fact
}
