import { hash as hashOnce } from 'node:crypto'
import { toHex } from '../../bytes/index.js'
import { digestKey, type ImaAllowList, pathKey } from './allow-list.js'
import { isBootAggregate } from './boot-aggregate.js'
import { imaHashByName } from './hash-algorithms.js'
import type { FileDigest, ImaEntry } from './ima-log.js'

/**
 * What an entry is about.
 * - `file`: a file that was run, mapped or read.
 * - `buffer`: something that was never a file: a key that was added to a keyring, the command line for kexec, critical
 *   data of the kernel.
 * - `boot-aggregate`: the TPM's PCRs when IMA began; judged by {@link checkBootAggregate}.
 * - `violation`: the kernel could not measure; nothing that the entry states is measured.
 * - `opaque`: of a template that is not known or not expected, without path, or without a digest of a known algorithm.
 */
export type ImaEntryKind = 'file' | 'buffer' | 'boot-aggregate' | 'violation' | 'opaque'

/** What measured a buffer, told by its name: a label, never a reason. */
export type ImaBufferSource = 'kexec-cmdline' | 'device-mapper' | 'keyring' | 'other'

/** What an allow-list says of an entry. */
export interface ImaJudgement {
  readonly kind: ImaEntryKind
  /**
   * - `allowed`: path and digest, or the digest alone, are on the list.
   * - `excluded`: its path is not judged.
   * - `wrong-digest`: its path is on the list with other digests, or a buffer does not have the digest that it states.
   * - `unknown`: nothing on the list fits.
   * - `violation`, `boot-aggregate`: not a matter of the list.
   */
  readonly outcome: 'allowed' | 'excluded' | 'wrong-digest' | 'unknown' | 'violation' | 'boot-aggregate'
}

/**
 * Judges an entry by an allow-list. A violation is always one, whatever path it states: that is not measured. A path that
 * is listed needs one of its digests, also when it fits an exclusion.
 *
 * No template's name is measured either, and the same data under another name may seem to say something else. So only
 * expected templates count, whose fields cannot take each other's places: digests have to be of a known algorithm and of
 * its size, names are without NUL, and a buffer is one also where its template is that of a signed file.
 */
export function judgeImaEntry(allowList: ImaAllowList, entry: ImaEntry): ImaJudgement {
  if (entry.violation) return { kind: 'violation', outcome: 'violation' }
  if (isBootAggregate(entry)) return { kind: 'boot-aggregate', outcome: 'boot-aggregate' }
  const { pathBytes, fileDigest, template } = entry
  const expected = template.builtIn || allowList.formats.has(template.name)
  if (!expected || pathBytes === undefined || fileDigest === undefined || !isWhole(fileDigest)) {
    return { kind: 'opaque', outcome: 'unknown' }
  }
  const path = pathKey(pathBytes)
  const digest = digestKey(fileDigest)
  const { buffer, signature } = entry
  if (buffer !== undefined && !isDigestOf(fileDigest, buffer))
    return { kind: 'buffer', outcome: 'wrong-digest' }
  if (buffer !== undefined || (signature !== undefined && isDigestOf(fileDigest, signature))) {
    return { kind: 'buffer', outcome: judge(allowList.buffers.get(path), digest) ?? 'unknown' }
  }
  if (allowList.digests.has(digest)) return { kind: 'file', outcome: 'allowed' }
  const listed = judge(allowList.files.get(path), digest)
  if (listed !== undefined) return { kind: 'file', outcome: listed }
  const excluded = allowList.exclude.some((fits) => fits(path))
  return { kind: 'file', outcome: excluded ? 'excluded' : 'unknown' }
}

function judge(
  allowed: ReadonlySet<string> | undefined,
  digest: string,
): 'allowed' | 'wrong-digest' | undefined {
  if (allowed === undefined) return undefined
  return allowed.has(digest) ? 'allowed' : 'wrong-digest'
}

function isWhole({ algorithm, value }: FileDigest): boolean {
  return imaHashByName(algorithm)?.size === value.length
}

function isDigestOf({ algorithm, value }: FileDigest, data: Uint8Array): boolean {
  const facts = imaHashByName(algorithm)
  return facts !== undefined && hashOnce(facts.node, data, 'hex') === toHex(value)
}

/** What measured a buffer. Kernel: the callers of ima_measure_critical_data and process_buffer_measurement. */
export function bufferSourceOf(entry: ImaEntry): ImaBufferSource {
  const name = entry.path ?? ''
  if (name === 'kexec-cmdline') return 'kexec-cmdline'
  if (/^dm_(?:table|device|target)_/.test(name)) return 'device-mapper'
  return /^[._]/.test(name) ? 'keyring' : 'other'
}
