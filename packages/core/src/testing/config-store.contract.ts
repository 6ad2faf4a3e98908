import type { ConfigStore } from '../ports/index.js'
import { afterForgettingCases, anotherStoreCases, closeCases, reopenCases } from './config-store-lifetime.js'
import { listCases } from './config-store-listing.js'
import { conditionCases, valueCases } from './config-store-values.js'
import { watchCases } from './config-store-watching.js'
import type { TestRunner } from './contract.js'

/** What a suite works with: a fresh, empty store that shares nothing with others. */
export interface ConfigStoreSubject {
  readonly store: ConfigStore
  /** Called once at the end of each test, also after the store was closed. */
  close(): Promise<void>
}

/** What {@link configStoreContract} needs of an adapter. */
export interface ConfigStoreContractOptions<S extends ConfigStoreSubject> {
  create(): Promise<S>
  /** Another store over the same entries, as another process has it; absent when they cannot be shared. */
  another?(subject: S): Promise<ConfigStore>
  /** Closes the store and opens it again; absent when entries do not survive that. */
  reopen?(subject: S): Promise<ConfigStore>
  /**
   * Lets so much time pass on the store's clock that deletions so far may be forgotten. They then must be, at the
   * latest with the tenth deletion that follows. Absent when the store remembers them for ever.
   */
  outliveDeletions?(subject: S): Promise<void>
  /** How long the suite waits for what must happen, such as the report of a change; 10,000 ms by default. */
  patienceMs?: number
}

/** One test of the suite. */
export interface ConfigStoreCase<S extends ConfigStoreSubject = ConfigStoreSubject> {
  readonly name: string
  run(subject: S, patienceMs: number): Promise<void>
}

/**
 * Proves that an adapter keeps the contract of {@link ConfigStore}.
 * @param test registers one test
 */
export function configStoreContract<S extends ConfigStoreSubject>(
  test: TestRunner,
  options: ConfigStoreContractOptions<S>,
): void {
  const cases: readonly ConfigStoreCase<S>[] = [
    ...valueCases,
    ...conditionCases,
    ...listCases,
    ...watchCases,
    ...closeCases,
    ...(options.another ? anotherStoreCases(options.another) : []),
    ...(options.reopen ? reopenCases(options.reopen) : []),
    ...(options.outliveDeletions ? afterForgettingCases(options.outliveDeletions) : []),
  ]
  for (const { name, run } of cases) {
    test(`ConfigStore: ${name}`, async () => {
      const subject = await options.create()
      try {
        await run(subject, options.patienceMs ?? 10_000)
      } finally {
        await subject.close()
      }
    })
  }
}
