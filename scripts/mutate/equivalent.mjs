/**
 * Changes that no test can notice, because the code does the same with them; each with the reason.
 * @type {readonly { file: string, what: string, why: string }[]}
 */
export const equivalent = [
  {
    file: 'packages/core/src/evidence/ima-checks.ts',
    what: 'never: counts.length === 0',
    why: 'a check has failed then, so nobody gets to see the facts',
  },
]
