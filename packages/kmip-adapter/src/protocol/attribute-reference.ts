import {
  either,
  type Infer,
  type Kind,
  one,
  type StructureKind,
  structure,
  tagName,
  text,
  typeSet,
} from '../ttlv/index.js'

const vendorReferenceDef = structure('AttributeReference', {
  vendorIdentification: one('VendorIdentification', text),
  attributeName: one('AttributeName', text),
})
/** Refers to an attribute of a vendor's or a user's own. KMIP 2.1, section 7.3. */
export interface VendorReference extends Infer<typeof vendorReferenceDef> {}
const vendorReference: StructureKind<VendorReference> = vendorReferenceDef

/** A tag's number, sent as an enumeration. */
const tagNumber: Kind<number> = {
  types: typeSet('Enumeration'),
  read: (frame, _type, at) => frame.view.getUint32(at),
  write(writer, tag, value) {
    if (value !== value >>> 0) writer.reject('a tag', tagName(value))
    writer.word(tag, 'Enumeration', value)
  },
}

/** Refers to an attribute by its tag, or by a vendor's name. KMIP 2.1, section 7.3. */
export const attributeReference: Kind<number | VendorReference> = either(
  tagNumber,
  vendorReference,
  (value): value is number => typeof value === 'number',
)
