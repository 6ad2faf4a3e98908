import type { BootFacts, Fact } from '@trusthold/core/measured-boot'
import { fields } from './table.js'

/** A fact without its value where the log does not show it. */
type Known = boolean | null

/** What the log says of Secure Boot, for `--json`; null where it does not show it, and then why. */
export interface SecureBootDocument {
  readonly enabled: Known
  /** On, and nothing that was measured says that something ran without being verified. */
  readonly enforced: Known
  readonly setupMode: Known
  readonly auditMode: Known
  readonly deployedMode: Known
  readonly reasons: Readonly<Record<string, string>>
}

const members = ['enabled', 'enforced', 'setupMode', 'auditMode', 'deployedMode'] as const

/** Secure Boot as a log shows it. */
export function secureBootDocument({ secureBoot }: BootFacts): SecureBootDocument {
  const facts = members.map((name) => [name, secureBoot[name]] as const)
  const values = facts.map(([name, fact]) => [name, fact.verified ? fact.value : null] as const)
  const reasons = facts.flatMap(([name, fact]) => reasonOf(name, fact))
  return {
    ...(Object.fromEntries(values) as Record<(typeof members)[number], Known>),
    reasons: Object.fromEntries(reasons),
  }
}

/** Secure Boot where nothing can be known. */
export function unknownSecureBoot(reason: string): SecureBootDocument {
  const values = members.map((name) => [name, null] as const)
  return {
    ...(Object.fromEntries(values) as Record<(typeof members)[number], null>),
    reasons: Object.fromEntries(members.map((name) => [name, reason])),
  }
}

function reasonOf(name: string, fact: Fact<boolean>): readonly (readonly [string, string])[] {
  return fact.verified ? [] : [[name, fact.reason]]
}

/** Lines of Secure Boot's state. */
export function secureBootLines(document: SecureBootDocument): string[] {
  const shown = members.map((name) => {
    const value = document[name]
    const text = value === null ? `not known: ${document.reasons[name] ?? ''}` : value ? 'yes' : 'no'
    return [name, text] as const
  })
  return ['Secure Boot', ...fields(Object.fromEntries(shown), '  ')]
}
