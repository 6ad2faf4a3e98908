import type { HashAlgorithm } from '../../tpm2/index.js'
import type { Extensions, MeasuredEvent, MeasurementLog } from '../record.js'
import type { ImaField, ImaTemplate } from './templates.js'

/**
 * How the kernel makes, out of an entry, what it extends into a bank other than SHA-1's.
 * - `recomputed`: the template data hashed with the bank's algorithm; Linux 5.8 and later.
 * - `zero-padded`: the SHA-1 template hash with zeros after it, violations all ones; Linux 5.8 and later for a bank whose
 *   algorithm the kernel has not built in.
 * - `zero-padded-violations`: as before, and violations are 20 bytes of ones with zeros after them; before Linux 5.8.
 */
export type DigestRule = 'recomputed' | 'zero-padded' | 'zero-padded-violations'

/** What was hashed of a file, or of a buffer. */
export interface FileDigest {
  /** What it is of: the content, or the root of the file's Merkle tree. Templates before ima-ngv2 leave it open. */
  readonly type: 'ima' | 'verity' | undefined
  /** As the kernel names the algorithm, which may be one that is not known here. */
  readonly algorithm: string
  readonly value: Uint8Array
}

/**
 * One entry of the kernel's list. What a digest of it covers is the template data and so everything here but index,
 * offset, PCR, template name and listed hash; of a violation it covers nothing.
 */
export interface ImaEntry extends MeasuredEvent {
  readonly template: ImaTemplate
  /** The template hash as the list has it; a view. */
  readonly listedHash: Uint8Array
  /**
   * Whether the kernel could not measure in earnest: the file was being written while it was measured, or the other way
   * round. The listed hash is all zeros, and all ones are extended: the entry's data is not measured.
   */
  readonly violation: boolean
  /** Template data as listed; a view. */
  readonly templateData: Uint8Array
  /** The record or, without its line break, the line as listed; a view. */
  readonly record: Uint8Array
  /** A field's bytes, a view; undefined when the template has no such field. Texts end with a NUL. */
  field(name: ImaField): Uint8Array | undefined
  /** The digest that the entry states (fields d-ng, d-ngv2, d); undefined when there is none or it is malformed. */
  readonly fileDigest: FileDigest | undefined
  /**
   * Path or name (fields n-ng, n) without its NUL; the kernel writes `_` for each space. A view. Undefined when there is
   * none, or one with a NUL within it, as no name has: then it is data of another template.
   */
  readonly pathBytes: Uint8Array | undefined
  /** The same as text; bytes that are not UTF-8 are replaced. Decide by {@link pathBytes}. */
  readonly path: string | undefined
  /** The file's signature (field sig), an extended attribute as it stands; undefined when there is none. */
  readonly signature: Uint8Array | undefined
  /** A measured buffer (field buf); undefined when there is none. */
  readonly buffer: Uint8Array | undefined
  /** Whether the listed template hash is that of the template data. A violation has none: true. */
  hasListedHash(): boolean
  /**
   * As for every event. Without a rule the digest is the listed template hash for the algorithm of these, whether it is
   * that of the data or not, and recomputed for the other banks; with a rule it is always made of the template data.
   */
  copyDigest(bank: string, target: Uint8Array, at: number, rule?: DigestRule): boolean
}

/** A parsed list of the Integrity Measurement Architecture. Its entries look into the bytes that were parsed. */
export interface ImaLog extends MeasurementLog {
  readonly source: 'ima'
  readonly encoding: 'binary' | 'ascii'
  /** Of the listed template hashes. */
  readonly listedAlgorithm: HashAlgorithm
  readonly events: readonly ImaEntry[]
  /** Index of the first entry in the kernel's list: 0, unless only the list's end was parsed. */
  readonly first: number
  /** Index after that of the last entry. */
  readonly end: number
  /** Bytes of the kernel's list before those that offsets count in: 0, unless only its end was given. */
  readonly base: number
  /** One entry by its index in the kernel's list; undefined when it is not here. */
  entry(index: number): ImaEntry | undefined
  /** As for every log; a rule says of what digests are made, as in {@link ImaEntry.copyDigest}. */
  extensions(bank: HashAlgorithm, rule?: DigestRule): Extensions
}
