import { type Codec, constant, decode, refine, sized, sizedBytes, struct, u8 } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'

/** The two integers of an ECDSA signature, big-endian. */
export interface EcdsaSignature {
  readonly signatureR: Uint8Array
  readonly signatureS: Uint8Array
}

/** DER's length octets up to 255, which P-521's signatures need. X.690 sections 8.1.3 and 10.1. */
const derLength: Codec<number> = {
  name: 'length',
  read(r) {
    const at = r.offset
    const first = r.u8()
    if (first < 0x80) return first
    const length = first === 0x81 ? r.u8() : 0
    return length < 0x80 ? r.reject('a minimal length below 256', `0x${first.toString(16)}`, at) : length
  },
  write(w, v) {
    if (v >= 0x80) w.u8(0x81)
    w.u8(v)
  },
}

/** Of P-521: 521 bits and the zero in front. */
const maxIntegerBytes = 67

const derInteger = struct('INTEGER', {
  tag: constant(u8, 0x02),
  value: refine(sizedBytes(derLength, maxIntegerBytes), (value) =>
    isMinimal(value) ? undefined : 'a non-negative integer without needless zeros',
  ),
})

/** X.690 section 8.3.2. */
function isMinimal([first, second = 0x80]: Uint8Array): boolean {
  return first !== undefined && first < 0x80 && (first !== 0 || second >= 0x80)
}

/** ECDSA-Sig-Value. RFC 3279 section 2.2.3. */
const ecdsaSigValue = struct('ECDSA-Sig-Value', {
  tag: constant(u8, 0x30),
  value: sized(derLength, struct('SEQUENCE', { r: derInteger, s: derInteger }), 0xff),
})

/** Both integers with the width of P-256, P-384, P-521. */
const joinedLengths: readonly number[] = [64, 96, 132]

/**
 * Reads a bare ECDSA signature: ECDSA-Sig-Value in DER, as tpm2-tools' `plain` has it, or both integers side by side
 * (IEEE P1363).
 * @throws CODEC_* when it is neither
 */
export function readEcdsaSignature(bytes: Uint8Array): EcdsaSignature {
  try {
    const { r, s } = decode(ecdsaSigValue, bytes).value
    return { signatureR: withoutSignOctet(r.value), signatureS: withoutSignOctet(s.value) }
  } catch (error) {
    if (!isTrustholdError(error) || !joinedLengths.includes(bytes.length)) throw error
    const half = bytes.length / 2
    return { signatureR: bytes.subarray(0, half), signatureS: bytes.subarray(half) }
  }
}

function withoutSignOctet(integer: Uint8Array): Uint8Array {
  return integer[0] === 0 ? integer.subarray(1) : integer
}
