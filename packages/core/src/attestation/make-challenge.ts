import type { PreparedKey } from '../evidence/index.js'
import type { RandomSource } from '../ports/index.js'
import {
  type BankSelection,
  type ChallengeDocument,
  documentHead,
  type HelloDocument,
} from '../protocol/index.js'
import { computeName, makeCredential, type TpmtPublic } from '../tpm2/index.js'
import { possibleQualifiedNames } from './appraise.js'
import type { ChallengeStates } from './challenge-state.js'
import { encodeFindings, type Findings } from './findings.js'

/** What a challenge is made of. */
export interface ChallengeInput {
  readonly hello: HelloDocument
  /** The attestation key in the hello. */
  readonly key: PreparedKey
  readonly endorsementKey: TpmtPublic
  /** The same, as it was received. */
  readonly endorsementKeyBytes: Uint8Array
  readonly findings: Findings
  /** What to quote. */
  readonly selection: readonly BankSelection[]
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly states: ChallengeStates
  readonly random: RandomSource
}

/**
 * A challenge that only the TPM with this endorsement key can answer, and only with this attestation key: a fresh nonce, a
 * fresh secret as a credential, and all that the second leg has to know, sealed.
 */
export function makeChallenge(input: ChallengeInput): ChallengeDocument {
  const { hello, key, endorsementKey, endorsementKeyBytes, selection, random } = input
  const nonce = random.bytes(32)
  const activationSecret = random.bytes(32)
  const expiresAt = BigInt(input.expiresAt)
  const state = input.states.seal({
    id: random.bytes(16),
    expiresAt,
    endorsementKey: endorsementKeyBytes,
    attestationKey: hello.attestationKey,
    qualifiedNames: possibleQualifiedNames(computeName(endorsementKeyBytes), key.name),
    bindingKeyThumbprint: hello.bindingKeyThumbprint,
    nonce,
    activationSecret,
    selection,
    findings: encodeFindings(input.findings),
  })
  const credential = makeCredential({
    endorsementKey,
    objectName: key.name,
    secret: activationSecret,
    random,
  })
  return { ...documentHead, kind: 'challenge', ...credential, nonce, selection, state, expiresAt }
}
