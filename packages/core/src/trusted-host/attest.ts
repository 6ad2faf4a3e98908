import { SecretBytes } from '../bytes/index.js'
import { decode, encode } from '../codec/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { AuthorityClient, CallOptions } from '../http/client.js'
import type { AttestationKey, EndorsementKey, OpenAttestationKeyOptions, Tpm } from '../ports/index.js'
import {
  type AttestationDocument,
  type ChallengeDocument,
  contextDocument,
  documentHead,
  type HostIdentity,
  maxIntermediates,
  qualifyingData,
} from '../protocol/index.js'
import type { TokenKind } from '../token/index.js'
import type { Check } from '../verdict/index.js'
import type { BindingKey } from './binding-key.js'
import { collectEvidence } from './collect-evidence.js'

/** What one attestation takes. */
export interface AttestOptions extends CallOptions {
  client: AuthorityClient
  tpm: Tpm
  bindingKey: BindingKey
  types: readonly TokenKind[]
  /** An attestation key of an earlier attestation, to be used again. */
  saved?: Uint8Array
}

/** What a passed attestation gives. */
export interface Attested {
  readonly documents: readonly AttestationDocument[]
  /** Every check that the service made. */
  readonly checks: readonly Check[]
  /** The attestation key, for the next time. */
  readonly saved: Uint8Array
}

/**
 * Proves to an Attestation Service what this host booted: hello, challenge, quote, tokens.
 * @throws ATTESTATION_REFUSED, ATTESTATION_UNDECIDED, SERVICE_ERROR, TRANSPORT_*, TPM_*
 */
export async function attestHost(options: AttestOptions): Promise<Attested> {
  const { tpm, saved } = options
  const call = callOf(options)
  const [endorsementKey] = await tpm.endorsementKeys(call)
  if (endorsementKey === undefined) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', { what: 'an endorsement key', reason: 'the TPM has none' })
  }
  const key = await openKey(tpm, { endorsementKey, ...call }, saved)
  try {
    const identity = identityOf(endorsementKey, await tpm.certificateChain(call))
    const challenge = await askForChallenge(options, identity, key)
    const evidence = await answerChallenge(options, key, challenge)
    const { client, types } = options
    const result = await client.attest({ identity, contexts: [evidence], types }, call)
    if (!result.attested) throw unexpected('a third leg')
    return { documents: result.documents, checks: result.checks, saved: key.saved }
  } finally {
    await key.close()
  }
}

/** The saved key, or a new one when this TPM does not know it: it was cleared, or is another one. */
async function openKey(
  tpm: Tpm,
  options: OpenAttestationKeyOptions,
  saved: Uint8Array | undefined,
): Promise<AttestationKey> {
  if (saved === undefined) return tpm.openAttestationKey(options)
  try {
    return await tpm.openAttestationKey({ ...options, saved })
  } catch (error) {
    if (!isTrustholdError(error, 'TPM_RESPONSE') && !isTrustholdError(error, 'TPM_NOT_AVAILABLE')) throw error
    return tpm.openAttestationKey(options)
  }
}

/** The chain is the certificate's, so without one there is nothing to say with it. */
function identityOf(
  { publicArea, certificate }: EndorsementKey,
  intermediates: readonly Uint8Array[],
): HostIdentity {
  if (certificate === undefined) return { endorsementKey: publicArea }
  const chain = intermediates.length === 0 ? {} : { intermediates: intermediates.slice(0, maxIntermediates) }
  return { endorsementKey: publicArea, certificate, ...chain }
}

async function askForChallenge(
  options: AttestOptions,
  identity: HostIdentity,
  key: AttestationKey,
): Promise<ChallengeDocument> {
  const { client, bindingKey, types } = options
  const hello = encode(contextDocument, {
    ...documentHead,
    kind: 'hello',
    attestationKey: key.publicArea,
    bindingKeyThumbprint: bindingKey.thumbprintBytes,
  })
  const result = await client.attest({ identity, contexts: [hello], types }, callOf(options))
  const [context] = result.attested ? [] : result.contexts
  if (context === undefined) throw unexpected('no challenge')
  const document = decode(contextDocument, context)
  if (document.kind !== 'challenge') throw unexpected(`a document of kind ${document.kind}`)
  return document
}

/** Activates the credential, quotes over what it gave, and adds what explains the quote. */
async function answerChallenge(
  options: AttestOptions,
  key: AttestationKey,
  challenge: ChallengeDocument,
): Promise<Uint8Array> {
  const { tpm, bindingKey } = options
  using activationSecret = SecretBytes.take(
    await key.activateCredential(challenge.credentialBlob, challenge.encryptedSecret, callOf(options)),
  )
  const binding = activationSecret.use((secret) =>
    qualifyingData({
      nonce: challenge.nonce,
      activationSecret: secret,
      bindingKeyThumbprint: bindingKey.thumbprintBytes,
    }),
  )
  const { imaLog, systemdLog, ...evidence } = await collectEvidence(
    tpm,
    key,
    binding,
    challenge.selection,
    callOf(options),
  )
  const document = {
    ...documentHead,
    ...evidence,
    state: challenge.state,
    pcrs: evidence.pcrs.map(({ bank, values }) => ({
      bank: bank as ChallengeDocument['selection'][number]['bank'],
      values: [...values].map(([pcr, digest]) => ({ pcr, digest })),
    })),
  }
  return encode(
    contextDocument,
    imaLog.length + systemdLog.length === 0
      ? { ...document, kind: 'evidence' }
      : { ...document, kind: 'evidence-with-logs', imaLog, systemdLog },
  )
}

const callOf = ({ signal }: CallOptions): CallOptions => (signal === undefined ? {} : { signal })

const unexpected = (what: string) =>
  new TrustholdError('SERVICE_ERROR', {
    status: 200,
    serviceCode: 'none',
    message: `it answered with ${what}`,
  })
