import { readFileSync } from 'node:fs'
import { concatBytes, equalBytes, fromUtf8, toHex, utf8 } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import { requestMessage, responseMessage } from '@trusthold/kmip-adapter'
import {
  createFrameAssembler,
  decodeItem,
  decodeItems,
  decodeMessage,
  describeItem,
  encodeItem,
  encodeMessage,
  item,
  kmipVersions,
  parseJson,
  parseXml,
  printJson,
  printTree,
  printXml,
  type Strictness,
  type StructureKind,
  type TtlvItem,
  tags,
} from '@trusthold/kmip-adapter/ttlv'
import type { FuzzTarget } from '../target.js'

type Part = 'request' | 'response'

/** Recorded messages of every version; of the last, all of them. */
function recorded(part: Part): readonly Uint8Array[] {
  return ['1.0', '1.2', '1.4', '2.0'].flatMap((version, i, versions) => {
    const file = `../../../packages/kmip-adapter/test/recordings/pykmip-${version}.json`
    const { pairs } = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as {
      pairs: Record<string, Record<Part, string | null>>
    }
    return Object.values(pairs)
      .filter((_, at) => i >= versions.length - 2 || at % 4 === i)
      .flatMap((pair) => (pair[part] === null ? [] : [Uint8Array.from(Buffer.from(pair[part], 'hex'))]))
  })
}

/** An item of each type, with values at the edges. */
const everyType = (): Uint8Array =>
  encodeItem(
    item(tags.Attributes, 'Structure', [
      item(tags.CryptographicUsageMask, 'Integer', -(2 ** 31) + 12),
      item(tags.UsageLimitsTotal, 'LongInteger', -5n),
      item(tags.Modulus, 'BigInteger', { number: -(2n ** 70n), width: 24 }),
      item(tags.State, 'Enumeration', 2),
      item(tags.Sensitive, 'Boolean', true),
      item(tags.Comment, 'TextString', 'é <&> "\u202e🔑'),
      item(0x54_0001, 'ByteString', Uint8Array.of(1, 2, 3)),
      item(tags.TimeStamp, 'DateTime', 1_205_495_800n),
      item(tags.LeaseTime, 'Interval', 2 ** 32 - 1),
      item(tags.ActivationDate, 'DateTimeExtended', -1n),
    ]),
  )

const recordedItems = (): readonly Uint8Array[] => [
  everyType(),
  ...recorded('request'),
  ...recorded('response'),
]

/** Does what must not be refused: an error of ours is a finding here. */
function must<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${what}: ${isTrustholdError(error) ? error.message : String(error)}`, { cause: error })
  }
}

function mustEqual(what: string, found: Uint8Array, expected: Uint8Array): void {
  if (!equalBytes(found, expected)) throw new Error(`${what}: ${toHex(found)} is not ${toHex(expected)}`)
}

/** What is read has to be written as the same bytes; what is read leniently, as bytes that are right. */
const itemTargets = (['strict', 'tolerant', 'lenient'] as const).map(
  (strictness: Strictness): FuzzTarget => ({
    name: `kmip.items.${strictness}`,
    seeds: recordedItems,
    run(bytes) {
      const written = encodeItem(decodeItem(bytes, { strictness }))
      if (strictness !== 'lenient') return mustEqual('an item', written, bytes)
      mustEqual('an item', encodeItem(must('an item', () => decodeItem(written))), written)
    },
  }),
)

function messageTarget<T>(part: Part, schema: StructureKind<T>): FuzzTarget {
  const isStrict = (bytes: Uint8Array): boolean => {
    try {
      decodeMessage(schema, bytes, { strictness: 'strict' })
      return true
    } catch (error) {
      if (!isTrustholdError(error)) throw error
      return false
    }
  }
  return {
    name: `kmip.messages.${part}`,
    seeds: () => recorded(part),
    run(bytes) {
      const message = decodeMessage(schema, bytes)
      const written = must('a message', () => encodeMessage(schema, message))
      if (isStrict(bytes)) mustEqual('a message', written, bytes)
      const again = must('a message', () => decodeMessage(schema, written))
      mustEqual('a message', encodeMessage(schema, again), written)
      const version = kmipVersions[bytes.length % kmipVersions.length] ?? '2.1'
      // A version refuses, or it writes what all do.
      mustEqual('a message of a version', encodeMessage(schema, message, version), written)
    },
  }
}

const secretTags: ReadonlySet<number> = new Set([tags.KeyMaterial, tags.Data, tags.Password, tags.Key])

/** The same message with other secrets of the same lengths. */
function withOtherSecrets(one: TtlvItem): TtlvItem {
  if (one.type === 'Structure') return item(one.tag, 'Structure', one.value.map(withOtherSecrets))
  if (!secretTags.has(one.tag)) return one
  if (one.type === 'ByteString')
    return item(
      one.tag,
      'ByteString',
      one.value.map((byte) => byte ^ 0x5a),
    )
  return one.type === 'TextString' ? item(one.tag, 'TextString', `${one.value}!`) : one
}

const unlessXmlCannot = (work: () => string): string | undefined => {
  try {
    return work()
  } catch (error) {
    if (isTrustholdError(error) && error.code === 'CODEC_RANGE') return undefined
    throw error
  }
}

const printers: FuzzTarget = {
  name: 'kmip.printers',
  seeds: recordedItems,
  run(bytes) {
    const items = decodeItems(bytes, { strictness: 'lenient' })
    const print = (list: readonly TtlvItem[]) => [
      ...list.map((one) => must('a tree', () => printTree(one))),
      must('JSON', () => printJson(list)),
      unlessXmlCannot(() => printXml(list)),
    ]
    const [shown, others] = [print(items), print(items.map(withOtherSecrets))]
    if (shown.some((text, i) => text !== others[i])) throw new Error('a secret is shown')
    if (shown.some((text) => /[\p{C}\p{Zl}\p{Zp}]/u.test(text?.replaceAll('\n', '') ?? ''))) {
      throw new Error('a control character is printed')
    }
    for (const one of items) describeItem(one, { values: 'plain' })
  },
}

const seedItems = (): readonly TtlvItem[] => recordedItems().map((bytes) => decodeItem(bytes))
const reveal = { reveal: true } as const
const bytesOf = (items: readonly TtlvItem[]): Uint8Array => concatBytes(...items.map(encodeItem))

/** What is read can be written as TTLV and printed, and is the same again in both forms. */
async function checkForms(items: readonly TtlvItem[]): Promise<void> {
  const frames = must('items', () => bytesOf(items))
  const json = must('JSON', () => printJson(items, reveal))
  mustEqual('JSON', bytesOf(must('JSON', () => parseJson(json, { maxDepth: 64 }))), frames)
  const xml = unlessXmlCannot(() => printXml(items, reveal))
  if (xml === undefined) return
  const again = await parseXml(xml, { maxDepth: 64 }).catch((error: unknown) => {
    throw new Error(`XML: ${String(error)}`)
  })
  mustEqual('XML', bytesOf(again), frames)
}

const textTargets: readonly FuzzTarget[] = [
  {
    name: 'kmip.json',
    seeds: () => seedItems().map((one) => utf8(printJson([one], reveal).replaceAll(/\s*\n\s*/g, ''))),
    run: (bytes) => checkForms(parseJson(fromUtf8(bytes))),
  },
  {
    name: 'kmip.xml',
    seeds: () => seedItems().map((one) => utf8(printXml([one], reveal))),
    run: async (bytes) => checkForms(await parseXml(fromUtf8(bytes))),
  },
  {
    name: 'kmip.forms',
    seeds: recordedItems,
    run: (bytes) => checkForms(decodeItems(bytes)),
  },
]

/** The messages that come out, or the code of the error that ends the stream. */
function assemble(chunks: Iterable<Uint8Array>): { frames: Uint8Array[]; end: string | number } {
  const assembler = createFrameAssembler(4_096)
  const frames: Uint8Array[] = []
  try {
    for (const chunk of chunks) frames.push(...assembler.push(new Uint8Array(chunk)))
    return { frames, end: assembler.pending }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { frames, end: error.code }
  }
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const frames: FuzzTarget = {
  name: 'kmip.frames',
  seeds: () => {
    const responses = recorded('response')
    return responses.map((response, i) => {
      return concatBytes(Uint8Array.of(i), response, responses[(i + 1) % responses.length] ?? response)
    })
  },
  run(bytes) {
    const stream = bytes.subarray(1)
    const one = assemble(cut(stream, 1))
    const some = assemble(cut(stream, 1 + (bytes[0] ?? 0)))
    if (one.end !== some.end) throw new Error(`${one.end} is not ${some.end}`)
    // An error in a chunk takes the messages before it along.
    if (typeof one.end === 'number' && one.frames.length !== some.frames.length)
      throw new Error('not as many')
    for (const [i, frame] of some.frames.entries()) {
      mustEqual('a frame', one.frames[i] ?? new Uint8Array(), frame)
    }
    const whole = concatBytes(...one.frames)
    mustEqual('a stream', whole, stream.subarray(0, whole.length))
  },
}

/** KMIP messages in each of their forms. */
export const kmipTargets: readonly FuzzTarget[] = [
  ...itemTargets,
  messageTarget('request', requestMessage),
  messageTarget('response', responseMessage),
  printers,
  ...textTargets,
  frames,
]
