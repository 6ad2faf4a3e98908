/**
 * Contract suites for the ports: each takes a test runner and a factory, and proves an adapter. And a builder of event
 * logs, good and bad.
 * @module
 */
export {
  type AuditSinkContractOptions,
  type AuditSinkSubject,
  assertAuditChain,
  auditSinkContract,
} from './audit-sink.contract.js'
export type { BuiltPcrs } from './built-pcrs.js'
export {
  type ConfigStoreContractOptions,
  type ConfigStoreSubject,
  configStoreContract,
} from './config-store.contract.js'
export type { TestRunner } from './contract.js'
export {
  type EsxiBootFile,
  type EsxiBootPlan,
  esxiBootEvents,
  esxiEvent,
  esxiVersionRecord,
} from './esxi-boot-builder.js'
export {
  type BuiltEvent,
  type BuiltEventLog,
  type EventLogBuilder,
  type EventLogOptions,
  eventLog,
} from './event-log-builder.js'
export type { SpecIdOptions } from './event-log-records.js'
export {
  type BuiltImaEntry,
  type BuiltImaFile,
  type BuiltImaList,
  type ImaListBuilder,
  type ImaListOptions,
  imaList,
} from './ima-list-builder.js'
export {
  type KeyServerContractOptions,
  type KeyServerSubject,
  keyServerContract,
} from './key-server.contract.js'
export {
  type ReplayGuardContractOptions,
  type ReplayGuardSubject,
  replayGuardContract,
} from './replay-guard.contract.js'
export {
  type BuiltMeasurement,
  type BuiltSystemdLog,
  type SystemdLogBuilder,
  type SystemdLogOptions,
  systemdLog,
} from './systemd-log-builder.js'
export { tpmContract } from './tpm.contract.js'
export type { HostLogs, TpmContractOptions, TpmSubject } from './tpm-subject.js'
export {
  type TpmTransportContractOptions,
  type TpmTransportSubject,
  tpmTransportContract,
} from './tpm-transport.contract.js'
export type { ScriptedTpm, WithScriptedTpm } from './tpm-transport-scripted.js'
