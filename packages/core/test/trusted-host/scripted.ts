import { toBase64url, utf8 } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import type { AuthorityClient } from '../../src/http/index.js'
import { type EcPublicJwk, encryptTo } from '../../src/jose/index.js'
import type {
  AttestationKey,
  EndorsementKey,
  OpenAttestationKeyOptions,
  PcrBankSelection,
  Tpm,
} from '../../src/ports/index.js'
import {
  type AttestRequest,
  type AttestResult,
  type ContextDocument,
  contextDocument,
  documentHead,
  type KeyRequestCredentials,
} from '../../src/protocol/index.js'
import { tokenType } from '../../src/token/index.js'
import {
  pcrDigest,
  toPcrSelection,
  tpmGeneratedValue,
  tpmsAttest,
  tpmtSignature,
} from '../../src/tpm2/index.js'
import { type FakeClock, goodClaims, makeKey, signJws } from '../token/fixtures.js'

export const endorsementKey: EndorsementKey = {
  kind: 'rsa-2048',
  template: 'L-1',
  publicArea: Uint8Array.of(1, 2),
  certificate: Uint8Array.of(3),
}
const selection = [{ bank: 'sha256', pcrs: [0, 7] }] as const
const values = new Map([0, 7].map((pcr) => [pcr, new Uint8Array(32).fill(pcr)]))
export const responseError = new TrustholdError('TPM_RESPONSE', {
  command: 'TPM2_Load',
  responseCode: 0x1df,
  name: 'INTEGRITY',
})

const notAsked = () => {
  throw new Error('attestation asks for no such thing')
}

/** A quote over these values, as far as whoever collects evidence looks at it. */
function quoteOver(
  held: ReadonlyMap<number, Uint8Array>,
  wanted: readonly PcrBankSelection[],
): { message: Uint8Array; signature: Uint8Array } {
  const quoted = wanted.flatMap(({ pcrs }) => pcrs.map((pcr) => held.get(pcr) as Uint8Array))
  return {
    message: encode(tpmsAttest, {
      magic: tpmGeneratedValue,
      type: 'quote',
      qualifiedSigner: Uint8Array.of(0, 11),
      extraData: new Uint8Array(),
      clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
      firmwareVersion: 1n,
      attested: { pcrSelect: toPcrSelection(wanted), pcrDigest: pcrDigest('sha256', quoted) },
    }),
    signature: encode(tpmtSignature, { sigAlg: 'rsassa', hash: 'sha256', sig: Uint8Array.of(8) }),
  }
}

/** A TPM whose every step a test can break. */
export interface ScriptedTpm extends Tpm {
  readonly steps: string[]
  /** Open keys, each by the saved form it was opened with. */
  readonly open: Set<AttestationKey>
  readonly opened: OpenAttestationKeyOptions[]
  /** Thrown by the step of that name. */
  readonly failures: Map<string, Error | undefined>
  qualifyingData?: Uint8Array
  /** What the PCRs hold. */
  values: ReadonlyMap<number, Uint8Array>
  logs: { ima?: Uint8Array; systemd?: Uint8Array }
  chain: readonly Uint8Array[]
}

export function scriptedTpm(): ScriptedTpm {
  const step = (name: string) => {
    tpm.steps.push(name)
    const failure = tpm.failures.get(name)
    if (failure !== undefined) throw failure
  }
  const tpm: ScriptedTpm = {
    steps: [],
    open: new Set(),
    opened: [],
    failures: new Map(),
    values,
    logs: {},
    chain: [],
    async endorsementKeys() {
      step('endorsementKeys')
      return tpm.failures.has('none') ? [] : [endorsementKey]
    },
    async openAttestationKey(options) {
      tpm.opened.push(options)
      step(options.saved === undefined ? 'create' : 'load')
      const key: AttestationKey = {
        publicArea: Uint8Array.of(4),
        saved: options.saved ?? Uint8Array.of(9, tpm.opened.length),
        async activateCredential() {
          step('activate')
          return new Uint8Array(32).fill(6)
        },
        async quote(data, wanted) {
          step('quote')
          tpm.qualifyingData = data
          return quoteOver(tpm.values, wanted)
        },
        certify: notAsked,
        certifyCreation: notAsked,
        certifyTime: notAsked,
        remove: notAsked,
        async close() {
          tpm.open.delete(key)
        },
      }
      tpm.open.add(key)
      return key
    },
    async readPcrs(wanted) {
      step('readPcrs')
      return wanted.map(({ bank, pcrs }) => ({
        bank,
        values: new Map(pcrs.map((pcr) => [pcr, tpm.values.get(pcr) as Uint8Array])),
      }))
    },
    async eventLog() {
      step('eventLog')
      return Uint8Array.of(5)
    },
    async imaLog() {
      step('imaLog')
      return tpm.logs.ima
    },
    async systemdLog() {
      step('systemdLog')
      return tpm.logs.systemd
    },
    certificateChain: async () => tpm.chain,
    openSigningKey: notAsked,
    openDecryptionKey: notAsked,
    openStorageKey: notAsked,
    importSealed: notAsked,
    openSealed: notAsked,
    close: async () => undefined,
  }
  return tpm
}

/** An authority's client whose answers a test can change. */
export interface ScriptedClient extends AuthorityClient {
  readonly attestations: {
    document: ContextDocument
    request: AttestRequest
    signal: AbortSignal | undefined
  }[]
  readonly keyRequests: { credentials: KeyRequestCredentials; request: unknown }[]
  /** Answers the next attestation requests, before the usual answers. */
  readonly answers: ((request: AttestRequest) => AttestResult | Promise<AttestResult>)[]
  /** Answers the next key requests. */
  readonly keyFailures: Error[]
  /** Changes what is delivered. */
  deliver(
    jwk: EcPublicJwk,
    provider: string,
  ): Promise<{ delivery: 'jwe'; jwe: string } | { delivery: 'tls'; plaintext: Uint8Array }>
  lifetimeSeconds: number
  closed: number
}

const signing = makeKey()
export const nonce = new Uint8Array(32).fill(2)
export const challenge: ContextDocument = {
  ...documentHead,
  kind: 'challenge',
  credentialBlob: Uint8Array.of(1),
  encryptedSecret: Uint8Array.of(2),
  nonce,
  selection,
  state: Uint8Array.of(3),
  expiresAt: 0n,
}
export const asContext = (document: ContextDocument) => [encode(contextDocument, document)]
export const plaintext = utf8('thirty-two bytes of key material')

export function scriptedClient(clock: FakeClock): ScriptedClient {
  let tokens = 0
  const jwkOf = ({ proof }: KeyRequestCredentials) => {
    const [header] = proof.split('.') as [string]
    return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { jwk: EcPublicJwk }).jwk
  }
  const attested = (bindingKey: string): AttestResult => {
    const now = Math.floor(clock.now() / 1_000)
    const times = { iat: now, nbf: now, exp: now + client.lifetimeSeconds, jti: `token-${++tokens}` }
    const token = signJws(
      signing.privateKey,
      { alg: 'ES256', typ: tokenType, kid: signing.thumbprint },
      { ...goodClaims(bindingKey), ...times },
    )
    return { attested: true, documents: [{ type: 'KMS_AUTH_JWT', token }], checks: [] }
  }
  const keyRequest = async (credentials: KeyRequestCredentials, request: { provider?: string }) => {
    client.keyRequests.push({ credentials, request })
    const failure = client.keyFailures.shift()
    if (failure !== undefined) throw failure
    return client.deliver(jwkOf(credentials), request.provider ?? '')
  }
  let bindingKey = ''
  const client: ScriptedClient = {
    attestations: [],
    keyRequests: [],
    answers: [],
    keyFailures: [],
    lifetimeSeconds: 600,
    closed: 0,
    keyOperationUrl: 'https://authority.example/api/esx/kms/key-operation',
    async attest(request, call) {
      const document = decode(contextDocument, request.contexts[0] as Uint8Array)
      client.attestations.push({ document, request, signal: call?.signal })
      if (document.kind === 'hello') bindingKey = toBase64url(document.bindingKeyThumbprint)
      const answer = client.answers.shift()
      if (answer !== undefined) return answer(request)
      return document.kind === 'hello'
        ? { attested: false, contexts: asContext(challenge) }
        : attested(bindingKey)
    },
    generateKey: async (credentials, request) => ({
      wrapped: 'wrapped',
      key: await keyRequest(credentials, request),
    }),
    decrypt: (credentials, request) => keyRequest(credentials, request),
    deliver: async (jwk, provider) => {
      const header = { typ: 'trusthold-delivery', kid: bindingKey, provider, token: 'x' }
      return { delivery: 'jwe', jwe: await encryptTo(jwk, header, plaintext) }
    },
    async close() {
      client.closed++
    },
  }
  return client
}

export const refusedToken = (serviceCode = 'TOKEN_INVALID') =>
  new TrustholdError('SERVICE_ERROR', { status: 401, serviceCode, message: 'refused' })
