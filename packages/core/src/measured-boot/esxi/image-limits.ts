/** What an image database may have at most. */
export interface ImageDatabaseLimits {
  /** Of the archive as it comes, in bytes; 16 MiB by default, some ten times what ESXi makes. */
  readonly bytes: number
  /** Of the archive decompressed, in bytes; 32 MiB by default. */
  readonly decompressed: number
  /** Files and folders; 16384 by default: an image has some 200 packages, with three files each. */
  readonly entries: number
  /** Of one XML file, in bytes; 8 MiB by default: a package lists its files. */
  readonly xmlBytes: number
  /** Elements of one XML file; 200,000 by default. */
  readonly elements: number
  /** Elements in each other; 16 by default, three times what there is. */
  readonly depth: number
  /** Attributes of one element; 32 by default. */
  readonly attributes: number
}

/** The limits that hold where none are given. */
export const defaultImageLimits: ImageDatabaseLimits = {
  bytes: 16 * 1024 * 1024,
  decompressed: 32 * 1024 * 1024,
  entries: 16_384,
  xmlBytes: 8 * 1024 * 1024,
  elements: 200_000,
  depth: 16,
  attributes: 32,
}
