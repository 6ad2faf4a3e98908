import type { TtlvItem } from '../item.js'
import { isKnownTag, tagName } from '../tags.js'
import { type LeafForm, leafForms } from './leaf.js'
import { escapeJsonLine } from './quote-json.js'
import { createVeil, hiddenLength, type PrintOptions, type Veil } from './redact.js'
import { createScopeFinder, type Scope } from './scope.js'

function showValue(item: TtlvItem, veil: Veil, scope: Scope): string {
  if (item.type === 'Structure') return ''
  if (veil.hides(item)) {
    const length = hiddenLength(item)
    return length === undefined ? '<redacted>' : `<redacted, ${length} bytes>`
  }
  if (item.type === 'TextString') return escapeJsonLine(JSON.stringify(item.value))
  if (item.type === 'Interval') return `${item.value} s`
  return (leafForms[item.type] as LeafForm<unknown>).toXml(item.value, scope)
}

function* printLines(item: TtlvItem, veil: Veil, scope: Scope, indent: string): Generator<string> {
  // What a tag of the specification can hold is known; a vendor's is not.
  const type = isKnownTag(item.tag) ? '' : ` (${item.type})`
  if (item.type !== 'Structure') {
    yield `${indent}${tagName(item.tag)}${type}: ${showValue(item, veil, scope)}`
    return
  }
  yield `${indent}${tagName(item.tag)}${type}`
  const scopes = createScopeFinder()
  const within = veil.below(item)
  for (const child of item.value) {
    yield* printLines(child, within, scopes.of(child.tag), `${indent}  `)
    scopes.pass(child)
  }
}

/**
 * A message as a tree for people, one line an item. Secrets are left out unless they are to be revealed. Texts are
 * quoted as JSON has it, with all characters escaped that could command a terminal or hide.
 */
export function printTree(item: TtlvItem, options: PrintOptions = {}): string {
  return [...printLines(item, createVeil(options), createScopeFinder().of(item.tag), '')].join('\n')
}
