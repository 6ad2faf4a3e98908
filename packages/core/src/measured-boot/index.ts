/**
 * What was measured during a boot: the TCG event log, its replay, and what it proves.
 * @module
 */

export { compareLog, compareLogs, type LogComparison } from './compare-log.js'
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
