import { toHex } from '../bytes/index.js'
import type { QuoteFacts } from '../evidence/index.js'
import { Recent } from './recent.js'

/** PCR of the Secure Boot policy. */
const policyPcr = 7
const remembered = 1_024

/**
 * Whether Secure Boot was on and enforced, by the value of PCR 7. What a PCR holds determines what was measured into it,
 * so what one host's log proved for a value holds for every host that quotes it, and the log's data need not be hashed
 * again. Only what was proved is remembered.
 */
export class SecureBootCache {
  readonly #proved = new Recent<boolean>(remembered)

  /** Undefined when the log does not prove it either way. */
  of(facts: QuoteFacts): boolean | undefined {
    const [first] = facts.pcrs
    const value = first?.values.get(policyPcr)
    if (first === undefined || value === undefined) return undefined
    const key = `${first.bank}:${toHex(value)}`
    const known = this.#proved.get(key)
    if (known !== undefined) return known
    const fact = facts.boot?.secureBoot.enforced
    if (fact?.verified !== true) return undefined
    this.#proved.set(key, fact.value)
    return fact.value
  }
}
