import { TrustholdError } from '@trusthold/core/errors'
import type { TtlvItem } from '../item.js'
import { isKnownTag, tagName } from '../tags.js'
import { type LeafForm, leafForms } from './leaf.js'
import { createVeil, hiddenLength, type PrintOptions, type Veil } from './redact.js'
import { createScopeFinder, type Scope } from './scope.js'

/** What has a meaning in an attribute, and what could command a terminal or hide. */
const special = /[&<>"'\p{C}\p{Zl}\p{Zp}]/gu
/** What XML 1.0 cannot hold, not even by its number: section 2.2. */
const impossible = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

function quote(text: string, item: TtlvItem): string {
  if (impossible.test(text)) {
    throw new TrustholdError('CODEC_RANGE', {
      path: tagName(item.tag),
      expected: 'characters that XML can hold',
      actual: 'a text with others',
    })
  }
  const escaped = text.replace(
    special,
    (character) => named[character] ?? `&#x${character.codePointAt(0)?.toString(16)};`,
  )
  return `"${escaped}"`
}

function showValue(item: TtlvItem, veil: Veil, scope: Scope): string {
  if (item.type === 'Structure') return ''
  if (veil.hides(item)) {
    const length = hiddenLength(item)
    return ` redacted="true"${length === undefined ? '' : ` length="${length}"`}`
  }
  const form = leafForms[item.type] as LeafForm<unknown>
  return ` value=${quote(form.toXml(item.value, scope), item)}`
}

function* printLines(item: TtlvItem, veil: Veil, scope: Scope, indent: string): Generator<string> {
  const name = isKnownTag(item.tag) ? tagName(item.tag) : 'TTLV'
  const start = isKnownTag(item.tag) ? name : `TTLV tag="${tagName(item.tag)}"`
  if (item.type !== 'Structure') {
    yield `${indent}<${start} type="${item.type}"${showValue(item, veil, scope)}/>`
    return
  }
  if (item.value.length === 0) {
    yield `${indent}<${start}/>`
    return
  }
  yield `${indent}<${start}>`
  const scopes = createScopeFinder()
  const within = veil.below(item)
  for (const child of item.value) {
    yield* printLines(child, within, scopes.of(child.tag), `${indent}  `)
    scopes.pass(child)
  }
  yield `${indent}</${name}>`
}

/**
 * A message in the standard's XML form, indented; several in an element `KMIP`, as the standard's test cases have it.
 * Secrets are left out unless they are to be revealed; {@link parseXml} reads what has none left out. KMIP Profiles 2.1,
 * section 5.5.1.
 * @throws CODEC_RANGE for a text with characters that XML cannot hold, such as NUL
 */
export function printXml(items: readonly TtlvItem[], options: PrintOptions = {}): string {
  const veil = createVeil(options)
  const indent = items.length === 1 ? '' : '  '
  const lines = items.flatMap((item) => [...printLines(item, veil, createScopeFinder().of(item.tag), indent)])
  return (items.length === 1 ? lines : ['<KMIP>', ...lines, '</KMIP>']).join('\n')
}
