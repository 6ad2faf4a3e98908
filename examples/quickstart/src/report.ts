import type { Check } from '@trusthold/core/verdict'

/** What one step of the demo showed. */
export interface StepResult {
  readonly step: number
  readonly title: string
  /** Whether what was shown is what should have happened. */
  readonly ok: boolean
  readonly facts: Readonly<Record<string, unknown>>
}

/** Shows the demo as it goes, for a person; or stays silent, when only the document counts. */
export interface Report {
  readonly results: readonly StepResult[]
  /** Starts a step. */
  begin(step: number, title: string): void
  /** One line within a step. */
  line(text: string): void
  checks(checks: readonly Check[]): void
  /** Ends the step. */
  end(ok: boolean, facts: Readonly<Record<string, unknown>>): void
}

const marks: Readonly<Record<Check['outcome'], string>> = { pass: '✓', fail: '✗', unknown: '?', skipped: '·' }

/** Makes a report that writes to `write`, line by line. */
export function createReport(write: (line: string) => void): Report {
  const results: StepResult[] = []
  let current = { step: 0, title: '' }
  const line = (text: string): void => write(`   ${text}`)
  return {
    results,
    line,
    begin(step, title) {
      current = { step, title }
      write('')
      write(`${step}. ${title}`)
    },
    checks(checks) {
      for (const { id, outcome, reason } of checks) line(`${marks[outcome]} ${id.padEnd(27)} ${reason}`)
    },
    end(ok, facts) {
      results.push({ ...current, ok, facts })
      if (!ok) line('✗ this is not what should have happened')
    },
  }
}
