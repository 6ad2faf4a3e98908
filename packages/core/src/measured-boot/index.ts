/**
 * What was measured during a boot: the TCG event log, its replay, and what it proves.
 * @module
 */

export { compareLog, compareLogs, type LogComparison } from './compare-log.js'
export {
  type EsxiBoot,
  type EsxiBootOptions,
  type EsxiModule,
  esxiBoot,
} from './esxi/boot.js'
export { type EsxiEvent, type EsxiEventOf, type EsxiStatements, esxiEvents } from './esxi/events.js'
export {
  type DatabaseProfile,
  type ImageDatabase,
  readImageDatabase,
} from './esxi/image-database.js'
export type { ImageDatabaseLimits } from './esxi/image-limits.js'
export type { ImageProfile, ProfileVib } from './esxi/image-profile.js'
export { type ModuleMatch, type ModuleMatches, matchModules } from './esxi/match-modules.js'
export {
  type ImageName,
  type PayloadDigest,
  type PayloadIndex,
  type PayloadReference,
  type PayloadTable,
  payloadIndex,
  payloadTable,
  type VibName,
} from './esxi/payload-table.js'
export { esxiTags, type TcgTaggedEvent, tcgTaggedEvent } from './esxi/tagged-event.js'
export type { EsxiFinding } from './esxi/trail.js'
export {
  type EsxiVersion,
  readVersionRecord,
  type VmVersionRecord,
  vmVersionRecord,
} from './esxi/version-record.js'
export type { AcceptanceLevel, Vib, VibPayload } from './esxi/vib.js'
export { efiGuid, type Guid } from './events/guid.js'
export { isMalformed, type Malformed } from './events/malformed.js'
export {
  type EfiSignatureData,
  type EfiSignatureList,
  type EfiSignatureType,
  type EfiSignatureTypeName,
  efiSignatureData,
  efiSignatureDatabase,
  efiSignatureList,
} from './events/signature-list.js'
export {
  isGlobalVariable,
  readVariable,
  type UefiVariableData,
  uefiVariableData,
} from './events/uefi-variable.js'
export {
  globalVariable,
  imageSecurityDatabase,
  readAuthority,
  readVariableValue,
  shimLock,
  type VariableValue,
} from './events/variable-value.js'
export type { Fact } from './fact.js'
export { extendPcr, initialValue } from './pcr-states.js'
export { type Extensions, type MeasuredEvent, type MeasurementLog, pcrCount } from './record.js'
export { declaredBank, type Replay, replay, replayEventLog, replayLogs } from './replay.js'
export { type BootFacts, bootFacts, type UnknownEvent } from './secure-boot/boot-facts.js'
export { isDataMeasured } from './secure-boot/secure-boot.js'
export type { SeparatorFact, SeparatorState } from './secure-boot/separators.js'
export { describeEvent, describeType } from './tcg/describe-event.js'
export type { CcEventLog, EventLogContent, SpecId, TcgEvent, TcgEventLog } from './tcg/event-log.js'
export { type EventTypeName, eventTypeName, eventTypes } from './tcg/event-types.js'
export type { EventLogLimits, ReadEventLogOptions } from './tcg/limits.js'
export {
  type TcgEfiSpecIdEvent,
  type TcgEfiSpecIdEventStruct,
  type TcgLogHeader,
  tcgEfiSpecIdEvent,
  tcgEfiSpecIdEventStruct,
  tcgLogHeader,
} from './tcg/log-header.js'
export { isCcEventLog, parseCcEventLog, parseEventLog } from './tcg/parse-event-log.js'
export { replayCcEventLog } from './tcg/replay-cc.js'
