import { describeError } from '@trusthold/core/errors'
import type { KeyServerNodeHealth } from '@trusthold/core/ports'
import type { EndpointHealth } from '../cluster/index.js'
import { isRefusal } from './key-requests.js'

/** Days before the end of a certificate from which on its renewal is due. */
const renewalDays = 30

function warnOfEnd(whose: string, days: number | undefined): string[] {
  if (days === undefined || days >= renewalDays) return []
  return [days < 0 ? `${whose} certificate has ended` : `${whose} certificate ends in ${days} days`]
}

/** What an administrator should see to, although the server works. */
function findWarnings(found: EndpointHealth): string[] {
  return [
    ...warnOfEnd('our', found.clientCertificateDays),
    ...warnOfEnd("the server's", found.serverCertificateDays),
  ]
}

/**
 * What was found out about a server, judged.
 * @param name as the configuration calls it
 */
export function judgeHealth(name: string, found: EndpointHealth): KeyServerNodeHealth {
  const { circuit: _, error, lastError: __, ...facts } = found
  // The right to search is needed to make primary keys, not to use them.
  const works = error === undefined || isRefusal(error, 'denied')
  const details = [...(error === undefined ? [] : [describeError(error)]), ...findWarnings(found)]
  const health = !works ? 'ERROR' : details.length > 0 ? 'WARNING' : 'OK'
  return { name, ...facts, health, details }
}
