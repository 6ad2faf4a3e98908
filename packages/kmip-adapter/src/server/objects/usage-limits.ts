import type { OperationContext } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { valueIn, withValue } from './held-object.js'
import type { StoredObject } from './object-store.js'

/**
 * Takes one use off what is left of an object, before it is used, so that a use is counted even when the server dies.
 * KMIP 1.4, section 3.21.
 * @param bytes how much is protected
 * @throws Refusal when there is not so much left
 */
export async function countUse(
  stored: StoredObject,
  bytes: number,
  context: OperationContext,
): Promise<void> {
  const limits = valueIn(stored.object, 'UsageLimits')
  if (limits === undefined) return
  const left = limits.usageLimitsCount ?? limits.usageLimitsTotal
  const amount = limits.usageLimitsUnit === 'Byte' ? BigInt(bytes) : 1n
  if (amount > left) refuse('UsageLimitExceeded', `the object may protect ${left} more`)
  const counted = withValue(stored.object, 'UsageLimits', { ...limits, usageLimitsCount: left - amount })
  await context.objects.replace(stored, counted)
}
