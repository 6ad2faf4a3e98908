import type { KeyObject } from 'node:crypto'
import { decode } from '../../codec/index.js'
import { TrustholdError } from '../../errors/index.js'
import type { HashAlgorithm } from '../algorithms.js'
import { computeName } from '../names.js'
import { type OuterWrap, unwrapOuter } from '../protection/outer-wrap.js'
import { recoverSeed } from '../protection/recover-seed.js'
import { asStorageKey, type StorageSuite, storageSuite } from '../protection/storage-suite.js'
import { type TpmtPublic, tpm2bPublic } from '../public-area.js'
import { type TpmtSensitive, tpm2bSensitive } from '../sensitive.js'
import type { ImportableObject } from './importable-object.js'
import { type InnerWrapper, unwrapInner } from './inner-wrap.js'
import type { Duplicate } from './make-duplicate.js'
import { tpm2bDuplicate } from './private-area.js'
import { belongTogether } from './sensitive-match.js'

/** What {@link openDuplicate} takes. */
export interface OpenDuplicateOptions extends Duplicate {
  /** Private half of the new parent. */
  readonly privateKey: KeyObject
  readonly newParent: TpmtPublic
  /** The one that the duplicate was made with; none when it was made without. */
  readonly innerWrapper?: InnerWrapper
}

function parseDuplicate(duplicate: Uint8Array, suite: StorageSuite): OuterWrap {
  try {
    const { integrityOuter, sensitive } = decode(tpm2bDuplicate, duplicate)
    return { integrity: integrityOuter, encrypted: sensitive }
  } catch {
    return { integrity: new Uint8Array(suite.digestSize), encrypted: new Uint8Array() }
  }
}

function parseSensitive(content: Uint8Array | undefined): TpmtSensitive | undefined {
  if (content === undefined) return undefined
  try {
    return decode(tpm2bSensitive, content)
  } catch {
    // Made by someone with the public key who does not follow the format.
    return undefined
  }
}

/**
 * TPM2_Import in software, for storage keys whose private half is at hand: tests, software TPMs. Part 1, section 23.3.
 * @returns both halves of the object, which belong together
 * @throws TPM_DUPLICATE_INVALID whatever is wrong with the duplicate, its seed, the public area or the keys
 * @throws CODEC_UNDERFLOW and others, when `objectPublic` is no TPM2B_PUBLIC
 * @throws TPM_KEY_INVALID, TPM_ALGORITHM_UNSUPPORTED, ARGUMENT_INVALID when the parent can receive no duplicates, or the
 *   inner wrapper cannot be
 */
export function openDuplicate(options: OpenDuplicateOptions): ImportableObject {
  const { privateKey, innerWrapper, inSymSeed } = options
  const storageKey = asStorageKey(options.newParent)
  const suite = storageSuite(storageKey)
  const publicArea = decode(tpm2bPublic, options.objectPublic)
  const name = computeName(options.objectPublic.subarray(2))
  const seed = recoverSeed({ privateKey, storageKey, suite, label: 'DUPLICATE', encryptedSecret: inSymSeed })
  const content = unwrapOuter(suite, seed, name, parseDuplicate(options.duplicate, suite))
  const area =
    content === undefined || innerWrapper === undefined
      ? content
      : unwrapInner(innerWrapper, publicArea.nameAlg as HashAlgorithm, name, content)
  const sensitive = parseSensitive(area)
  if (sensitive !== undefined && belongTogether({ publicArea, sensitive })) return { publicArea, sensitive }
  throw new TrustholdError('TPM_DUPLICATE_INVALID', { nameAlgorithm: suite.nameAlg })
}
