/**
 * What was measured during a boot: the TCG event log, its replay, and what it proves.
 * @module
 */

export { compareLog, type LogComparison } from './compare-log.js'
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
export { type MeasuredEvent, type MeasurementLog, pcrCount } from './record.js'
export { declaredBank, extendPcr, initialValue, type Replay, replay, replayEventLog } from './replay.js'
export { type BootFacts, bootFacts, type UnknownEvent } from './secure-boot/boot-facts.js'
export { isDataMeasured } from './secure-boot/secure-boot.js'
export type { SeparatorFact, SeparatorState } from './secure-boot/separators.js'
export { describeEvent, describeType } from './tcg/describe-event.js'
export type { SpecId, TcgEvent, TcgEventLog } from './tcg/event-log.js'
export { type EventTypeName, eventTypeName, eventTypes } from './tcg/event-types.js'
export {
  type TcgEfiSpecIdEvent,
  type TcgLogHeader,
  tcgEfiSpecIdEvent,
  tcgLogHeader,
} from './tcg/log-header.js'
export { type EventLogLimits, parseEventLog } from './tcg/parse-event-log.js'
