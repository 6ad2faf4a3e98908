import fc from 'fast-check'
import { type ItemType, item, type TtlvItem, tags } from '../../src/ttlv/index.js'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

/** Any value of each type that holds no items. */
const values: Record<Exclude<ItemType, 'Structure'>, fc.Arbitrary<unknown>> = {
  Integer: fc.integer(),
  LongInteger: int64,
  BigInteger: fc
    .bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n })
    .map((number) => ({ number, width: 32 })),
  Enumeration: fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.integer({ min: 0, max: 64 })),
  Boolean: fc.boolean(),
  TextString: fc.string({ unit: 'binary', maxLength: 80 }).filter((text) => !/\p{Surrogate}/u.test(text)),
  ByteString: fc.uint8Array({ maxLength: 40 }),
  DateTime: fc.oneof(int64, fc.bigInt({ min: 0n, max: 2n ** 33n })),
  Interval: fc.integer({ min: 0, max: 0xffff_ffff }),
  DateTimeExtended: fc.oneof(int64, fc.bigInt({ min: 0n, max: 2n ** 52n })),
}

const tag = fc.oneof(fc.integer({ min: 0, max: 0xff_ffff }), fc.constantFrom(...Object.values(tags)))

/** Any item, with items in it down to five levels. */
export function anyTree(): fc.Arbitrary<TtlvItem> {
  const leaf = fc.oneof(
    ...(Object.keys(values) as (keyof typeof values)[]).map((type) =>
      fc.tuple(tag, values[type]).map(([number, value]) => item(number, type, value as never)),
    ),
  )
  const { tree } = fc.letrec<{ tree: TtlvItem }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc
        .tuple(tag, fc.array(tie('tree'), { maxLength: 5 }))
        .map(([number, items]) => item(number, 'Structure', items)),
    ),
  }))
  return tree
}
