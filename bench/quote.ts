import { createPublicKey, hash, verify } from 'node:crypto'
import { decode } from '@trusthold/core/codec'
import { prepareAttestationKey, verifyQuote } from '@trusthold/core/evidence'
import { parseEventLog } from '@trusthold/core/measured-boot'
import { tpmtSignature } from '@trusthold/core/tpm2'
import { loadBoot } from '../test/recordings/load.js'
import type { Benchmark } from './benchmark.js'

const boot = loadBoot('boot-secure')
const quote = boot.quotes.find(({ key, bank }) => key === 'rsa-2048' && bank === 'sha256')
if (quote === undefined) throw new Error('there is no recorded RSA quote over SHA-256 PCRs')
const { message, signature } = quote
const attestationKey = prepareAttestationKey(boot.attestationKeys['rsa-2048'])
const pcrs = [{ bank: 'sha256', values: boot.pcrs.sha256 }]
const { nonce } = boot

const parsed = decode(tpmtSignature, signature)
if (parsed.sigAlg !== 'rsassa') throw new Error('the recorded quote is not signed with RSASSA')
const spki = createPublicKey({
  key: attestationKey.key.export({ format: 'der', type: 'spki' }),
  format: 'der',
  type: 'spki',
})
const { sig } = parsed

const extended = parseEventLog(boot.eventLog).events.filter((event) => event.extends).length
const block = new Uint8Array(64)

/** A whole quote, from bytes to verdict, against the one signature verification in it; then with a log not seen before. */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'quote.verify',
    run() {
      if (!verifyQuote({ message, signature, attestationKey, nonce, pcrs }).trusted) {
        throw new Error('the recorded quote does not verify')
      }
    },
    floor() {
      verify('sha256', message, spki, sig)
    },
  },
  {
    id: 'quote.verify-log',
    run() {
      if (
        !verifyQuote({ message, signature, attestationKey, nonce, pcrs, eventLog: boot.eventLog }).trusted
      ) {
        throw new Error('the recorded quote and log do not verify')
      }
    },
    floor() {
      verify('sha256', message, spki, sig)
      for (let i = 0; i < extended; i++) hash('sha256', block, 'binary')
    },
  },
]
