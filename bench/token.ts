import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { exportEcPublicJwk, thumbprint } from '@trusthold/core/jose'
import { type Clock, systemRandom } from '@trusthold/core/ports'
import {
  createLocalSigner,
  createProof,
  createProofVerifier,
  createTokenVerifier,
  generateSigningKey,
  issueToken,
  type TokenClaims,
  tokenProfiles,
} from '@trusthold/core/token'
import type { Benchmark } from './benchmark.js'

const now = Date.now()
const clock: Clock = { now: () => now }
const signer = createLocalSigner([generateSigningKey()])
const target = { method: 'POST', url: 'https://authority.example/api/esx/kms/key-operation' }
const hosts = 8

function claimsFor(jkt: string): TokenClaims {
  const issued = Math.floor(now / 1_000)
  return {
    iss: 'trusthold:bench',
    sub: 'ek:00',
    aud: 'bench',
    iat: issued,
    nbf: issued,
    exp: issued + 600,
    jti: 'token',
    eat_profile: tokenProfiles.KMS_AUTH_JWT,
    eat_nonce: 'nonce-of-the-challenge',
    ueid: 'AQ',
    bootcount: 1,
    oemboot: true,
    ear_verifier_id: { developer: 'trusthold', build: '0.1.0' },
    cnf: { jkt },
    submods: {
      host: {
        ear_status: 'affirming',
        ear_trustworthiness_vector: { 'instance-identity': 2, configuration: 2, executables: 2, hardware: 2 },
        ear_appraisal_policy_ids: ['base-image:bench', 'endorsement-settings'],
        base_image: 'bench',
        endorsement: { key: 'rsa-2048' },
        pcrs: {
          selection: [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }],
          digest: '0'.repeat(64),
        },
      },
    },
  }
}

async function prepare() {
  const tokens = createTokenVerifier({
    issuer: 'trusthold:bench',
    group: 'bench',
    keys: () => signer.publicKeys(),
    clock,
  })
  const proofs = createProofVerifier({
    // Every claim is a new one: a proof can be shown again, and no store is measured.
    replay: { claim: () => Promise.resolve(true), close: () => Promise.resolve() },
    clock,
  })
  const shown = await Promise.all(
    Array.from({ length: hosts }, async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const token = await issueToken(signer, claimsFor(thumbprint(exportEcPublicJwk(privateKey))))
      return { token, proof: createProof(privateKey, { ...target, token }, { clock, random: systemRandom }) }
    }),
  )
  return { tokens, proofs, shown }
}

let prepared: ReturnType<typeof prepare> | undefined
let turn = 0

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const message = new Uint8Array(1_500)
const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })

/** A token and its proof of possession, against the two signature verifications in them. */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'token.verify',
    async run() {
      prepared ??= prepare()
      const { tokens, proofs, shown } = await prepared
      const one = shown[turn++ % shown.length]
      if (one === undefined) throw new Error('there is no token')
      const claims = tokens.verify(one.token, 'KMS_AUTH_JWT')
      await proofs.verify(one.proof, { ...target, token: one.token }, claims.cnf.jkt)
    },
    floor() {
      verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
      verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
    },
  },
]
