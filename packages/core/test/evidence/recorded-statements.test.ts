import { describe, expect, test } from 'vitest'
import { loadStatements, type QuoteStatement } from '../../../../test/recordings/statements.js'
import { type QuoteEvidence, verifyQuote } from '../../src/evidence/index.js'

const statements = loadStatements().map((statement, number) => ({
  title: `${number}, ${statement.type} by ${statement.signer.name}`,
  statement,
}))
const quotes = statements.flatMap(({ title, statement }) =>
  statement.type === 'quote' ? [{ title, quote: statement }] : [],
)
const others = statements.filter(({ statement }) => statement.type !== 'quote')

function evidenceOf(quote: QuoteStatement) {
  const selection = quote.selection.map(({ bank, pcrs }) => ({ bank, pcrs: pcrs.toSorted((a, b) => a - b) }))
  return {
    message: quote.message,
    signature: quote.signature,
    attestationKey: quote.signer.publicArea,
    nonce: quote.qualifyingData,
    selection,
    pcrs: selection.map(({ bank, pcrs }) => ({
      bank,
      values: new Map(pcrs.map((pcr) => [pcr, quote.pcrs[bank].get(pcr) as Uint8Array])),
    })),
  } satisfies QuoteEvidence
}
const failedChecks = (evidence: QuoteEvidence) => {
  const verdict = verifyQuote(evidence)
  return verdict.trusted ? [] : verdict.failures.map(({ check }) => check)
}

describe.each(quotes)('$title', ({ quote }) => {
  const evidence = evidenceOf(quote)

  test('holds', () => {
    const verdict = verifyQuote(evidence)
    expect(verdict.checks.filter(({ outcome }) => outcome !== 'pass')).toEqual([])
    expect(verdict.trusted && verdict.facts.safe).toBe(quote.after !== 'power-loss')
  })

  test('holds for no other values, selection, nonce or signer', () => {
    const values = evidence.pcrs
    const changed = values.map(({ bank, values: of }, at) => {
      const [pcr, value] = [...of][0] as [number, Uint8Array]
      return at === values.length - 1
        ? {
            bank,
            values: new Map(of).set(
              pcr,
              value.map((b) => b ^ 1),
            ),
          }
        : { bank, values: of }
    })
    expect(failedChecks({ ...evidence, pcrs: changed })).toEqual(['quote.pcr-digest'])
    expect(failedChecks({ ...evidence, selection: evidence.selection.slice(1) })).toContain('quote.selection')
    expect(failedChecks({ ...evidence, nonce: evidence.nonce.subarray(1) })).toEqual(['quote.nonce'])
    for (const {
      quote: { signer },
    } of quotes) {
      if (signer.name === quote.signer.name) continue
      expect(failedChecks({ ...evidence, attestationKey: signer.publicArea })).toEqual(['quote.signature'])
    }
  })
})

test.each(others)('$title is no quote', ({ statement }) => {
  const evidence = {
    message: statement.message,
    signature: statement.signature,
    attestationKey: statement.signer.publicArea,
    nonce: statement.qualifyingData,
    selection: [{ bank: 'sha256', pcrs: [0] }],
  }
  expect(failedChecks(evidence)).toEqual(['quote.type'])
})
