import { type Infer, integer, type KmipVersion, one, type StructureKind, structure } from '../ttlv/index.js'

const protocolVersionDef = structure('ProtocolVersion', {
  protocolVersionMajor: one('ProtocolVersionMajor', integer),
  protocolVersionMinor: one('ProtocolVersionMinor', integer),
})
/** A version of the protocol as messages carry it. KMIP 1.4, section 6.1. */
export interface ProtocolVersion extends Infer<typeof protocolVersionDef> {}
export const protocolVersion: StructureKind<ProtocolVersion> = protocolVersionDef

/** A version in the form that messages carry. */
export function toProtocolVersion(version: KmipVersion): ProtocolVersion {
  const [major, minor] = version.split('.').map(Number) as [number, number]
  return { protocolVersionMajor: major, protocolVersionMinor: minor }
}

/** A version as people write it; it may be one that this package does not know. */
export function versionText(version: ProtocolVersion): string {
  return `${version.protocolVersionMajor}.${version.protocolVersionMinor}`
}
