import { equalBytes, toHex } from '@trusthold/core/bytes'
import { type Codec, decode, encode } from '@trusthold/core/codec'
import { contextDocument } from '@trusthold/core/protocol'
import * as tpm2 from '@trusthold/core/tpm2'
import { bootNames, loadBoot, loadRecording } from '../../recordings/load.js'
import type { FuzzTarget } from '../target.js'

/** Bytes that a codec takes have to be what it writes for them. */
function codecTarget(name: string, codec: Codec<unknown>, seeds: () => readonly Uint8Array[]): FuzzTarget {
  return {
    name,
    seeds,
    run(bytes) {
      const again = encode(codec, decode(codec, bytes))
      if (!equalBytes(again, bytes)) throw new Error(`${codec.name} is written as ${toHex(again)}`)
    },
  }
}

const isCodec = (value: unknown): value is Codec<unknown> =>
  typeof value === 'object' && value !== null && 'read' in value && 'write' in value && 'name' in value

const recordings = () => [loadRecording('swtpm'), ...bootNames.slice(0, 2).map(loadBoot)]
const fromRecordings = (): readonly Uint8Array[] =>
  recordings().flatMap(({ quotes, attestationKeys, endorsementKeys }) => [
    ...quotes.flatMap(({ message, signature }) => [message, signature]),
    ...Object.values(attestationKeys),
    ...Object.values(endorsementKeys).map(({ publicArea }) => publicArea),
  ])

/** Every structure of TPM 2.0 Part 2 that is exported. */
const structures = Object.entries<unknown>(tpm2).flatMap(([name, value]) =>
  isCodec(value) ? [codecTarget(`tpm2.${name}`, value, fromRecordings)] : [],
)

const hello = (): Uint8Array => {
  const { attestationKeys } = loadRecording('swtpm')
  const attestationKey = attestationKeys['ecc-p256']
  return encode(contextDocument, {
    magic: 0x5448_4c44,
    version: 1,
    kind: 'hello',
    attestationKey,
    bindingKeyThumbprint: new Uint8Array(32),
  })
}

/** Structures, each of which is taken only as it would be written. */
export const codecTargets: readonly FuzzTarget[] = [
  ...structures,
  codecTarget('protocol.contextDocument', contextDocument, () => [hello()]),
]
