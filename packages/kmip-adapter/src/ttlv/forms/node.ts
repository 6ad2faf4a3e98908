import { TrustholdError } from '@trusthold/core/errors'
import { item, type TtlvItem } from '../item.js'
import type { ItemType } from '../item-type.js'
import { itemTypes } from '../item-type.js'
import { tagName, tagNumber } from '../tags.js'
import { type LeafForm, type LeafType, leafForms, type Scalar } from './leaf.js'
import { createScopeFinder, type Scope } from './scope.js'

/** An item in JSON or XML, before it is checked. */
export interface FormNode {
  /** Where it stands: bytes from the start of the text. */
  offset(): number
  /** A name, or a number in hexadecimal. */
  readonly tag?: unknown
  /** The name of a type; absent for a structure. */
  readonly type?: unknown
  readonly scalar?: Scalar | undefined
  /** The items of a structure, which are asked for once. */
  children?(): Iterable<FormNode>
  /** What was expected and what came, for a node that is no item at all. */
  readonly wrong?: readonly [expected: string, actual: string]
}

/** How much a reader of texts takes. */
export interface FormReadOptions {
  /** Longest text in bytes; 8 MiB by default. */
  maxBytes?: number
  /** Deepest nesting of structures, at most 256; 32 by default. */
  maxDepth?: number
  /** Most items, structures included; 65,536 by default. */
  maxItems?: number
}

/** The options with their defaults, and the count of what was read. */
export interface FormLimits {
  readonly maxDepth: number
  readonly maxItems: number
  /** Fails for a text that is too long. */
  checkText(text: string): void
  /** Counts one item more; fails for one too many. */
  count(path: string, node: FormNode): void
}

const highest = { maxBytes: 2 ** 28, maxDepth: 256, maxItems: 2 ** 24 } as const

function exceed(path: string, offset: number, limit: number, actual: number): never {
  throw new TrustholdError('CODEC_LIMIT', { path, offset, limit, actual })
}

/**
 * Adds the defaults.
 * @throws ARGUMENT_INVALID
 */
export function resolveFormLimits(options: FormReadOptions = {}): FormLimits {
  const limits = { maxBytes: 8 << 20, maxDepth: 32, maxItems: 65_536, ...options }
  for (const name of ['maxBytes', 'maxDepth', 'maxItems'] as const) {
    const value = limits[name]
    if (!Number.isInteger(value) || value < 1 || value > highest[name]) {
      throw new TrustholdError('ARGUMENT_INVALID', { name, reason: `expected 1 to ${highest[name]}` })
    }
  }
  let items = 0
  return {
    maxDepth: limits.maxDepth,
    maxItems: limits.maxItems,
    checkText(text) {
      const length = Buffer.byteLength(text)
      if (length > limits.maxBytes) exceed('TTLV', 0, limits.maxBytes, length)
    },
    count(path, node) {
      if (++items > limits.maxItems) exceed(path, node.offset(), limits.maxItems, items)
    },
  }
}

function refuse(path: string, node: FormNode, expected: string, actual: string): never {
  throw new TrustholdError('CODEC_VALUE', { path, offset: node.offset(), expected, actual })
}

const hexTag = /^0x[0-9a-f]{1,6}$/i

/** The number of a tag that is named or numbered; undefined when it is neither. */
function parseTag(tag: unknown): number | undefined {
  if (typeof tag !== 'string') return undefined
  return hexTag.test(tag) ? Number(tag) : tagNumber(tag)
}

function readLeaf(node: FormNode, path: string, tag: number, type: LeafType, scope: Scope): TtlvItem {
  const form = leafForms[type] as LeafForm<unknown>
  const value = node.scalar === undefined ? undefined : form.parse(node.scalar, scope)
  if (value === undefined) refuse(path, node, form.expected, 'another value')
  return item(tag, type, value as never)
}

function readNode(
  node: FormNode,
  tag: number,
  path: string,
  depth: number,
  scope: Scope,
  limits: FormLimits,
): TtlvItem {
  limits.count(path, node)
  const type = node.type ?? 'Structure'
  if (!Object.hasOwn(itemTypes, type as PropertyKey)) {
    refuse(path, node, 'the name of a type', 'another')
  }
  const itemType = type as ItemType
  if (itemType !== 'Structure') return readLeaf(node, path, tag, itemType, scope)
  if (depth > limits.maxDepth) exceed(path, node.offset(), limits.maxDepth, depth)
  if (node.children === undefined) refuse(path, node, 'the items of a Structure', 'none')
  return item(tag, 'Structure', readChildren(node.children(), path, depth, limits))
}

function readChildren(
  nodes: Iterable<FormNode>,
  parent: string,
  depth: number,
  limits: FormLimits,
): TtlvItem[] {
  const scopes = createScopeFinder()
  const seen = new Map<number, number>()
  const items: TtlvItem[] = []
  for (const node of nodes) {
    const tag = parseTag(node.tag)
    if (node.wrong !== undefined) {
      const place = tag === undefined ? parent : join(parent, tagName(tag))
      refuse(place === '' ? 'TTLV' : place, node, ...node.wrong)
    }
    if (tag === undefined)
      refuse(parent === '' ? 'TTLV' : parent, node, 'the name or number of a tag', 'another')
    const count = seen.get(tag) ?? 0
    seen.set(tag, count + 1)
    const path = join(parent, count === 0 ? tagName(tag) : `${tagName(tag)}[${count}]`)
    const read = readNode(node, tag, path, depth + 1, scopes.of(tag), limits)
    scopes.pass(read)
    items.push(read)
  }
  return items
}

const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`)

/**
 * Checks the nodes of a text and makes items of them.
 * @throws CODEC_VALUE, CODEC_LIMIT
 */
export function readNodes(nodes: Iterable<FormNode>, limits: FormLimits): readonly TtlvItem[] {
  return readChildren(nodes, '', 0, limits)
}
