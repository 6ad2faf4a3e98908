import {
  importObject as importOperation,
  importRequest,
  register as registerOperation,
  registerRequest,
} from '../operations/index.js'
import { type AttributeSet, listAttributes, type ManagedObject } from '../protocol/index.js'
import { describedAttributes, type ObjectDescription } from './attributes.js'
import { type Command, command, requireNewId } from './command.js'

/** Gives the server an object to keep; comes to the id that it got. Servers want the `usage` of keys. */
export function register(object: ManagedObject, description: ObjectDescription = {}): Command<string> {
  const attributes = describedAttributes(description)
  return command(
    registerOperation,
    null,
    (version) => registerRequest(object, attributes, version),
    ({ uniqueIdentifier }) => requireNewId('Register', uniqueIdentifier),
  )
}

/** How an object is imported. */
export interface ImportObject {
  /** Replaces the object that has the id now, if any. */
  readonly replaceExisting?: boolean
  /** All that it had elsewhere. */
  readonly attributes?: AttributeSet
}

/** Gives the server an object to keep under an id of one's own; comes to the id. KMIP 1.4 and later. */
export function importObject(
  id: string,
  object: ManagedObject,
  { replaceExisting, attributes = {} }: ImportObject = {},
): Command<string> {
  const options = {
    ...(replaceExisting === undefined ? {} : { replaceExisting }),
    attributes: listAttributes(attributes),
  }
  return command(
    // With the same object the second time changes nothing.
    { ...importOperation, repeatable: replaceExisting === true },
    id,
    (version) => importRequest(id, object, options, version),
    ({ uniqueIdentifier }) => uniqueIdentifier,
  )
}
