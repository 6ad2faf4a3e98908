/**
 * What was measured during a boot: the TCG event log, its replay, and what it proves.
 * @module
 */
export { type BootFacts, bootFacts, type UnknownEvent } from './boot-facts.js'
export { compareLog, type LogComparison } from './compare-log.js'
export { describeEvent, describeType } from './describe-event.js'
export { type EventLog, type LogEvent, pcrCount } from './event-log.js'
export { type EventTypeName, eventTypeName, eventTypes } from './event-types.js'
export type { Fact } from './fact.js'
export { type TcgEfiSpecIdEvent, type TcgLogHeader, tcgEfiSpecIdEvent, tcgLogHeader } from './log-header.js'
export { type EventLogLimits, parseEventLog } from './parse-event-log.js'
export { declaredBank, extendPcr, initialValue, type Replay, replay, replayEventLog } from './replay.js'
export { isDataMeasured } from './secure-boot.js'
export type { SeparatorFact, SeparatorState } from './separators.js'
export { isGlobalVariable, readVariable, type UefiVariableData, uefiVariableData } from './uefi-variable.js'
