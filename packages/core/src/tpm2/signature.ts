import { type Codec, type Fields, type Infer, sizedView, u16, variant } from '../codec/index.js'
import { tpmiAlgHash } from './algorithms.js'
import { tpm2bEccParameter } from './buffers.js'
import { tpmtHa } from './hash-agile.js'
import { tpmiAlgSigScheme } from './schemes.js'

// Only verified, so not worth a copy.
const rsaSignature = { hash: tpmiAlgHash, sig: sizedView(u16, 2_048) } as const satisfies Fields
const eccSignature = {
  hash: tpmiAlgHash,
  signatureR: tpm2bEccParameter,
  signatureS: tpm2bEccParameter,
} as const satisfies Fields

const signature = variant(
  'TPMT_SIGNATURE',
  {
    sigAlg: tpmiAlgSigScheme,
  },
  'sigAlg',
  {
    rsassa: rsaSignature,
    rsapss: rsaSignature,
    ecdsa: eccSignature,
    ecdaa: eccSignature,
    sm2: eccSignature,
    ecschnorr: eccSignature,
    eddsa: eccSignature,
    eddsa_ph: eccSignature,
    hmac: { hmac: tpmtHa },
    null: {},
  },
)
/** TPMT_SIGNATURE; narrows on `sigAlg`. An RSA signature that was read is a view of the input. Part 2, section 11.3.4. */
export type TpmtSignature = Infer<typeof signature>
/** Codec of {@link TpmtSignature}. */
export const tpmtSignature: Codec<TpmtSignature> = signature
