import { type Codec, type Fields, type Infer, type Reader, variant, type Writer } from '../codec/index.js'
import { algorithmOf, type HashAlgorithm, hashFacts, tpmiAlgHash } from './algorithms.js'
import { tpm2bEccParameter, tpm2bPublicKeyRsa } from './buffers.js'

/** TPMT_HA: a digest and its algorithm. Part 2, section 10.3.2. */
export interface TpmtHa {
  readonly hashAlg: HashAlgorithm
  /** As long as the algorithm's digests. */
  readonly digest: Uint8Array
}

/** Codec of {@link TpmtHa}. */
export const tpmtHa: Codec<TpmtHa> = {
  name: 'TPMT_HA',
  read(r: Reader) {
    const hashAlg = tpmiAlgHash.read(r)
    return { hashAlg, digest: r.bytes(hashFacts(hashAlg).size) }
  },
  write(w: Writer, v) {
    tpmiAlgHash.write(w, v.hashAlg)
    const { size } = hashFacts(v.hashAlg)
    if (v.digest.length !== size) w.reject(`${size} bytes`, `${v.digest.length} bytes`)
    w.bytes(v.digest)
  },
}

const rsaSignature = { hash: tpmiAlgHash, sig: tpm2bPublicKeyRsa } as const satisfies Fields
const eccSignature = {
  hash: tpmiAlgHash,
  signatureR: tpm2bEccParameter,
  signatureS: tpm2bEccParameter,
} as const satisfies Fields

const signature = variant(
  'TPMT_SIGNATURE',
  {
    sigAlg: algorithmOf('TPMI_ALG_SIG_SCHEME', [
      'rsassa',
      'rsapss',
      'ecdsa',
      'ecdaa',
      'sm2',
      'ecschnorr',
      'hmac',
      'null',
    ]),
  },
  'sigAlg',
  {
    rsassa: rsaSignature,
    rsapss: rsaSignature,
    ecdsa: eccSignature,
    ecdaa: eccSignature,
    sm2: eccSignature,
    ecschnorr: eccSignature,
    hmac: { hmac: tpmtHa },
    null: {},
  },
)
/** TPMT_SIGNATURE; narrows on `sigAlg`. Part 2, section 11.3.4. */
export type TpmtSignature = Infer<typeof signature>
/** Codec of {@link TpmtSignature}. */
export const tpmtSignature: Codec<TpmtSignature> = signature
