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
  // Digits of both numbers are one each, so that the order of texts is that of versions.
  return version >= since
}

/** Whether a version is one of the range. */
export function isWithin({ since, until }: VersionRange, version: KmipVersion): boolean {
  if (since !== undefined && !isAtLeast(version, since)) return false
  return until === undefined || isAtLeast(until, version)
}

/** A range of versions as places in {@link kmipVersions}, for a quick test. */
export interface VersionSpan {
  readonly first: number
  readonly last: number
}

/** The places of the versions of a range. */
export function spanOf({ since, until }: VersionRange): VersionSpan {
  return {
    first: since === undefined ? 0 : kmipVersions.indexOf(since),
    last: until === undefined ? kmipVersions.length - 1 : kmipVersions.indexOf(until),
  }
}

/** The versions that are in both spans. */
export function intersectSpans(one: VersionSpan, other: VersionSpan): VersionSpan {
  return { first: Math.max(one.first, other.first), last: Math.min(one.last, other.last) }
}
