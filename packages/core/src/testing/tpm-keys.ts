import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { decode } from '../codec/index.js'
import type {
  AttestationKey,
  EndorsementKey,
  OpenAttestationKeyOptions,
  Tpm,
  TpmStatement,
} from '../ports/index.js'
import { type TpmsAttest, type TpmtPublic, tpmsAttest } from '../tpm2/index.js'
import { assertBytes, assertSigned } from './tpm-attestation.js'

/** Random bytes, for nonces and the like. */
export const nonceOf = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** The bytes with one bit changed. */
export const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 0x01 : byte))

/** The first endorsement key. */
export async function firstKey(tpm: Tpm): Promise<EndorsementKey> {
  const [endorsementKey] = await tpm.endorsementKeys()
  assert.ok(endorsementKey)
  return endorsementKey
}

/** Runs with an attestation key under the first endorsement key. */
export async function withKey(
  tpm: Tpm,
  run: (key: AttestationKey, endorsementKey: EndorsementKey) => Promise<void>,
  options: Partial<OpenAttestationKeyOptions> = {},
): Promise<void> {
  const endorsementKey = await firstKey(tpm)
  const key = await tpm.openAttestationKey({ endorsementKey, ...options })
  await run(key, endorsementKey)
  await key.close()
}

/** Algorithm and size, as kinds are named. */
export function kindName(publicArea: TpmtPublic): string {
  if (publicArea.type === 'rsa') return `rsa-${publicArea.parameters.keyBits}`
  assert.equal(publicArea.type, 'ecc')
  const { curveID } = (publicArea as Extract<TpmtPublic, { type: 'ecc' }>).parameters
  return `ecc-${curveID.toLowerCase().replace('-', '')}`
}

/** Checks signature, qualifying data and type, and gives the statement. */
export function readStatement<T extends TpmsAttest['type']>(
  key: AttestationKey,
  statement: TpmStatement,
  nonce: Uint8Array,
  type: T,
): Extract<TpmsAttest, { type: T }> {
  assertSigned(key, statement)
  const attest = decode(tpmsAttest, statement.message)
  assertBytes(attest.extraData, nonce, 'the qualifying data')
  assert.equal(attest.type, type)
  return attest as Extract<TpmsAttest, { type: T }>
}
