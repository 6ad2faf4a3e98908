import type { TestRunner } from '@trusthold/core/testing'
import { expect } from 'vitest'

/** Runs the tests of a suite whose names have this part; names of those that failed. */
async function failuresOf(register: (test: TestRunner) => void, part: string): Promise<readonly string[]> {
  const tests: (readonly [string, () => Promise<void>])[] = []
  register((name, run) => tests.push([name, run]))
  const chosen = tests.filter(([name]) => name.includes(part))
  expect(chosen, `no test is called ${part}`).not.toEqual([])
  const failures: string[] = []
  for (const [name, run] of chosen) {
    try {
      await run()
    } catch {
      failures.push(name)
    }
  }
  return failures
}

/** Expects that the suite finds nothing wrong. */
export async function expectAccepted(register: (test: TestRunner) => void): Promise<void> {
  expect(await failuresOf(register, '')).toEqual([])
}

/** Expects that the suite finds what is wrong, in the test whose name has this part. */
export async function expectRefused(register: (test: TestRunner) => void, part: string): Promise<void> {
  expect(await failuresOf(register, part)).not.toEqual([])
}
