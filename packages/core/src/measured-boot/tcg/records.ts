import type { HashAlgorithm } from '../../tpm2/index.js'

/** An algorithm that a log's header declares. */
export interface DeclaredAlgorithm {
  /** TPM_ALG_ID. */
  readonly id: number
  /** Undefined when it is not known here; its digests are then only skipped. */
  readonly name: HashAlgorithm | undefined
  /** Of a digest, in bytes. */
  readonly size: number
}

/** Where the parts of a record are, in bytes from its start. PCR and type are at 0 and 4 in every layout. */
export interface RecordLayout {
  /** Digests, one entry for each declared algorithm; -1 for one that the record has no digest of. */
  readonly digests: readonly number[]
  /** The size of the event's data, which follows it. */
  readonly size: number
}

/** PCR, type and digest count, 4 bytes each. */
export const agileHead = 12
/** PCR, type, SHA-1 digest. */
export const sha1SizeAt = 28
/** Of the field that says how long the data is. */
export const sizeField = 4

/** TCG_PCClientPCREvent. PC Client Platform Firmware Profile, section 10.2.1. */
export const sha1Layout: RecordLayout = { digests: [8], size: sha1SizeAt }
/** The header of a crypto-agile log: of the same form, but what stands in the place of the digest is none. */
export const headerLayout: RecordLayout = { digests: [], size: sha1SizeAt }

/** TCG_PCR_EVENT2 with a digest for each algorithm, in the order of the header: what nearly all events look like. */
export function regularLayout(algorithms: readonly DeclaredAlgorithm[]): RecordLayout {
  let at = agileHead
  const digests = algorithms.map(({ size }) => {
    at += 2 + size
    return at - size
  })
  return { digests, size: at }
}

/** The records of a log, found and checked; everything else is read from them when it is asked for. */
export interface EventRecords {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly algorithms: readonly DeclaredAlgorithm[]
  /** Where each record starts, in bytes. */
  readonly offsets: readonly number[]
  /** Where the last one ends. */
  readonly end: number
  /** Whether what follows is a record that is cut off; otherwise it is padding. */
  readonly truncated: boolean
  /** Whether the first record is the header of a crypto-agile log. */
  readonly header: boolean
  /** Layout of all records but the header and the exceptions. */
  readonly layout: RecordLayout
  /** Layouts of the records that have another, by index. */
  readonly exceptions: ReadonlyMap<number, RecordLayout>
}

/** Layout of one record. */
export function layoutOf({ header, layout, exceptions }: EventRecords, index: number): RecordLayout {
  if (header && index === 0) return headerLayout
  return exceptions.get(index) ?? layout
}
