import { equalBytes } from '../bytes/index.js'
import { isTrustholdError, TrustholdError } from '../errors/index.js'
import { type CertificateIndex, indexCertificates } from './anchors.js'
import type { Certificate } from './certificate.js'
import { refuse } from './failure.js'
import { type CertificateDemands, checkCertificate, checkIssuer, checkKeyIdentifier } from './path-rules.js'
import { verifyCertificateSignature } from './signature.js'
import type { WebCryptoLike } from './webcrypto.js'

/** Options of {@link buildPath}. */
export interface PathOptions {
  /** Where paths end: the configured CAs, roots and intermediates alike. */
  anchors: CertificateIndex
  /** Other CA certificates, untrusted, that may lead to an anchor; at most 32. */
  intermediates?: readonly Certificate[]
  /** Moment of judgement, milliseconds since 1970. */
  at: number
  /** Extended key usage that no certificate in the path may leave out when it lists usages. */
  purpose?: string
  /** Certificates in the path, leaf and anchor included; 8 by default. */
  maxDepth?: number
  /** Signatures that are verified before the search ends; 32 by default. */
  maxSignatures?: number
  /** Verifies signatures on brainpool curves; @peculiar/webcrypto when left out. */
  webcrypto?: WebCryptoLike
}

/** A certification path that holds. */
export interface CertificatePath {
  /** Leaf first, anchor last. */
  readonly certificates: readonly Certificate[]
  /** The configured CA that the path ends at. */
  readonly anchor: Certificate
}

const maxIntermediates = 32
/** The greatest time that Date knows (ECMA-262, time values). */
const maxTime = 8.64e15

/**
 * Finds the path from a certificate to a configured CA and validates it (RFC 5280 section 6, without policies, name
 * constraints and revocation): names chain, every signature verifies, every certificate is valid at `at`,
 * the anchor included, issuers are CAs that may sign, path lengths hold, key identifiers agree, no critical extension
 * is left unprocessed. The path ends at the first configured CA; the leaf itself never counts as one.
 * @throws CERTIFICATE_INVALID naming the index and the reason, as in `path[1].signature`; where several attempts
 *   failed, of the one that came farthest
 */
export async function buildPath(leaf: Certificate, options: PathOptions): Promise<CertificatePath> {
  if (!(Math.abs(options.at) <= maxTime)) {
    throw new TrustholdError('ARGUMENT_INVALID', { name: 'at', reason: 'not a time in milliseconds' })
  }
  const search = new PathSearch(options)
  checkCertificate(leaf, 'path[0]', options)
  const certificates = await search.extend([leaf])
  const anchor = certificates?.at(-1)
  return certificates === undefined || anchor === undefined ? search.fail() : { certificates, anchor }
}

type PathFailure = TrustholdError<'CERTIFICATE_INVALID'>

/** A depth-first search with a budget of signatures, which remembers the failure that came farthest. */
class PathSearch {
  readonly #options: PathOptions
  readonly #others: CertificateIndex
  readonly #demands: CertificateDemands
  #signatures = 0
  #failed: { depth: number; error: PathFailure } | undefined

  constructor(options: PathOptions) {
    const { intermediates = [], at, purpose } = options
    if (intermediates.length > maxIntermediates) {
      refuse('path', `at most ${maxIntermediates} intermediates`, String(intermediates.length))
    }
    this.#options = options
    this.#others = indexCertificates(intermediates)
    this.#demands = { at, purpose }
  }

  /** Throws why there is no path. */
  fail(): never {
    throw this.#failed?.error ?? noIssuer('path')
  }

  /** The whole path that starts with `path`, or undefined. */
  async extend(path: readonly Certificate[]): Promise<readonly Certificate[] | undefined> {
    const child = path.at(-1) as Certificate
    const candidates = this.#candidates(child, path)
    if (candidates.length === 0) this.#remember(path.length, noIssuer(`path[${path.length}]`, child))
    for (const issuer of candidates) {
      const longer = [...path, issuer]
      if (!(await this.#holds(path, issuer))) continue
      if (this.#options.anchors.has(issuer)) return longer
      const whole = await this.extend(longer)
      if (whole !== undefined) return whole
    }
    return undefined
  }

  /** Configured CAs first; never a certificate or a key twice. */
  #candidates(child: Certificate, path: readonly Certificate[]): Certificate[] {
    const anchors = this.#options.anchors.bySubject(child.issuer)
    const others = this.#others.bySubject(child.issuer).filter((c) => !this.#options.anchors.has(c))
    return [...anchors, ...others].filter((candidate) => !path.some((c) => sameEntity(c, candidate)))
  }

  async #holds(path: readonly Certificate[], issuer: Certificate): Promise<boolean> {
    const child = path.at(-1) as Certificate
    const index = path.length
    const place = `path[${index}]`
    try {
      const maxDepth = this.#options.maxDepth ?? 8
      if (index >= maxDepth) refuse('path', `at most ${maxDepth} certificates`, 'more')
      checkKeyIdentifier(child, issuer, place)
      checkCertificate(issuer, place, this.#demands)
      checkIssuer(issuer, place, path)
    } catch (error) {
      return this.#remember(index, error)
    }
    this.#spend()
    try {
      await verifyCertificateSignature(child, issuer.publicKey, `path[${index - 1}]`, this.#options.webcrypto)
      return true
    } catch (error) {
      return this.#remember(index, error)
    }
  }

  #spend(): void {
    const limit = this.#options.maxSignatures ?? 32
    if (this.#signatures >= limit) refuse('path', `a path within ${limit} signatures`, 'none so far')
    this.#signatures++
  }

  /** Keeps the failure that came farthest; anything but a refusal goes on up. */
  #remember(depth: number, error: unknown): false {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    if (this.#failed === undefined || depth > this.#failed.depth) this.#failed = { depth, error }
    return false
  }
}

function sameEntity(a: Certificate, b: Certificate): boolean {
  return a.subject.key === b.subject.key && equalBytes(a.publicKey.spki, b.publicKey.spki)
}

function noIssuer(path: string, child?: Certificate): PathFailure {
  const actual = `none for ${child?.issuer.text ?? 'it'}`
  return new TrustholdError('CERTIFICATE_INVALID', {
    path,
    expected: 'a configured CA or an intermediate',
    actual,
  })
}
