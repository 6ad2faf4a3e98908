import { equalBytes } from '@trusthold/core/bytes'
import { prepareAttestationKey, type QuoteEvidence, verifyQuote } from '@trusthold/core/evidence'
import { loadBoot } from '../../recordings/load.js'
import type { FuzzTarget } from '../target.js'

const boot = loadBoot('boot-insecure')
const quotes = (['ecc-p256', 'rsa-2048'] as const).map((kind) => {
  const quote = boot.quotes.find(({ key, bank }) => key === kind && bank === 'sha256')
  if (quote === undefined) throw new Error('there is no recorded quote')
  return quote
})

/** Evidence of a recorded quote with one part of it changed: trusted only when the part is what was recorded. */
function changed(name: string, part: 'message' | 'signature' | 'attestationKey' | 'nonce'): FuzzTarget[] {
  return quotes.map((quote) => {
    const evidence: QuoteEvidence & { attestationKey: Uint8Array } = {
      message: quote.message,
      signature: quote.signature,
      attestationKey: boot.attestationKeys[quote.key],
      nonce: boot.nonce,
      pcrs: [{ bank: 'sha256', values: boot.pcrs.sha256 }],
    }
    const prepared =
      part === 'attestationKey' ? {} : { attestationKey: prepareAttestationKey(evidence.attestationKey) }
    return {
      name: `quote.${name}.${quote.key}`,
      seeds: () => [evidence[part]],
      run(bytes) {
        const { trusted } = verifyQuote({ ...evidence, ...prepared, [part]: bytes })
        const same = equalBytes(bytes, evidence[part])
        // The public area has parts that a signature does not depend on; attestation binds them by the key's name.
        if (trusted && !same && part !== 'attestationKey') throw new Error(`a changed ${part} is trusted`)
        if (!trusted && same) throw new Error('the recorded quote is not trusted')
      },
    }
  })
}

/** Quotes with one part changed. */
export const quoteTargets: readonly FuzzTarget[] = [
  ...changed('message', 'message'),
  ...changed('signature', 'signature'),
  ...changed('key', 'attestationKey'),
  ...changed('nonce', 'nonce'),
]
