import { type Kind, typeSet } from '../ttlv/index.js'

/** An enumeration whose values the standard leaves to vendors, or that is a tag's number. */
export const enumerationNumber: Kind<number> = {
  types: typeSet('Enumeration'),
  read: (frame, _type, at) => frame.view.getUint32(at),
  write(writer, tag, value) {
    if (value !== value >>> 0) writer.reject('an unsigned integer of 32 bits', String(value))
    writer.word(tag, 'Enumeration', value)
  },
}
