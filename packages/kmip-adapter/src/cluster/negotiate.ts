import { TrustholdError } from '@trusthold/core/errors'
import { type Failure, type Outcome, toResultError } from '../messages/index.js'
import { discoverVersions, discoverVersionsRequest, type Operation } from '../operations/index.js'
import { versionText } from '../protocol/index.js'
import type { KmipVersion } from '../ttlv/index.js'

/**
 * The version under which the question is asked: the first that has it. A header above what the server knows would be
 * a message that it cannot read.
 */
const askedUnder: KmipVersion = '1.1'

/** Sends a request under a version and reads what comes back. */
export type Ask = <Q, R>(operation: Operation<Q, R>, payload: Q, version: KmipVersion) => Promise<Outcome<R>>

/** Whether a server says by this that it is too old to be asked for its versions. */
function isTooOld({ reason, ofMessage }: Failure): boolean {
  return reason === 'OperationNotSupported' || (reason === 'InvalidMessage' && ofMessage)
}

function noneInCommon(wanted: readonly KmipVersion[], server: string): TrustholdError<'KMIP_VERSION'> {
  return new TrustholdError('KMIP_VERSION', { offered: wanted.join(', '), server })
}

/**
 * Agrees with a server on a version: the first of `wanted` that it has. A server that does not know the question, and
 * says so in either of the two usual ways, has 1.0.
 * @param wanted in order of preference
 * @throws KMIP_VERSION when there is none in common; KMIP_RESULT when the server refuses to talk; what `ask` throws
 */
export async function negotiateVersion(ask: Ask, wanted: readonly KmipVersion[]): Promise<KmipVersion> {
  if (wanted.length === 1 && wanted[0] === '1.0') return '1.0'
  const outcome = await ask(discoverVersions, discoverVersionsRequest(wanted), askedUnder)
  if (outcome.kind === 'failure') {
    if (!isTooOld(outcome.failure)) throw toResultError(discoverVersions.name, outcome.failure)
    if (wanted.includes('1.0')) return '1.0'
    throw noneInCommon(wanted, 'no later one than 1.0')
  }
  const served = (outcome.payload.protocolVersion ?? []).map(versionText)
  const common = wanted.find((version) => served.includes(version))
  if (common === undefined) throw noneInCommon(wanted, served.slice(0, 20).join(', ') || 'none of them')
  return common
}
