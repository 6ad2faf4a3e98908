import { AttestationService, type ImaPolicy } from '../attestation/index.js'
import { TrustholdError } from '../errors/index.js'
import { createHandler, type Handler, type RequestLog } from '../http/index.js'
import { KeyProviderService } from '../key-provider/index.js'
import {
  type Clock,
  type KeyServerFactory,
  type RandomSource,
  type Storage,
  systemClock,
  systemRandom,
  type TokenSigner,
} from '../ports/index.js'
import { createTokenVerifier } from '../token/index.js'

/** What {@link createAuthority} takes. */
export interface AuthorityOptions {
  /** Service group: the Key Provider Service accepts only tokens of this group's Attestation Services. */
  group: string
  /** `iss` of the tokens; `trusthold:` and the group by default. */
  issuer?: string
  /** Configuration, replay guard and audit records. Stays open when the authority is closed. */
  storage: Storage
  /** Connects a provider's key servers, such as `kmip()` of the KMIP adapter. */
  keyServer: KeyServerFactory
  /** Every `https://host:port` under which hosts reach this authority; see {@link createHandler}. */
  origins: readonly string[]
  signer?: TokenSigner
  /** 60 by default. */
  challengeLifetimeSeconds?: number
  /** 600 by default. */
  tokenLifetimeSeconds?: number
  /** What hosts may run after they booted; see {@link ImaPolicy}. Not asked for by default. */
  ima?: ImaPolicy
  /** Accepts Trusthold's software TPM, for demos and tests; refused by default. Tokens tell. */
  allowSoftwareTpm?: boolean
  /** 60 by default. */
  primaryKeyLifetimeSeconds?: number
  /** Called once per request. */
  log?: (entry: RequestLog) => void
  clock?: Clock
  random?: RandomSource
}

/** An Attestation Service and a Key Provider Service that trusts it. */
export interface Authority {
  /** The HTTPS surface, for any server that speaks `Request` and `Response`. */
  readonly fetch: Handler
  readonly attestation: AttestationService
  readonly keyProvider: KeyProviderService
  /** Wipes keys and closes connections to key servers. */
  close(): Promise<void>
}

/**
 * Both services in one process, on one storage.
 * @throws CONFIGURATION_INVALID, STORE_*
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { group, issuer = `trusthold:${options.group}`, storage } = options
  if (group === '')
    throw new TrustholdError('CONFIGURATION_INVALID', { name: 'group', reason: 'it is empty' })
  const clock = options.clock ?? systemClock
  const random = options.random ?? systemRandom
  const attestation = await AttestationService.open({
    issuer,
    group,
    storage,
    clock,
    random,
    ...given(options, [
      'signer',
      'challengeLifetimeSeconds',
      'tokenLifetimeSeconds',
      'ima',
      'allowSoftwareTpm',
    ]),
  })
  const opened: { close(): Promise<void> }[] = [attestation]
  const close = async () => {
    await Promise.all(opened.map((service) => service.close()))
  }
  try {
    const tokens = createTokenVerifier({ issuer, group, keys: () => attestation.publicKeys(), clock })
    const keyProvider = await KeyProviderService.open({
      storage,
      keyServer: options.keyServer,
      tokens,
      assertStillTrusted: (claims) => attestation.assertStillTrusted(claims),
      clock,
      random,
      ...given(options, ['primaryKeyLifetimeSeconds']),
    })
    opened.push(keyProvider)
    const fetch = createHandler({ attestation, keyProvider, ...given(options, ['origins', 'log']) })
    return { attestation, keyProvider, fetch, close }
  } catch (error) {
    // Nothing goes on watching the configuration for an authority that there is not.
    await close()
    throw error
  }
}

/** The named members that are there; leaving one out is not the same as passing undefined. */
function given<T extends object, K extends keyof T>(
  options: T,
  names: readonly K[],
): { [P in K]?: NonNullable<T[P]> } {
  const entries = names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]])
  return Object.fromEntries(entries) as { [P in K]?: NonNullable<T[P]> }
}
