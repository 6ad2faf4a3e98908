import { rejectRead } from './failure.js'
import { readItem, type TtlvItem, writeItem } from './item.js'
import { itemTypeNames, typeSet } from './item-type.js'
import type { Kind } from './kind.js'
import { tagVersions } from './registry/ranges.js'
import { type TagName, tagName, tags } from './tags.js'
import { spanOf } from './version.js'

/** A value under the name of its tag, or an item whose tag is not in the table. */
export type TaggedValue =
  | { readonly name: TagName; readonly value: unknown }
  | { readonly name: 'Other'; readonly value: TtlvItem }

/** The kinds of values by the names of their tags. */
export type KindsByTag = Readonly<Partial<Record<TagName, Kind<unknown>>>>

/** A structure whose items come in any order and number: a list that keeps their order. */
export function taggedList(kindsByTag: KindsByTag): Kind<readonly TaggedValue[]> {
  const byNumber = new Map(
    Object.entries(kindsByTag).map(([name, kind]) => [
      tags[name as TagName] as number,
      { name: name as TagName, kind: kind as Kind<unknown> },
    ]),
  )
  return {
    types: typeSet('Structure'),
    read(frame, _type, at, length) {
      const list: TaggedValue[] = []
      const end = at + length
      frame.enter(at)
      for (let next = at; next < end; ) {
        const start = next
        next = frame.header(start, end)
        const known = byNumber.get(frame.tag)
        if (known === undefined) {
          if (!frame.limits.acceptAnyItem) rejectRead(start, 'an item that the list has', tagName(frame.tag))
          list.push({ name: 'Other', value: readItem(frame, start) })
          continue
        }
        if (((known.kind.types >> frame.type) & 1) === 0) {
          rejectRead(start, `an item type that ${known.name} can have`, String(itemTypeNames[frame.type]))
        }
        list.push({ name: known.name, value: known.kind.read(frame, frame.type, start + 8, frame.length) })
      }
      frame.leave()
      return list
    },
    write(writer, tag, list) {
      const started = writer.begin(tag)
      for (const { name, value } of list) {
        const kind = name === 'Other' ? undefined : kindsByTag[name]
        if (name === 'Other') writeItem(writer, value)
        else if (kind === undefined) writer.reject('a tag of the list', name)
        else {
          writer.require(spanOf(tagVersions(tags[name])), name)
          kind.write(writer, tags[name], value)
        }
      }
      writer.end(started)
    },
  }
}
