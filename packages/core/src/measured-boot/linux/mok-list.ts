import { equalBytes } from '../../bytes/index.js'
import { encode } from '../../codec/index.js'
import { digestOf } from '../../tpm2/index.js'
import { type EfiSignatureList, efiSignatureList } from '../events/signature-list.js'
import { readUtf8 } from '../events/text.js'
import { shimLock } from '../events/variable-value.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { SecureBootAuthority } from '../secure-boot/authorities.js'
import { unproved } from './measured-object.js'

/** PCR in which shim measures its lists of keys. */
export const shimPcr = 14

/** One of shim's lists: the machine owner's keys, or what the owner revoked, each with what its maker built in. */
export interface MokList {
  /** Of the list as shim mirrors it. */
  readonly digest: Uint8Array
  /** What is in it; undefined when the log does not have it. */
  readonly signatures: EfiSignatureList['signatures'] | undefined
}

/** The lists, in the order in which shim measures them first of all; it always has both. shim, `mok.c`. */
const listNames = ['MokList', 'MokListX'] as const

/** In an empty list shim puts the hash of nothing, so that the variable can exist. */
const placeholder: EfiSignatureList = {
  type: 'EFI_CERT_SHA256_GUID',
  header: new Uint8Array(0),
  signatures: [{ owner: shimLock, data: new Uint8Array(32) }],
}

/**
 * One of shim's lists. The log has only its digest, but a list that is empty, or has just the one certificate that a
 * loader was let run by, can be made again: when its digest is the measured one, that is what is in it. Which list it is,
 * its place in PCR 14 says, and the label has to agree.
 * @param authorities what let loaders run
 */
export function readMokList(
  log: ProvedLog,
  name: (typeof listNames)[number],
  authorities: readonly SecureBootAuthority[],
): Fact<MokList> {
  const event = log.eventsOf(shimPcr)[listNames.indexOf(name)]
  if (event === undefined) return doubtedFact(`shim measured no ${name} into PCR ${shimPcr}`)
  const digest = log.digestOf(event)
  const found = knownLists(authorities).find((list) =>
    equalBytes(digestOf(log.bank, encode(efiSignatureList, list)), digest),
  )
  const signatures = found === placeholder ? [] : found?.signatures
  const list = { digest, signatures }
  if (!log.isProved(shimPcr)) return doubtedFact(unproved(shimPcr), list)
  if (readUtf8(event.data)?.replace(/\0$/, '') !== name) {
    return doubtedFact(
      `event ${event.index} in PCR ${shimPcr} should be ${name} and says something else`,
      list,
    )
  }
  if (found === undefined) return doubtedFact(`the log does not have what is in ${name}`, list)
  return provedFact(list, event.index)
}

function knownLists(authorities: readonly SecureBootAuthority[]): readonly EfiSignatureList[] {
  const certificates = authorities.filter(({ source }) => source === 'vendor' || source === 'mok')
  return [
    placeholder,
    ...certificates.map(({ owner = shimLock, data }): EfiSignatureList => {
      return { type: 'EFI_CERT_X509_GUID', header: new Uint8Array(0), signatures: [{ owner, data }] }
    }),
  ]
}
