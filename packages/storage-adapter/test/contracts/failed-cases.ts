import type { TestRunner } from '@trusthold/core/testing'
import { expect } from 'vitest'

/** Runs a suite on its own and returns the names of the tests that failed. */
async function failedCases(register: (test: TestRunner) => void): Promise<string[]> {
  const cases: { name: string; run: () => Promise<void> }[] = []
  register((name, run) => cases.push({ name, run }))
  expect(cases.length).toBeGreaterThan(5)
  const failed: string[] = []
  for (const { name, run } of cases) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

/** Fails unless the suite accepts the adapter. */
export async function expectAccepted(register: (test: TestRunner) => void): Promise<void> {
  expect(await failedCases(register)).toEqual([])
}

/**
 * Fails unless the suite finds what is wrong with the adapter, in the test that is about it.
 * @param part of the test's name
 */
export async function expectRefused(register: (test: TestRunner) => void, part: string): Promise<void> {
  const failed = await failedCases(register)
  expect(failed.some((name) => name.includes(part))).toBe(true)
}
