import { SecretBytes } from '../bytes/index.js'
import { decode, encode } from '../codec/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import type { AuthorityClient, CallOptions } from '../http/client.js'
import type { AttestationKey, EndorsementKey, PcrBankSelection, PcrBankValues, Tpm } from '../ports/index.js'
import {
  type AttestationDocument,
  type ChallengeDocument,
  contextDocument,
  documentHead,
  type HostIdentity,
  qualifyingData,
} from '../protocol/index.js'
import type { TokenKind } from '../token/index.js'
import type { Check } from '../verdict/index.js'
import type { BindingKey } from './binding-key.js'

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
  const [endorsementKey] = await tpm.endorsementKeys()
  if (endorsementKey === undefined) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', { what: 'an endorsement key', reason: 'the TPM has none' })
  }
  const key = await openKey(tpm, endorsementKey, saved)
  try {
    const identity = identityOf(endorsementKey)
    const challenge = await askForChallenge(options, identity, key)
    const evidence = await answerChallenge(options, key, challenge)
    const { client, types, signal } = options
    const call = signal === undefined ? {} : { signal }
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
  endorsementKey: EndorsementKey,
  saved: Uint8Array | undefined,
): Promise<AttestationKey> {
  if (saved === undefined) return tpm.openAttestationKey({ endorsementKey })
  try {
    return await tpm.openAttestationKey({ endorsementKey, saved })
  } catch (error) {
    if (!isTrustholdError(error, 'TPM_RESPONSE')) throw error
    return tpm.openAttestationKey({ endorsementKey })
  }
}

function identityOf({ publicArea, certificate }: EndorsementKey): HostIdentity {
  return { endorsementKey: publicArea, ...(certificate === undefined ? {} : { certificate }) }
}

async function askForChallenge(
  { client, bindingKey, types, signal }: AttestOptions,
  identity: HostIdentity,
  key: AttestationKey,
): Promise<ChallengeDocument> {
  const hello = encode(contextDocument, {
    ...documentHead,
    kind: 'hello',
    attestationKey: key.publicArea,
    bindingKeyThumbprint: bindingKey.thumbprintBytes,
  })
  const call = signal === undefined ? {} : { signal }
  const result = await client.attest({ identity, contexts: [hello], types }, call)
  const [context] = result.attested ? [] : result.contexts
  if (context === undefined) throw unexpected('no challenge')
  const document = decode(contextDocument, context)
  if (document.kind !== 'challenge') throw unexpected(`a document of kind ${document.kind}`)
  return document
}

/** Activates the credential, quotes over what it gave, and adds what explains the quote. */
async function answerChallenge(
  { tpm, bindingKey }: AttestOptions,
  key: AttestationKey,
  challenge: ChallengeDocument,
): Promise<Uint8Array> {
  using activationSecret = SecretBytes.take(
    await key.activateCredential(challenge.credentialBlob, challenge.encryptedSecret),
  )
  const binding = activationSecret.use((secret) =>
    qualifyingData({
      nonce: challenge.nonce,
      activationSecret: secret,
      bindingKeyThumbprint: bindingKey.thumbprintBytes,
    }),
  )
  const eventLog = await tpm.eventLog()
  const { message, signature, pcrs } = await quoteAndRead(tpm, key, binding, challenge.selection)
  return encode(contextDocument, {
    ...documentHead,
    kind: 'evidence',
    state: challenge.state,
    message,
    signature,
    pcrs: pcrs.map(({ bank, values }) => ({
      bank: bank as ChallengeDocument['selection'][number]['bank'],
      values: [...values].map(([pcr, digest]) => ({ pcr, digest })),
    })),
    eventLog,
  })
}

async function quoteAndRead(
  tpm: Tpm,
  key: AttestationKey,
  binding: Uint8Array,
  selection: readonly PcrBankSelection[],
): Promise<{ message: Uint8Array; signature: Uint8Array; pcrs: readonly PcrBankValues[] }> {
  const quote = await key.quote(binding, selection)
  return { ...quote, pcrs: await tpm.readPcrs(selection) }
}

const unexpected = (what: string) =>
  new TrustholdError('SERVICE_ERROR', {
    status: 200,
    serviceCode: 'none',
    message: `it answered with ${what}`,
  })
