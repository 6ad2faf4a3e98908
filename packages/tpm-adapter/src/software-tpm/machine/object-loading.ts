import { computeQualifiedName, hashFacts, type TpmtPublic, type TpmtSensitive } from '@trusthold/core/tpm2'
import { failure, inParameter } from '../response-codes.js'
import type { Blame } from './object-binding.js'
import { checkBinding } from './object-binding.js'
import { nameOf } from './object-creation.js'
import { checkAttributes } from './object-rules.js'
import type { KeyObjectEntry } from './objects.js'

/** An object as it is under its parent. */
export function childEntry(
  parent: Pick<KeyObjectEntry, 'qualifiedName' | 'hierarchy' | 'stClear'>,
  publicArea: TpmtPublic,
  sensitive: TpmtSensitive,
): KeyObjectEntry {
  const name = nameOf(publicArea)
  return {
    kind: 'object',
    publicArea,
    sensitive,
    name,
    qualifiedName: computeQualifiedName(parent.qualifiedName, name),
    hierarchy: parent.hierarchy,
    external: false,
    stClear: parent.stClear || publicArea.objectAttributes.stClear,
  }
}

/**
 * Whether an object may be under this parent. What a parent with fixedTPM protects was made here and is what it was;
 * anything else is looked at. Part 3, sections 12.2 and 13.3.
 */
export function checkChild(
  parent: TpmtPublic,
  publicArea: TpmtPublic,
  sensitive: TpmtSensitive,
  at: Blame,
): void {
  const size = publicArea.nameAlg === 'null' ? 0 : hashFacts(publicArea.nameAlg).size
  if (sensitive.seedValue.length > size) throw failure('KEY_SIZE').aboutParameter(at.sensitive)
  inParameter(at.publicArea, () => checkAttributes(publicArea, parent))
  if (!parent.objectAttributes.fixedTPM) checkBinding(publicArea, sensitive, at)
}
