import { enumeration, type Infer, one, type StructureKind, structure, text } from '../ttlv/index.js'

const nameDef = structure('Name', {
  nameValue: one('NameValue', text),
  nameType: one('NameType', enumeration('NameType')),
})
/** A name that clients give to an object. KMIP 1.4, section 3.2. */
export interface Name extends Infer<typeof nameDef> {}
export const name: StructureKind<Name> = nameDef

/** The name that a text without further meaning makes. */
export function plainName(value: string): Name {
  return { nameValue: value, nameType: 'UninterpretedTextString' }
}
