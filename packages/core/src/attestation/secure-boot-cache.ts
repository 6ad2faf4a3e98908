import { toHex } from '../bytes/index.js'
import type { QuoteFacts } from '../evidence/index.js'
import { Recent } from './recent.js'

/** PCR of the Secure Boot policy. */
const policyPcr = 7
const remembered = 1_024

/**
 * Whether Secure Boot was on and enforced, by the value of PCR 7. What a PCR holds determines what was measured into it,
 * so what one host's log proved for a value holds for every host that quotes it, and the log's data need not be hashed
 * again. A bank that the firmware left alone may say otherwise than the others, so all of them count. Only what was proved
 * is remembered.
 */
export class SecureBootCache {
  readonly #proved = new Recent<boolean>(remembered)

  /** Undefined when the log does not prove it either way. */
  of(facts: QuoteFacts): boolean | undefined {
    if (facts.pcrs[0]?.values.get(policyPcr) === undefined) return undefined
    const key = facts.pcrs.map(({ bank, values }) => keyOf(bank, values.get(policyPcr))).join()
    const known = this.#proved.get(key)
    if (known !== undefined) return known
    const fact = facts.boot?.secureBoot.enforced
    if (fact?.verified !== true) return undefined
    this.#proved.set(key, fact.value)
    return fact.value
  }
}

const keyOf = (bank: string, value: Uint8Array | undefined): string =>
  `${bank}:${value === undefined ? '' : toHex(value)}`
