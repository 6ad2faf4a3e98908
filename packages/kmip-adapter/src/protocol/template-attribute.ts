import { type Infer, many, type StructureKind, structure } from '../ttlv/index.js'
import { attribute } from './attributes.js'
import { name } from './names.js'

const templateAttributeDef = structure('TemplateAttribute', {
  name: many('Name', name),
  attribute: many('Attribute', attribute),
})
/** Attributes for a new object, and templates that hold more. KMIP 1.4, section 2.1.8; not in 2.0 and later. */
export interface TemplateAttribute extends Infer<typeof templateAttributeDef> {}
export const templateAttribute: StructureKind<TemplateAttribute> = templateAttributeDef
