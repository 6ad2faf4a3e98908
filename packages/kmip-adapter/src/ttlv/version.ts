/** The versions of the protocol, oldest first. */
export const kmipVersions = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0', '2.1'] as const

/** A version of the protocol. */
export type KmipVersion = (typeof kmipVersions)[number]

/** The versions that have something; all from `since` on, or up to `until`, when the other is absent. */
export interface VersionRange {
  readonly since?: KmipVersion
  /** The last version that has it. */
  readonly until?: KmipVersion
}

/** Whether `text` names a version of the protocol that this package knows. */
export function isKmipVersion(text: string): text is KmipVersion {
  return (kmipVersions as readonly string[]).includes(text)
}

/** Whether `version` is `since` or newer. */
export function isAtLeast(version: KmipVersion, since: KmipVersion): boolean {
  return kmipVersions.indexOf(version) >= kmipVersions.indexOf(since)
}

/** Whether a version is one of the range. */
export function isWithin({ since, until }: VersionRange, version: KmipVersion): boolean {
  if (since !== undefined && !isAtLeast(version, since)) return false
  return until === undefined || isAtLeast(until, version)
}

/** The versions that are in both ranges. */
export function intersectVersions(one: VersionRange, other: VersionRange): VersionRange {
  const since = pick(one.since, other.since, (a, b) => isAtLeast(a, b))
  const until = pick(one.until, other.until, (a, b) => isAtLeast(b, a))
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
}

function pick(
  one: KmipVersion | undefined,
  other: KmipVersion | undefined,
  isNarrower: (one: KmipVersion, other: KmipVersion) => boolean,
): KmipVersion | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return isNarrower(one, other) ? one : other
}
