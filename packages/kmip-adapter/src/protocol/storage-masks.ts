import { type Infer, integer, many, type StructureKind, structure } from '../ttlv/index.js'

const storageMasksDef = structure('ProtectionStorageMasks', {
  protectionStorageMask: many('ProtectionStorageMask', integer),
})
/** Sorts of storage that an object may be kept in, in order of preference. KMIP 2.1, section 7.32. */
export interface StorageMasks extends Infer<typeof storageMasksDef> {}
export const storageMasks: StructureKind<StorageMasks> = storageMasksDef
