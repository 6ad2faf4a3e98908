import type { TestRunner } from '@trusthold/core/testing'
import { expect } from 'vitest'

/** Runs a suite by itself; names of the tests that failed. */
async function failuresOf(register: (test: TestRunner) => void): Promise<readonly string[]> {
  const tests: (readonly [string, () => Promise<void>])[] = []
  register((name, run) => tests.push([name, run]))
  expect(tests.length).toBeGreaterThan(8)
  const failures: string[] = []
  for (const [name, run] of tests) {
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
  expect(await failuresOf(register)).toEqual([])
}

/** Expects that the suite finds what is wrong, in a test whose name has this part. */
export async function expectRefused(register: (test: TestRunner) => void, part: string): Promise<void> {
  const failures = await failuresOf(register)
  expect(
    failures.filter((name) => name.includes(part)),
    failures.join('\n'),
  ).not.toEqual([])
}
