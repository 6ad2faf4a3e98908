import type { ServedOperation } from '../exchange/operation-context.js'
import {
  serveAddAttribute,
  serveDeleteAttribute,
  serveGetAttributeList,
  serveGetAttributes,
  serveModifyAttribute,
  serveSetAttribute,
} from './attributes.js'
import { serveCreate } from './create.js'
import {
  serveDecrypt,
  serveEncrypt,
  serveHash,
  serveMac,
  serveMacVerify,
  serveRngRetrieve,
  serveSign,
  serveSignatureVerify,
} from './cryptography.js'
import { serveDeriveKey } from './derive-key.js'
import { serveExport, serveGet } from './get.js'
import { serveImport } from './import.js'
import { serveCreateKeyPair, serveRegister } from './keys.js'
import { serveActivate, serveArchive, serveDestroy, serveRecover, serveRevoke } from './life-cycle.js'
import { serveLocate } from './locate.js'
import { serveReKey, serveReKeyKeyPair } from './re-key.js'
import {
  serveCancel,
  serveCheck,
  serveDiscoverVersions,
  serveObtainLease,
  servePing,
  servePoll,
  serveQuery,
} from './server.js'

/** Every operation that the server carries out. */
export function servedOperations(): readonly ServedOperation[] {
  return [
    serveCreate,
    serveCreateKeyPair,
    serveRegister,
    serveReKey,
    serveDeriveKey,
    serveLocate,
    serveCheck,
    serveGet,
    serveGetAttributes,
    serveGetAttributeList,
    serveAddAttribute,
    serveModifyAttribute,
    serveDeleteAttribute,
    serveObtainLease,
    serveActivate,
    serveRevoke,
    serveDestroy,
    serveArchive,
    serveRecover,
    serveQuery,
    serveCancel,
    servePoll,
    serveReKeyKeyPair,
    serveDiscoverVersions,
    serveEncrypt,
    serveDecrypt,
    serveSign,
    serveSignatureVerify,
    serveMac,
    serveMacVerify,
    serveRngRetrieve,
    serveHash,
    serveImport,
    serveExport,
    serveSetAttribute,
    servePing,
  ]
}
