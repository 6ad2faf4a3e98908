import { type Codec, type Infer, type Reader, struct, u64le, type Writer } from '../../codec/index.js'
import { sizedText } from './firmware-blob.js'
import { efiGuid, type Guid } from './guid.js'
import { guidName } from './guid-names.js'
import { decoderOf, type EventDecoder } from './reading.js'
import { untilNul } from './text.js'

/**
 * Tables that firmware hands to the system: which, and where. The digest is of the tables, so nothing of this is proved.
 * PC Client Platform Firmware Profile, section 10.2.5.
 */
export interface HandoffTables {
  readonly kind: 'handoff-tables'
  /** Only in newer events. */
  readonly description: string | undefined
  readonly tables: readonly {
    readonly guid: Guid
    readonly name: string | undefined
    /** Physical address. */
    readonly address: bigint
  }[]
}

const table = struct('EFI_CONFIGURATION_TABLE', { guid: efiGuid, address: u64le })
const tableSize = 24n

/** A count of 64 bits and that many tables, which must be there. */
const tableList: Codec<readonly { guid: Guid; address: bigint }[]> = {
  name: 'EFI_CONFIGURATION_TABLE[]',
  read(r: Reader) {
    const at = r.offset
    const count = u64le.read(r)
    const available = BigInt(r.remaining) / tableSize
    if (count > available) r.reject(`at most ${available} tables`, String(count), at)
    return Array.from({ length: Number(count) }, () => table.read(r))
  },
  write(w: Writer, tables) {
    u64le.write(w, BigInt(tables.length))
    for (const one of tables) table.write(w, one)
  },
}
const pointersDef = struct('UEFI_HANDOFF_TABLE_POINTERS', { tables: tableList })
/** UEFI_HANDOFF_TABLE_POINTERS. PC Client Platform Firmware Profile, section 10.2.5. */
export interface UefiHandoffTablePointers extends Infer<typeof pointersDef> {}
/** Codec of {@link UefiHandoffTablePointers}. */
export const uefiHandoffTablePointers: Codec<UefiHandoffTablePointers> = pointersDef

const pointers2Def = struct('UEFI_HANDOFF_TABLE_POINTERS2', { description: sizedText(), tables: tableList })
/** UEFI_HANDOFF_TABLE_POINTERS2. PC Client Platform Firmware Profile, section 10.2.5. */
export interface UefiHandoffTablePointers2 extends Infer<typeof pointers2Def> {}
/** Codec of {@link UefiHandoffTablePointers2}. */
export const uefiHandoffTablePointers2: Codec<UefiHandoffTablePointers2> = pointers2Def

const content = 'the content of tables'

/** EV_EFI_HANDOFF_TABLES. */
export const handoffTables: EventDecoder<HandoffTables> = decoderOf(
  uefiHandoffTablePointers,
  ({ tables }) => ({
    data: { kind: 'handoff-tables', description: undefined, tables: tables.map(withName) },
    measured: content,
  }),
)

/** EV_EFI_HANDOFF_TABLES2. */
export const handoffTables2: EventDecoder<HandoffTables> = decoderOf(
  uefiHandoffTablePointers2,
  ({ description, tables }) => ({
    data: { kind: 'handoff-tables', description: untilNul(description), tables: tables.map(withName) },
    measured: content,
  }),
)

function withName({ guid, address }: { guid: Guid; address: bigint }): HandoffTables['tables'][number] {
  return { guid, name: guidName(guid), address }
}
