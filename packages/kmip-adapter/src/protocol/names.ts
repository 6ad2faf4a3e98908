import { enumeration, type Infer, one, type StructureKind, structure, text } from '../ttlv/index.js'

const nameDef = structure('Name', {
  nameValue: one('NameValue', text),
  nameType: one('NameType', enumeration('NameType')),
})
/** A name that clients give to an object. KMIP 1.4, section 3.2. */
export interface Name extends Infer<typeof nameDef> {}
export const name: StructureKind<Name> = nameDef

const alternativeNameDef = structure('AlternativeName', {
  alternativeNameValue: one('AlternativeNameValue', text),
  alternativeNameType: one('AlternativeNameType', enumeration('AlternativeNameType')),
})
/** A name by which an object is known elsewhere; need not be unique. KMIP 1.4, section 3.40. */
export interface AlternativeName extends Infer<typeof alternativeNameDef> {}
export const alternativeName: StructureKind<AlternativeName> = alternativeNameDef

/** The name that a text without further meaning makes. */
export function plainName(value: string): Name {
  return { nameValue: value, nameType: 'UninterpretedTextString' }
}
