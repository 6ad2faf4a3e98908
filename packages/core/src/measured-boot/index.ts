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
export type { EsxiFinding } from './esxi/findings.js'
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
export { esxiTags } from './esxi/tags.js'
export {
  type EsxiVersion,
  readVersionRecord,
  type VmVersionRecord,
  vmVersionRecord,
} from './esxi/version-record.js'
export type { AcceptanceLevel, Vib, VibPayload } from './esxi/vib.js'
export type { ActionEvent, KnownAction } from './events/action.js'
export { type Coverage, type CoveredPart, coverageOf, type MeasuredPart } from './events/coverage.js'
export type { CrtmGuid } from './events/crtm-version.js'
export {
  type DecodedEvent,
  decodeEvent,
  type EventData,
  readEventData,
  type UnknownData,
} from './events/decode-event.js'
export {
  type DevicePath,
  devicePathNodeText,
  devicePathText,
  efiDevicePath,
} from './events/device-path/device-path.js'
export { type DevicePathNode, devicePathNode } from './events/device-path/node.js'
export type { FirmwareBlob } from './events/firmware-blob.js'
export {
  type ChecksumState,
  type EfiPartitionEntry,
  type EfiPartitionTableHeader,
  type GptEvent,
  type GptPartition,
  type UefiGptData,
  uefiGptData,
} from './events/gpt.js'
export { efiGuid, type Guid } from './events/guid.js'
export { guidName } from './events/guid-names.js'
export type { HCrtmComponent } from './events/h-crtm.js'
export {
  type HandoffTables,
  type UefiHandoffTablePointers,
  type UefiHandoffTablePointers2,
  uefiHandoffTablePointers,
  uefiHandoffTablePointers2,
} from './events/handoff-tables.js'
export { type ImageLoad, type UefiImageLoadEvent, uefiImageLoadEvent } from './events/image-load.js'
export { type EfiLoadOption, efiLoadOption } from './events/load-option.js'
export { isMalformed, type Malformed } from './events/malformed.js'
export type { NoActionEvent, StartupLocality } from './events/no-action.js'
export type { NvIndexDynamic, NvIndexInstance } from './events/nv-index.js'
export type { RawBytes, Reading } from './events/reading.js'
export type { Locator, ReferenceManifest } from './events/reference-manifest.js'
export type { SeparatorEvent } from './events/separator.js'
export {
  type EfiSignatureData,
  type EfiSignatureList,
  type EfiSignatureType,
  type EfiSignatureTypeName,
  efiSignatureData,
  efiSignatureDatabase,
  efiSignatureList,
} from './events/signature-list.js'
export type { DeviceContext } from './events/spdm/device-context.js'
export type { DeviceMeasurement } from './events/spdm/device-measurement.js'
export type { SpdmMeasurement } from './events/spdm/measurement-block.js'
export type { DeviceStatement } from './events/spdm/statement.js'
export type { SpecIdEvent } from './events/spec-id.js'
export type { Tag, TaggedEvents } from './events/tagged-event.js'
export { type TcgTaggedEvent, tcgTaggedEvent } from './events/tcg-tagged-event.js'
export type { TextEvent } from './events/text-event.js'
export {
  type UefiVariableData,
  uefiVariableData,
} from './events/uefi-variable.js'
export type { VariableEvent } from './events/variable-event.js'
export {
  globalVariable,
  imageSecurityDatabase,
  readAuthority,
  readVariableValue,
  shimLock,
  type VariableValue,
} from './events/variable-value.js'
export type { Fact } from './fact.js'
export {
  type ImaAllowList,
  type ImaAllowListDocument,
  readImaAllowList,
} from './ima/allow-list.js'
export {
  type BootAggregateResult,
  checkBootAggregate,
  computeBootAggregate,
  isBootAggregate,
  type PcrValues,
} from './ima/boot-aggregate.js'
export { type ContinueOptions, continueImaLog } from './ima/continue-ima-log.js'
export {
  type FileSignature,
  readFileSignature,
  type SignatureV2Hdr,
  signatureV2Hdr,
} from './ima/file-signature.js'
export type { DigestRule, FileDigest, ImaEntry, ImaLog } from './ima/ima-log.js'
export {
  bufferSourceOf,
  type ImaBufferSource,
  type ImaEntryKind,
  type ImaJudgement,
  judgeImaEntry,
} from './ima/judge-ima-entry.js'
export { createImaKeyring, type ImaKey, type ImaKeyring, imaKeyId } from './ima/keyring.js'
export type { ImaLogLimits } from './ima/limits.js'
export { type ImaMatch, type ImaMatchOptions, matchImaLog } from './ima/match-ima-log.js'
export { type ImaLogOptions, parseImaLog } from './ima/parse-ima-log.js'
export {
  type ImaBankState,
  type ImaReplayState,
  initialImaState,
  readImaReplayState,
} from './ima/replay-state.js'
export type { ImaField, ImaTemplate } from './ima/templates.js'
export {
  type FileSignatureOptions,
  type SignatureResult,
  verifyFileSignature,
} from './ima/verify-file-signature.js'
export {
  type ImaFinding,
  type ImaVerdict,
  type VerifyImaOptions,
  verifyImaLog,
} from './ima/verify-ima-log.js'
export type { KernelCommandLine } from './linux/command-line.js'
export { type EfiStubMeasurements, efiStubTags } from './linux/efi-stub.js'
export type { GrubBoot } from './linux/grub.js'
export type { LoadedImage } from './linux/images.js'
export {
  type BootPhase,
  bootPhases,
  expectedKernelBootPcr,
  type UkiSectionName,
  ukiSectionNames,
} from './linux/kernel-boot-pcr.js'
export { type KernelParameter, splitKernelParameters } from './linux/kernel-parameters.js'
export type { LinuxBoot } from './linux/linux-boot.js'
export type { LinuxFinding, LinuxFindingCode } from './linux/linux-findings.js'
export type { BootLoader } from './linux/loader.js'
export type { MeasuredObject } from './linux/measured-object.js'
export type { GrubText } from './linux/measured-text.js'
export type { MokList } from './linux/mok-list.js'
export { coversSbatLevel, readSbat, type SbatEntry } from './linux/sbat.js'
export type { ShimState } from './linux/shim.js'
export type { ConfigurationItem, ConfigurationKind } from './linux/systemd-configuration.js'
export type { MeasuredSection, UkiBoot } from './linux/uki.js'
export { readUkiSections } from './linux/uki-file.js'
export { extendPcr, initialValue } from './pcr-states.js'
export { type ProvedBank, type ProvedLog, proveLog } from './proved-log.js'
export { type Extensions, type MeasuredEvent, type MeasurementLog, noPcr, pcrCount } from './record.js'
export { type Replay, replay, replayEventLog, replayLogs } from './replay.js'
export type { SecureBootAuthority } from './secure-boot/authorities.js'
export { type BootFacts, bootFacts, type UnknownEvent } from './secure-boot/boot-facts.js'
export type { SecureBootFinding, SecureBootFindingCode } from './secure-boot/findings.js'
export type { ShimSettingName } from './secure-boot/policy-statements.js'
export { isDataMeasured, type SecureBootState, type ShimSetting } from './secure-boot/secure-boot.js'
export type { SeparatorFact, SeparatorState } from './secure-boot/separators.js'
export type { AuthoritySource } from './secure-boot/vouchers.js'
export { parseSystemdLog } from './systemd/parse-systemd-log.js'
export { type SystemdFacts, type SystemdStatement, systemdFacts } from './systemd/systemd-facts.js'
export type { SystemdEvent, SystemdLog, SystemdLogLimits } from './systemd/systemd-log.js'
export { describeEvent } from './tcg/describe-event.js'
export type { CcEventLog, EventLogContent, SpecId, TcgEvent, TcgEventLog } from './tcg/event-log.js'
export { type EventTypeName, eventTypeName, eventTypes } from './tcg/event-types.js'
export { findLogFindings, type LogFinding, type LogFindingCode } from './tcg/findings.js'
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
export { findPcrFindings, type PcrFinding, type PcrFindingCode } from './tcg/pcr-findings.js'
export { replayCcEventLog } from './tcg/replay-cc.js'
