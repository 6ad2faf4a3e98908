/** The versions of the protocol, oldest first. */
export const kmipVersions = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0', '2.1'] as const

/** A version of the protocol. */
export type KmipVersion = (typeof kmipVersions)[number]

/** Whether `text` names a version of the protocol that this package knows. */
export function isKmipVersion(text: string): text is KmipVersion {
  return (kmipVersions as readonly string[]).includes(text)
}

/** Whether `version` is `since` or newer. */
export function isAtLeast(version: KmipVersion, since: KmipVersion): boolean {
  return kmipVersions.indexOf(version) >= kmipVersions.indexOf(since)
}
