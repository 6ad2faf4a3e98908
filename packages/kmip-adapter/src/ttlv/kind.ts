import type { Frame } from './frame.js'
import type { TtlvWriter } from './writer.js'

/** How a value of one sort is read from an item and written as one. */
export interface Kind<T> {
  /** The types of item that it reads, as {@link typeSet} packs them. */
  readonly types: number
  /**
   * Reads a value. The item's header is checked already, and its type is one of {@link Kind.types}.
   * @param type the number of the item's type
   * @param at where the value starts
   * @param length the value's length in bytes, without padding
   */
  read(frame: Frame, type: number, at: number, length: number): T
  /** Writes a whole item with this tag. */
  write(writer: TtlvWriter, tag: number, value: T): void
}

/** The type that a kind reads. */
export type Infer<K> = K extends Kind<infer T> ? T : never
