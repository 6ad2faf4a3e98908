import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { exportJwk, fromBase64url } from '../../src/bytes/index.js'
import { encode } from '../../src/codec/index.js'
import type { PcrValues, QuoteEvidence } from '../../src/evidence/index.js'
import {
  akTemplates,
  type HashAlgorithm,
  pcrDigest,
  type TpmsAttest,
  type TpmtPublic,
  toPcrSelection,
  tpmGeneratedValue,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
} from '../../src/tpm2/index.js'

export type QuoteAttest = Extract<TpmsAttest, { type: 'quote' }>

/** An attestation key that lives in software, so that it signs whatever a test needs. */
export interface SoftwareKey {
  readonly area: TpmtPublic
  readonly publicArea: Uint8Array
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { x = '', y = '' } = exportJwk(publicKey)
const area: TpmtPublic = { ...akTemplates['ecc-p256'], unique: { x: fromBase64url(x), y: fromBase64url(y) } }
export const softwareKey: SoftwareKey = { area, publicArea: encode(tpmtPublic, area), publicKey, privateKey }

export const nonce = new Uint8Array(32).fill(5)
export const pcrs: readonly PcrValues[] = [
  { bank: 'sha256', values: new Map([0, 1, 7].map((pcr) => [pcr, new Uint8Array(32).fill(pcr + 1)])) },
]
export const signerName = Uint8Array.of(0x00, 0x0b, ...new Uint8Array(32).fill(9))

export const valuesOf = (banks: readonly PcrValues[]) => banks.flatMap(({ values }) => [...values.values()])
export const selectionOf = (banks: readonly PcrValues[]) =>
  banks.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] }))

/** An honest quote over PCR values. */
export const attestOver = (banks: readonly PcrValues[], hash: HashAlgorithm = 'sha256'): QuoteAttest => ({
  magic: tpmGeneratedValue,
  type: 'quote',
  qualifiedSigner: signerName,
  extraData: nonce,
  clockInfo: { clock: 1_000n, resetCount: 2, restartCount: 3, safe: true },
  firmwareVersion: 4n,
  attested: { pcrSelect: toPcrSelection(selectionOf(banks)), pcrDigest: pcrDigest(hash, valuesOf(banks)) },
})

/** The TPMT_SIGNATURE over a message. */
export function signMessage(
  message: Uint8Array,
  hash: 'sha1' | 'sha256' | 'sha384' = 'sha256',
  key = privateKey,
) {
  const rs = sign(hash, message, { key, dsaEncoding: 'ieee-p1363' })
  const half = rs.length / 2
  return encode(tpmtSignature, {
    sigAlg: 'ecdsa',
    hash,
    signatureR: new Uint8Array(rs.subarray(0, half)),
    signatureS: new Uint8Array(rs.subarray(half)),
  })
}

/** Evidence for a statement, whatever it is; signed by the software key. */
export function evidenceOf(
  statement: TpmsAttest | Uint8Array,
  change: Partial<QuoteEvidence> = {},
): QuoteEvidence {
  const message = statement instanceof Uint8Array ? statement : encode(tpmsAttest, statement)
  return {
    message,
    signature: signMessage(message),
    attestationKey: softwareKey.publicArea,
    nonce,
    selection: selectionOf(pcrs),
    pcrs,
    qualifiedNames: [signerName],
    ...change,
  }
}

export const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
