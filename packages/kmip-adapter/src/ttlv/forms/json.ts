import { readJsonStructure } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { TtlvItem } from '../item.js'
import { tagName } from '../tags.js'
import { type LeafForm, type LeafType, leafForms, type Scalar } from './leaf.js'
import { type FormNode, type FormReadOptions, readNodes, resolveFormLimits } from './node.js'
import { escapeJsonLine } from './quote-json.js'
import { createVeil, hiddenLength, type PrintOptions, type Veil } from './redact.js'
import { createScopeFinder, type Scope } from './scope.js'

/** An item in JSON. Without a type it is a structure. KMIP Profiles 2.1, section 5.4.1. */
export interface JsonForm {
  /** Its name, or its number in hexadecimal. */
  readonly tag: string
  readonly type?: LeafType
  readonly value?: Scalar | readonly JsonForm[]
  /** Stands in the place of a secret value, and is not of the standard: what has it cannot be read. */
  readonly redacted?: true
  /** Bytes of a redacted value. */
  readonly length?: number
}

function toForm(item: TtlvItem, veil: Veil, scope: Scope): JsonForm {
  const tag = tagName(item.tag)
  if (item.type === 'Structure') {
    const scopes = createScopeFinder()
    const within = veil.below(item)
    const value = item.value.map((child) => {
      const form = toForm(child, within, scopes.of(child.tag))
      scopes.pass(child)
      return form
    })
    return { tag, value }
  }
  const { type } = item
  if (veil.hides(item)) {
    const length = hiddenLength(item)
    return { tag, type, redacted: true, ...(length === undefined ? {} : { length }) }
  }
  const form = leafForms[type] as LeafForm<unknown>
  return { tag, type, value: form.toJson(item.value, scope) }
}

/**
 * An item in the standard's JSON form, as an object: hexadecimal strings for integers of 64 bits and more, names for
 * enumerations and masks. Secrets are left out.
 */
export function toJsonForm(item: TtlvItem, options: PrintOptions = {}): JsonForm {
  return toForm(item, createVeil(options), createScopeFinder().of(item.tag))
}

/**
 * A message in the standard's JSON form, indented; several in an array. Secrets are left out unless they are to be
 * revealed; {@link parseJson} reads what has none left out.
 */
export function printJson(items: readonly TtlvItem[], options: PrintOptions = {}): string {
  const forms = items.map((item) => toJsonForm(item, options))
  const text = JSON.stringify(forms.length === 1 ? forms[0] : forms, null, 2)
  return text.split('\n').map(escapeJsonLine).join('\n')
}

const members: ReadonlySet<string> = new Set(['tag', 'type', 'name', 'value'])

/** Where the object of a number stands in a text, counted as they open; bytes from the start. */
function findObject(text: string, index: number): number {
  let seen = 0
  for (const { 0: token, index: at } of text.matchAll(/"(?:[^"\\]|\\.)*"|\{/gs)) {
    if (token === '{' && seen++ === index) return Buffer.byteLength(text.slice(0, at))
  }
  return 0
}

function createNodes(text: string): (value: unknown) => FormNode {
  let count = 0
  return function toNode(value): FormNode {
    const index = count++
    const offset = (): number => findObject(text, index)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return {
        offset,
        wrong: ['an object with tag, type and value', Array.isArray(value) ? 'an array' : 'no object'],
      }
    }
    const { tag, type, value: content, redacted } = value as Readonly<Record<string, unknown>>
    if (redacted !== undefined) return { offset, tag, wrong: ['a value', 'one that was redacted'] }
    const other = Object.keys(value).some((name) => !members.has(name))
    if (other) return { offset, tag, wrong: ['tag, type, name and value', 'another member'] }
    if (!Array.isArray(content)) return { offset, tag, type, scalar: content as Scalar | undefined }
    return {
      offset,
      tag,
      type,
      children: () => eachNode(content, toNode),
    }
  }
}

function* eachNode(values: readonly unknown[], toNode: (value: unknown) => FormNode): Generator<FormNode> {
  for (const value of values) yield toNode(value)
}

function parseDocument(text: string): unknown {
  const refuse = (expected: string, actual: string): TrustholdError =>
    new TrustholdError('CODEC_VALUE', { path: 'JSON', offset: 0, expected, actual })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // What the parser says quotes the text, which may hold secrets.
    throw refuse('JSON', 'another text')
  }
  if (readJsonStructure(text).repeatsName) throw refuse('each member once', 'one twice')
  return value
}

/**
 * Reads the standard's JSON form: one message, or an array of them.
 * @throws CODEC_VALUE, CODEC_LIMIT with the path of tags and the offset in bytes; ARGUMENT_INVALID for bad options
 */
export function parseJson(text: string, options?: FormReadOptions): readonly TtlvItem[] {
  const limits = resolveFormLimits(options)
  limits.checkText(text)
  const value = parseDocument(text)
  // A document of several messages is read as a structure is: one after the other, so that offsets count them.
  const toNode = createNodes(text)
  return readNodes(eachNode(Array.isArray(value) ? value : [value], toNode), limits)
}
