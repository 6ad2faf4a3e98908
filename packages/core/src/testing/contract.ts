/**
 * Registers one test: `test` of vitest, jest, node:test and others fits. Suites state their expectations with
 * node:assert, so any runner will do.
 */
export type TestRunner = (name: string, run: () => Promise<void>) => unknown
