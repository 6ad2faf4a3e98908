/** The types that an item can have, and their numbers on the wire. KMIP 2.1, section 9.1.1.2. */
export const itemTypes = {
  Structure: 1,
  Integer: 2,
  LongInteger: 3,
  BigInteger: 4,
  Enumeration: 5,
  Boolean: 6,
  TextString: 7,
  ByteString: 8,
  DateTime: 9,
  Interval: 10,
  DateTimeExtended: 11,
} as const

/** The name of an item's type. */
export type ItemType = keyof typeof itemTypes

/** Names by number; nothing at 0. */
export const itemTypeNames: readonly (ItemType | undefined)[] = [
  undefined,
  ...(Object.keys(itemTypes) as ItemType[]),
]

/** The length that items of a type always have, by the type's number; 0 where it varies. */
export const fixedLengths: readonly number[] = [0, 0, 4, 8, 0, 4, 8, 0, 0, 8, 4, 8]

/** The greatest type number. */
export const lastItemType = itemTypes.DateTimeExtended

/** A set of types as one number, for a quick test of membership. */
export function typeSet(...types: readonly ItemType[]): number {
  return types.reduce((set, type) => set | (1 << itemTypes[type]), 0)
}
