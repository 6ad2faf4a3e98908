import type { BootFacts, EventLogContent, SeparatorFact } from '@trusthold/core/measured-boot'

/** Something about a log that whoever looks at it should know. */
export interface Finding {
  /** Stable name, such as `separator-missing`. */
  readonly code: string
  /** One sentence for a person. */
  readonly message: string
  /** Index of the event that shows it; absent when something is missing. */
  readonly event?: number
}

/** What is strange about a log's form. */
export function formFindings(log: EventLogContent, confidential: boolean): readonly Finding[] {
  return [
    ...(confidential
      ? [finding('confidential-machine', 'the log is of measurement registers: 0 is MRTD, n is RTMR[n-1]')]
      : []),
    ...(log.format === 'sha1'
      ? [finding('sha1-only', 'the log has digests of SHA-1 only, which do not hold against an attacker')]
      : []),
    ...(log.unknownAlgorithms > 0
      ? [finding('algorithm-unknown', `digests of ${log.unknownAlgorithms} algorithms are not known here`)]
      : []),
  ]
}

/** What is strange about a boot: Secure Boot's policy, separators, types of events. */
export function bootFindings({ secureBoot, separators, unknownEvents }: BootFacts): readonly Finding[] {
  const policy = secureBoot.findings.map(({ code, reason, event }) => finding(code, reason, event))
  // What the policy says of PCR 7's separator is not said twice.
  const more = separators
    .filter(({ state }) => state !== 'present')
    .filter(
      ({ pcr, state }) => pcr !== policyPcr || policy.every(({ code }) => code !== `separator-${state}`),
    )
    .map(separatorFinding)
  const unknown = unknownEvents.map(({ event, pcr, type }) =>
    finding(
      'event-type-unknown',
      `PCR ${pcr} has an event of the unknown type 0x${type.toString(16)}`,
      event,
    ),
  )
  return [...policy, ...more, ...unknown]
}

const policyPcr = 7

const separatorMessages: Readonly<Record<SeparatorFact['state'], string>> = {
  present: 'has one separator',
  error: 'has the separator of firmware that failed',
  missing: "has no separator: the firmware's part has no end",
  repeated: 'has more than one separator',
  mislabelled: 'has a separator under another type, or another event under its type',
  unproven: 'does not replay',
}

function separatorFinding({ pcr, state, events }: SeparatorFact): Finding {
  return finding(`separator-${state}`, `PCR ${pcr} ${separatorMessages[state]}`, events[0])
}

function finding(code: string, message: string, event?: number): Finding {
  return event === undefined ? { code, message } : { code, message, event }
}
