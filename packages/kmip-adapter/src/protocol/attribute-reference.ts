import { either, type Infer, type Kind, one, type StructureKind, structure, text } from '../ttlv/index.js'
import { enumerationNumber } from './enumeration-number.js'

const vendorReferenceDef = structure('AttributeReference', {
  vendorIdentification: one('VendorIdentification', text),
  attributeName: one('AttributeName', text),
})
/** Refers to an attribute of a vendor's or a user's own. KMIP 2.1, section 7.3. */
export interface VendorReference extends Infer<typeof vendorReferenceDef> {}
const vendorReference: StructureKind<VendorReference> = vendorReferenceDef

/** Refers to an attribute by its tag, or by a vendor's name. KMIP 2.1, section 7.3. */
export const attributeReference: Kind<number | VendorReference> = either(
  enumerationNumber,
  vendorReference,
  (value): value is number => typeof value === 'number',
)
