import { type EnumerationName, valueName } from './enumerations.js'
import type { TtlvItem } from './item.js'
import { tagName } from './tags.js'

/** What {@link describeItem} shows besides tags, types and lengths. */
export interface DescribeOptions {
  /**
   * `none` (default): no value at all. `plain`: values that say what a message is about and are never secret, such as
   * the operation, the result and the version.
   */
  values?: 'none' | 'plain'
}

/** Tags whose values show in `plain`. A tag that is not in this list never shows. */
const plainTags: ReadonlySet<string> = new Set([
  'BatchCount',
  'CryptographicAlgorithm',
  'CryptographicLength',
  'CryptographicUsageMask',
  'KeyFormatType',
  'MaximumItems',
  'ObjectType',
  'Operation',
  'ProtocolVersionMajor',
  'ProtocolVersionMinor',
  'QueryFunction',
  'ResultReason',
  'ResultStatus',
  'State',
  'TimeStamp',
])

function lengthOf(item: TtlvItem): string {
  if (item.type === 'TextString') return `(${Buffer.byteLength(item.value)})`
  if (item.type === 'ByteString') return `(${item.value.length})`
  if (item.type === 'BigInteger') return `(${item.value.width})`
  return ''
}

function enumerated(name: string, value: number): string {
  return valueName(name as EnumerationName, value) ?? `0x${value.toString(16)}`
}

function plainValue(item: TtlvItem): string {
  const name = tagName(item.tag)
  if (!plainTags.has(name)) return ''
  switch (item.type) {
    case 'Enumeration':
      return ` = ${enumerated(name, item.value)}`
    case 'DateTime':
    case 'Integer':
      return ` = ${item.value}`
    default:
      return ''
  }
}

function describeLines(item: TtlvItem, values: boolean, indent: string): string[] {
  const line = `${indent}${tagName(item.tag)} ${item.type}${lengthOf(item)}${values ? plainValue(item) : ''}`
  if (item.type !== 'Structure') return [line]
  return [line, ...item.value.flatMap((child) => describeLines(child, values, `${indent}  `))]
}

/** An item's tags, types and lengths as an indented text, one line an item; safe to log. */
export function describeItem(item: TtlvItem, options: DescribeOptions = {}): string {
  return describeLines(item, options.values === 'plain', '').join('\n')
}
