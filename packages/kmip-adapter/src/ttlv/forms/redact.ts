import type { ItemValues, TtlvItem } from '../item.js'
import { holdsSecrets, isForeign, isSecret, mayHoldSecret } from './secrets.js'

/** What printers show. */
export interface PrintOptions {
  /** Shows keys, passwords, data and all else that may be secret; false by default. */
  readonly reveal?: boolean
}

/** Decides what is shown while a printer goes down the items. */
export interface Veil {
  /** Whether an item's own value is hidden. */
  hides(item: TtlvItem): boolean
  /** What decides for the items of a structure. */
  below(structure: TtlvItem): Veil
}

const open: Veil = { hides: () => false, below: () => open }
const closed: Veil = { hides: () => true, below: () => closed }
const byType: Veil = {
  hides: (item) => mayHoldSecret(item) || isSecret(item),
  below: (structure) => (holdsSecrets(structure) ? closed : byType),
}
const byTag: Veil = {
  hides: isSecret,
  below: (structure) => (holdsSecrets(structure) ? closed : isForeign(structure) ? byType : byTag),
}

/** Makes what decides for a message. */
export function createVeil({ reveal = false }: PrintOptions): Veil {
  return reveal ? open : byTag
}

/** Length of a value that is hidden, in bytes; undefined where the type tells it. A password's length is hidden too. */
export function hiddenLength(item: TtlvItem): number | undefined {
  if (item.type === 'ByteString') return item.value.length
  return item.type === 'BigInteger' ? (item.value satisfies ItemValues['BigInteger']).width : undefined
}
