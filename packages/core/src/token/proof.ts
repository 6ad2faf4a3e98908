import { hash, type KeyObject, sign } from 'node:crypto'
import { toBase64url, utf8 } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import {
  compactJws,
  type EcPublicJwk,
  exportEcPublicJwk,
  importEcPublicJwk,
  type JwsHeader,
  jwsSigningInput,
  parseEcPublicJwk,
  parseJsonObject,
  parseJws,
  thumbprint,
  verifyJws,
} from '../jose/index.js'
import type { Clock, RandomSource, ReplayGuard } from '../ports/index.js'

const proofType = 'dpop+jwt'
const maxProofLength = 4_096

/** The request that a proof is for. */
export interface ProofTarget {
  /** HTTP method, upper case. */
  method: string
  /** The request's URL; query and fragment do not count (RFC 9449 section 4.3). */
  url: string
  /** The token that is sent along. */
  token: string
  /** Digest of what is asked for, as the protocol defines it; a claim of our own, `request_digest`. */
  requestDigest?: string
}

/** Scheme, authority and path of a URL, normalised as RFC 3986 section 6.2 asks. */
function targetUri(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

const hashOf = (token: string): string => hash('sha256', token, 'base64url')

/**
 * Makes a DPoP proof (RFC 9449 section 4.2): shows that the sender of a token holds the key that it is bound to.
 * @param privateKey P-256
 */
export function createProof(
  privateKey: KeyObject,
  target: ProofTarget,
  source: { clock: Clock; random: RandomSource },
): string {
  const input = jwsSigningInput(
    { alg: 'ES256', typ: proofType, jwk: exportEcPublicJwk(privateKey) },
    {
      jti: toBase64url(source.random.bytes(16)),
      htm: target.method,
      htu: targetUri(target.url) ?? target.url,
      iat: Math.floor(source.clock.now() / 1000),
      ath: hashOf(target.token),
      ...(target.requestDigest === undefined ? {} : { request_digest: target.requestDigest }),
    },
  )
  const signature = sign('sha256', utf8(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return compactJws(input, signature)
}

/** Options of {@link createProofVerifier}. */
export interface ProofVerifierOptions {
  replay: ReplayGuard
  clock: Clock
  /** How old a proof may be and how far clocks may differ, in seconds; 60 by default, 300 at most. */
  windowSeconds?: number
}

/** Verifies proofs of possession; each is accepted once. */
export interface ProofVerifier {
  /**
   * @param proof the DPoP header's value
   * @param boundTo thumbprint that the token is bound to (`cnf.jkt`)
   * @returns the public key that the proof was made with
   * @throws PROOF_INVALID naming the check: `proof.format`, `proof.key`, `proof.signature`, `proof.target`,
   *   `proof.token`, `proof.request`, `proof.time`, `proof.unused`; STORE_UNAVAILABLE when it cannot be told whether it was used
   */
  verify(proof: string, target: ProofTarget, boundTo: string): Promise<EcPublicJwk>
}

const refuse = (check: string, reason: string, cause?: unknown) =>
  new TrustholdError('PROOF_INVALID', { check, reason }, { cause })

/** How many hosts' binding keys stay imported; importing one costs as much as a signature verification. */
const importedKeys = 4_096

/** What a proof's header says, read once. */
interface ProofHeader extends JwsHeader {
  readonly jwk: EcPublicJwk
  readonly jkt: string
  readonly key: KeyObject
}

/** Makes a proof verifier. */
export function createProofVerifier(options: ProofVerifierOptions): ProofVerifier {
  const window = options.windowSeconds ?? 60
  if (!(Number.isInteger(window) && window >= 1 && window <= 300)) {
    throw new TrustholdError('CONFIGURATION_INVALID', {
      name: 'windowSeconds',
      reason: 'expected an integer of 1 to 300',
    })
  }
  const knownHeaders = new Map<string, ProofHeader>()
  const form = { what: 'proof', typ: proofType, maxLength: maxProofLength, knownHeaders }
  return {
    async verify(proof, target, boundTo) {
      const jws = orRefuse('proof.format', () => parseJws(proof, form))
      const header = knownHeaders.get(jws.headerText) ?? readHeader(jws, boundTo)
      const { jkt, jwk } = header
      if (jkt !== boundTo) throw refuse('proof.key', 'it is not made with the key that the token is bound to')
      if (!verifyJws(jws, header.key)) throw refuse('proof.signature', 'the signature does not verify')
      remember(knownHeaders, jws.headerText, header)
      const claims = orRefuse('proof.format', () => parseJsonObject(jws.payload, 'proof payload'))
      checkTarget(claims, target)
      const jti = checkFreshness(claims, options.clock.now() / 1000, window)
      // Claimed last: only the holder of the key can use up an id, and only its own.
      const expiresAt = options.clock.now() + 2 * window * 1000
      if (!(await options.replay.claim(`dpop:${jkt}:${hashOf(jti)}`, expiresAt))) {
        throw refuse('proof.unused', 'it was used before')
      }
      return jwk
    },
  }
}

function readHeader({ algorithm, header }: JwsHeader, boundTo: string): ProofHeader {
  const jwk = orRefuse('proof.key', () => parseEcPublicJwk(header['jwk'], 'proof key'))
  const jkt = thumbprint(jwk)
  if (jkt !== boundTo) throw refuse('proof.key', 'it is not made with the key that the token is bound to')
  return {
    algorithm,
    header,
    jwk,
    jkt,
    key: orRefuse('proof.key', () => importEcPublicJwk(jwk, 'proof key')),
  }
}

/** Only headers of good proofs get here, so nobody else can push them out. */
function remember(known: Map<string, ProofHeader>, text: string, header: ProofHeader): void {
  if (known.has(text)) return
  if (known.size >= importedKeys) known.delete(known.keys().next().value as string)
  known.set(text, header)
}

function orRefuse<T>(check: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isTrustholdError(error, 'JOSE_INVALID')) throw refuse(check, error.context.reason, error)
    throw error
  }
}

function checkTarget(claims: Record<string, unknown>, target: ProofTarget): void {
  const { htm, htu, ath } = claims
  if (htm !== target.method || typeof htu !== 'string' || !isSameTarget(htu, target.url)) {
    throw refuse('proof.target', `it is not for ${target.method} of this address`)
  }
  if (ath !== hashOf(target.token)) throw refuse('proof.token', 'it is for another token')
  if (target.requestDigest !== undefined && claims['request_digest'] !== target.requestDigest) {
    throw refuse('proof.request', 'it is for another request')
  }
}

function isSameTarget(htu: string, url: string): boolean {
  if (htu === url) return URL.canParse(url)
  const expected = targetUri(url)
  return expected !== undefined && targetUri(htu) === expected
}

function checkFreshness(claims: Record<string, unknown>, now: number, window: number): string {
  const { iat, jti } = claims
  if (typeof iat !== 'number' || Math.abs(now - iat) > window) {
    throw refuse('proof.time', `it was not made within ${window} seconds of now`)
  }
  if (typeof jti !== 'string' || jti.length < 8 || jti.length > 256) {
    throw refuse('proof.format', 'expected a jti of 8 to 256 characters')
  }
  return jti
}
