import { decodeItem, encodeItem, item, type TtlvItem, tags } from '../../src/ttlv/index.js'

const idTags: ReadonlySet<number> = new Set([
  tags.UniqueIdentifier,
  tags.PrivateKeyUniqueIdentifier,
  tags.PublicKeyUniqueIdentifier,
])

function* idsIn(node: TtlvItem): Generator<string> {
  if (node.type === 'Structure') for (const child of node.value) yield* idsIn(child)
  else if (node.type === 'TextString' && idTags.has(node.tag)) yield node.value
}

/** Puts the ids of the server that is tested in the place of those of the server that was recorded. */
export interface RecordedIds {
  /** The request with our ids. */
  toOurs(request: Uint8Array): Uint8Array
  /** Learns ids from the recorded response and ours to the same request. */
  learn(recorded: Uint8Array, ours: Uint8Array): void
}

/** Starts without any. */
export function createRecordedIds(): RecordedIds {
  const ours = new Map<string, string>()
  const translate = (node: TtlvItem): TtlvItem => {
    if (node.type === 'Structure') return item(node.tag, 'Structure', node.value.map(translate))
    if (node.type !== 'TextString' || !idTags.has(node.tag)) return node
    return item(node.tag, 'TextString', ours.get(node.value) ?? node.value)
  }
  return {
    toOurs: (request) => encodeItem(translate(decodeItem(request))),
    learn(recorded, answer) {
      const [theirs, mine] = [[...idsIn(decodeItem(recorded))], [...idsIn(decodeItem(answer))]]
      theirs.forEach((id, i) => {
        const own = mine[i]
        if (own !== undefined) ours.set(id, own)
      })
    },
  }
}
