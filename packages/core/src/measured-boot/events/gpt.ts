import { crc32 } from 'node:zlib'
import {
  bytesOf,
  type Codec,
  decode,
  type Infer,
  type Reader,
  rest,
  struct,
  u32le,
  u64le,
  type Writer,
} from '../../codec/index.js'
import { efiGuid, type Guid } from './guid.js'
import { guidName } from './guid-names.js'
import { decoderOf, type EventDecoder, whole } from './reading.js'
import { untilNul, utf16Text } from './text.js'

/** Whether a checksum of the table fits what the event has of it; `unchecked` where that is not enough to tell. */
export type ChecksumState = 'valid' | 'invalid' | 'unchecked'

/** A partition, as the GUID Partition Table has it. UEFI 2.10, section 5.3.3. */
export interface GptPartition {
  readonly type: Guid
  readonly typeName: string | undefined
  readonly guid: Guid
  /** First and last block. */
  readonly firstBlock: bigint
  readonly lastBlock: bigint
  readonly attributes: bigint
  readonly name: string
}

/**
 * EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2: the partitions of the disk that was booted from. UEFI 2.10, section 5.3.2; PC
 * Client Platform Firmware Profile, section 10.2.8.
 */
export interface GptEvent {
  readonly kind: 'gpt'
  readonly revision: number
  readonly diskGuid: Guid
  /** Blocks of this header and its copy, and of the first and last that a partition can have. */
  readonly block: bigint
  readonly alternateBlock: bigint
  readonly firstUsableBlock: bigint
  readonly lastUsableBlock: bigint
  /** Entries that the table has, used or not. */
  readonly entryCount: number
  /** Those that are used. */
  readonly partitions: readonly GptPartition[]
  readonly headerChecksum: ChecksumState
  /** Of all entries, taking those that the event does not have for empty ones at the end. */
  readonly entriesChecksum: ChecksumState
}

const noGuid: Guid = '00000000-0000-0000-0000-000000000000'
const headerSize = 92
const crcAt = 16
const entrySize = 128
const nameSize = 72
const headerDef = struct('EFI_PARTITION_TABLE_HEADER', {
  signature: bytesOf(8),
  revision: u32le,
  headerSize: u32le,
  headerCrc: u32le,
  reserved: u32le,
  block: u64le,
  alternateBlock: u64le,
  firstUsableBlock: u64le,
  lastUsableBlock: u64le,
  diskGuid: efiGuid,
  entryBlock: u64le,
  entryCount: u32le,
  entrySize: u32le,
  entriesCrc: u32le,
})
const entryDef = struct('EFI_PARTITION_ENTRY', {
  type: efiGuid,
  guid: efiGuid,
  firstBlock: u64le,
  lastBlock: u64le,
  attributes: u64le,
  name: bytesOf(nameSize),
  reserved: rest,
})
/** EFI_PARTITION_TABLE_HEADER. UEFI 2.10, section 5.3.2. */
export interface EfiPartitionTableHeader extends Infer<typeof headerDef> {}
const header: Codec<EfiPartitionTableHeader> = headerDef
/** EFI_PARTITION_ENTRY, its name in UTF-16 and what a larger entry has behind. UEFI 2.10, section 5.3.3. */
export interface EfiPartitionEntry extends Infer<typeof entryDef> {}
const entry: Codec<EfiPartitionEntry> = entryDef
/** UEFI_GPT_DATA as it stands in an event. PC Client Platform Firmware Profile, section 10.2.8. */
export interface UefiGptData {
  readonly header: EfiPartitionTableHeader
  readonly entries: readonly EfiPartitionEntry[]
}

/** Codec of {@link UefiGptData}: the header, a count of 64 bits, and that many entries of the size that the header states. */
export const uefiGptData: Codec<UefiGptData> = {
  name: 'UEFI_GPT_DATA',
  read(r: Reader) {
    const at = r.offset
    const head = header.read(r)
    if (String.fromCharCode(...head.signature) !== 'EFI PART') r.reject('EFI PART', 'another signature', at)
    const size = head.entrySize
    if (size === 0 || size % entrySize !== 0) {
      r.reject(`entries of a multiple of ${entrySize} bytes`, String(size), at)
    }
    const countAt = r.offset
    const count = u64le.read(r)
    const available = BigInt(Math.floor(r.remaining / size))
    if (count > available) r.reject(`at most ${available} partitions`, String(count), countAt)
    return { header: head, entries: Array.from({ length: Number(count) }, () => entry.read(r.part(size))) }
  },
  write(w: Writer, { header: head, entries }) {
    header.write(w, head)
    u64le.write(w, BigInt(entries.length))
    for (const one of entries) {
      const size = entrySize + one.reserved.length
      if (size !== head.entrySize) w.reject(`entries of ${head.entrySize} bytes`, String(size))
      entry.write(w, one)
    }
  },
}

/** Decodes both types of event. */
export const gptEvent: EventDecoder<GptEvent> = decoderOf(uefiGptData, ({ header: head, entries }, data) => ({
  data: {
    kind: 'gpt',
    revision: head.revision,
    diskGuid: head.diskGuid,
    block: head.block,
    alternateBlock: head.alternateBlock,
    firstUsableBlock: head.firstUsableBlock,
    lastUsableBlock: head.lastUsableBlock,
    entryCount: head.entryCount,
    partitions: entries.map(partitionOf),
    headerChecksum: checkHeader(head, data),
    entriesChecksum: checkEntries(head, data),
  },
  measured: whole(data),
}))

function partitionOf({ reserved, name, ...partition }: EfiPartitionEntry): GptPartition {
  return { ...partition, typeName: guidName(partition.type), name: untilNul(decode(utf16Text, name)) }
}

function checkHeader(head: EfiPartitionTableHeader, data: Uint8Array): ChecksumState {
  if (head.headerSize !== headerSize) return 'unchecked'
  const bytes = data.slice(0, headerSize)
  bytes.fill(0, crcAt, crcAt + 4)
  return crc32(bytes) === head.headerCrc ? 'valid' : unfit(head)
}

/** A table of at most this many bytes is checked; on disks it has 16384. */
const maxTableSize = 1024 * 1024

function checkEntries(head: EfiPartitionTableHeader, data: Uint8Array): ChecksumState {
  const used = data.subarray(headerSize + 8)
  const missing = head.entryCount * head.entrySize - used.length
  if (missing < 0 || missing > maxTableSize) return 'unchecked'
  if (crc32(new Uint8Array(missing), crc32(used)) === head.entriesCrc) return 'valid'
  // Used entries need not be the first ones, and the event does not say where they are.
  return missing === 0 ? unfit(head) : 'unchecked'
}

/** EV_EFI_GPT_EVENT2 has zeros for what differs on every disk: then no checksum of the disk fits. */
function unfit({ diskGuid }: EfiPartitionTableHeader): ChecksumState {
  return diskGuid === noGuid ? 'unchecked' : 'invalid'
}
