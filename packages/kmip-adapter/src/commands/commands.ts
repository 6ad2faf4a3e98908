import { create, createKeyPair, deriveKey, rekey, rekeyKeyPair } from './create.js'
import { decrypt, encrypt } from './encryption.js'
import { exportObject, get, getObject, getWrapped } from './get.js'
import { activate, archive, check, destroy, obtainLease, recover, revoke } from './life-cycle.js'
import { locate, locateWithTotal } from './locate.js'
import {
  addAttribute,
  deleteAttribute,
  getAttributeList,
  getAttributes,
  modifyAttribute,
  setAttribute,
} from './object-attributes.js'
import { importObject, register } from './register.js'
import { discoverVersions, ping, query, randomBytes, seedRandom } from './server.js'
import { hash, mac, sign, verifyMac, verifySignature } from './signatures.js'

/**
 * What a client can ask, one function an operation; each makes a {@link Command} for a batch, or to be sent alone. They
 * take what the methods of the client of the same names take.
 */
export const commands = {
  activate,
  addAttribute,
  archive,
  check,
  create,
  createKeyPair,
  decrypt,
  deleteAttribute,
  deriveKey,
  destroy,
  discoverVersions,
  encrypt,
  exportObject,
  get,
  getAttributeList,
  getAttributes,
  getObject,
  getWrapped,
  hash,
  importObject,
  locate,
  locateWithTotal,
  mac,
  modifyAttribute,
  obtainLease,
  ping,
  query,
  randomBytes,
  recover,
  register,
  rekey,
  rekeyKeyPair,
  revoke,
  seedRandom,
  setAttribute,
  sign,
  verifyMac,
  verifySignature,
} as const
