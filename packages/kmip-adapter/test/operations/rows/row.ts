import type { KmipVersion, TtlvItem } from '../../../src/ttlv/index.js'
import { E, S, T } from '../../items.js'

/** A payload as a value and as items, and the versions that have it. */
export interface Row {
  readonly operation: string
  readonly part: 'request' | 'response'
  readonly since: KmipVersion
  readonly until: KmipVersion
  readonly value: unknown
  readonly items: readonly TtlvItem[]
}

export type Span = KmipVersion | readonly [since: KmipVersion, until: KmipVersion]

type Add = (operation: string, span: Span, value: unknown, ...items: TtlvItem[]) => void

/** Collects rows: `ask` adds a request's payload and `answer` a response's. */
export function collectRows(add: (ask: Add, answer: Add) => void): readonly Row[] {
  const rows: Row[] = []
  const adding =
    (part: Row['part']): Add =>
    (operation, span, value, ...items) => {
      const [since, until] = typeof span === 'string' ? ([span, '2.1'] as const) : span
      rows.push({ operation, part, since, until, value, items })
    }
  add(adding('request'), adding('response'))
  return rows
}

export const uid = T('UniqueIdentifier', '7')
export const id = { uniqueIdentifier: '7' }
export const first: readonly [KmipVersion, KmipVersion] = ['1.0', '1.4']

export const state1 = S('Attribute', T('AttributeName', 'State'), E('AttributeValue', 2))
export const aState = { name: 'State', value: 'Active' } as const
export const template = { templateAttribute: { attribute: [aState] } }
export const tagged = { attributes: [aState] }
