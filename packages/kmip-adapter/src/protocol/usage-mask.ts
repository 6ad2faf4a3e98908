import { maskBits } from '../ttlv/index.js'

/** A use of a key. KMIP 2.1, section 12.1; those of 1.x and 2.x together. */
export type UsageBit = keyof (typeof maskBits)['CryptographicUsageMask']

/** The Cryptographic Usage Mask that allows these uses. */
export function usageMask(uses: readonly UsageBit[]): number {
  return uses.reduce((mask, use) => mask | maskBits.CryptographicUsageMask[use], 0)
}

/** Whether a Cryptographic Usage Mask allows all of these uses. */
export function allowsUsage(mask: number, ...uses: readonly UsageBit[]): boolean {
  const wanted = usageMask(uses)
  return (mask & wanted) === wanted
}
