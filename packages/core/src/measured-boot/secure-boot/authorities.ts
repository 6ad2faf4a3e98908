import { equalBytes } from '../../bytes/index.js'
import type { Guid } from '../events/guid.js'
import type { EfiSignatureList, EfiSignatureType } from '../events/signature-list.js'
import { readAuthority } from '../events/variable-value.js'
import type { Fact } from '../fact.js'
import { type PolicyEvent, type PolicyLog, type PolicyVariable, policyListFact } from './policy-log.js'
import { type AuthoritySource, isVouching, voucherOf } from './vouchers.js'

/** What let an image run: an entry of a signature database, as it was measured when it was first used. */
export interface SecureBootAuthority {
  readonly event: number
  /** `before` the separator for drivers and the like, by the firmware; `after` it for loaders, and by them. */
  readonly phase: 'before' | 'after'
  /** The variable that the event names, such as `db`, `Shim` or `MokListRT`. */
  readonly variable: string
  readonly source: AuthoritySource
  /** Who put the entry there; undefined when it was measured without its owner. */
  readonly owner: Guid | undefined
  /** Undefined when the entry stands in no measured list and does not show what it is. */
  readonly type: EfiSignatureType | undefined
  /** A certificate in DER, or a hash. */
  readonly data: Uint8Array
}

/**
 * All authorities in PCR 7. What stands after the separator is what loaders said; that they may be believed follows from
 * who vouched for them before.
 * @param db as it was measured
 */
export function authoritiesFact(
  log: PolicyLog,
  db: Fact<readonly EfiSignatureList[]>,
): Fact<readonly SecureBootAuthority[]> {
  const lists = (db.verified ? db.value : db.hint) ?? []
  const authorities = [
    ...log.before.filter(isVouching).flatMap((event) => readAuthorityEvent(event, 'before', lists)),
    ...log.after.flatMap((event) => readAuthorityEvent(event, 'after', lists)),
  ]
  return policyListFact(log, authorities)
}

function readAuthorityEvent(
  { event, variable }: PolicyEvent,
  phase: 'before' | 'after',
  db: readonly EfiSignatureList[],
): readonly SecureBootAuthority[] {
  const stated = variable === undefined ? undefined : voucherOf(variable)
  if (variable === undefined || stated === undefined) return []
  const { owner, data } = readSignature(variable)
  const list = db.find((one) => hasSignature(one, owner, data))
  const source = stated === 'db' && list === undefined ? 'unknown' : stated
  const type = list?.type ?? typeOf(data)
  return [{ event: event.index, phase, variable: variable.name, source, owner, type, data }]
}

function readSignature({ vendor, name, data }: PolicyVariable): {
  owner: Guid | undefined
  data: Uint8Array
} {
  const value = readAuthority(vendor, name, data)
  if (value.kind === 'signature') return { owner: value.owner, data: value.data }
  return { owner: undefined, data: value.kind === 'certificate' ? value.certificate : data }
}

function hasSignature({ signatures }: EfiSignatureList, owner: Guid | undefined, data: Uint8Array): boolean {
  return signatures.some(
    (entry) => (owner === undefined || entry.owner === owner) && equalBytes(entry.data, data),
  )
}

const sha256Size = 32
/** DER: SEQUENCE with a length of two bytes. */
const sequence = [0x30, 0x82]

function typeOf(data: Uint8Array): EfiSignatureType | undefined {
  if (data[0] === sequence[0] && data[1] === sequence[1]) return 'EFI_CERT_X509_GUID'
  return data.length === sha256Size ? 'EFI_CERT_SHA256_GUID' : undefined
}
