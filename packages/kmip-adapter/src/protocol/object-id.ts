import { type Enumerated, enumeration, integer, isAtLeast, type Kind, text } from '../ttlv/index.js'

/**
 * Refers to an object of the same batch, in KMIP 2.x: by what made it, or by its place among the ids of the response
 * so far, from 0, or from the end when negative. KMIP 2.1, section 4.61.
 */
export type IdReference =
  | { readonly placeholder: Enumerated<'UniqueIdentifier'> }
  | { readonly position: number }

const placeholder = enumeration('UniqueIdentifier')

const idReference: Kind<IdReference> = {
  types: placeholder.types | integer.types,
  read: (frame, type, at, length) =>
    ((placeholder.types >> type) & 1) === 1
      ? { placeholder: placeholder.read(frame, type, at, length) }
      : { position: integer.read(frame, type, at, length) },
  write(writer, tag, value) {
    if ('placeholder' in value) placeholder.write(writer, tag, value.placeholder)
    else integer.write(writer, tag, value.position)
  },
}

/** Names an object in a request: its id, or since KMIP 2.0 a reference within the batch. */
export const objectId: Kind<string | IdReference> = {
  types: text.types | idReference.types,
  read: (frame, type, at, length) =>
    (((text.types >> type) & 1) === 1 ? text : idReference).read(frame, type, at, length),
  write(writer, tag, value) {
    if (typeof value === 'string') return text.write(writer, tag, value)
    if (writer.version !== undefined && !isAtLeast(writer.version, '2.0')) {
      writer.reject('the id of an object', 'a reference of KMIP 2.0 and later')
    }
    idReference.write(writer, tag, value)
  },
}
