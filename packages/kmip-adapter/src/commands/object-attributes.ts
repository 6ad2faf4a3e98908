import {
  type AttributeKey,
  addAttribute as addAttributeOperation,
  addAttributeRequest,
  attributesOf,
  deleteAttribute as deleteAttributeOperation,
  deleteAttributeRequest,
  getAttributeList as getAttributeListOperation,
  getAttributes as getAttributesOperation,
  getAttributesRequest,
  type Instance,
  listedAttributes,
  modifyAttribute as modifyAttributeOperation,
  modifyAttributeRequest,
  setAttribute as setAttributeOperation,
} from '../operations/index.js'
import { type Attribute, type AttributeSet, collectAttributes } from '../protocol/index.js'
import { type Command, command, type ObjectRef, subjectField } from './command.js'

const idOf = (ref: ObjectRef): string | undefined => subjectField(ref).uniqueIdentifier

/**
 * Attributes of an object.
 * @param keys which ones; all that it has when the list is empty. Those that the version does not have are not asked.
 */
export function getAttributes(ref: ObjectRef, keys: readonly AttributeKey[] = []): Command<AttributeSet> {
  return command(
    getAttributesOperation,
    ref,
    (version) => getAttributesRequest(idOf(ref), keys, version),
    (answer) => collectAttributes('GetAttributes', attributesOf(answer)),
  )
}

/** Which attributes an object has; a title or tag that the standard does not have as it came. */
export function getAttributeList(
  ref: ObjectRef,
): Command<readonly (AttributeKey | (string & {}) | number)[]> {
  return command(
    getAttributeListOperation,
    ref,
    () => subjectField(ref),
    (answer) => listedAttributes(answer),
  )
}

/** Gives an object an attribute that it does not have, or one more of those that it can have several of. */
export function addAttribute(ref: ObjectRef, added: Attribute): Command<void> {
  return command(
    addAttributeOperation,
    ref,
    (version) => addAttributeRequest(idOf(ref), added, version),
    () => undefined,
  )
}

/**
 * Gives an attribute of an object another value.
 * @param current of several: the one that is to change, for KMIP 2.x; before, `changed.index` tells, the first if absent
 */
export function modifyAttribute(ref: ObjectRef, changed: Attribute, current?: Attribute): Command<void> {
  return command(
    modifyAttributeOperation,
    ref,
    (version) => modifyAttributeRequest(idOf(ref), changed, current, version),
    () => undefined,
  )
}

/** Gives an object an attribute in place of all values that it had. KMIP 2.0 and later. */
export function setAttribute(ref: ObjectRef, attribute: Attribute): Command<void> {
  return command(
    setAttributeOperation,
    ref,
    () => ({ ...subjectField(ref), newAttribute: [attribute] }),
    () => undefined,
  )
}

/**
 * Takes an attribute from an object.
 * @param instance of several: which, by `index` before KMIP 2.0, by `current` value since
 */
export function deleteAttribute(ref: ObjectRef, key: AttributeKey, instance: Instance = {}): Command<void> {
  return command(
    deleteAttributeOperation,
    ref,
    (version) => deleteAttributeRequest(idOf(ref), key, instance, version),
    () => undefined,
  )
}
