import { pcrCount } from '../measured-boot/index.js'

/** Software can reset these at any time and then extend what it likes: debug, and application support. */
const resettablePcrs: readonly number[] = [16, 23]

/**
 * Whether reference values may rest on a PCR.
 * @returns what was expected when they may not
 */
export function whyUnfit(pcr: number): string | undefined {
  if (!Number.isInteger(pcr) || pcr < 0 || pcr >= pcrCount) return `a PCR of 0 to ${pcrCount - 1}`
  return resettablePcrs.includes(pcr) ? 'a PCR that software cannot reset' : undefined
}

/** Whether a value is all zeros or all ones: that of a PCR into which nothing was extended, or which was capped. */
export function isBlank(value: Uint8Array): boolean {
  const [first] = value
  return (first === 0 || first === 0xff) && value.every((byte) => byte === first)
}
