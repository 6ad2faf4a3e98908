import { activate } from './activate.js'
import { addAttribute } from './add-attribute.js'
import { archive } from './archive.js'
import { cancel } from './cancel.js'
import { check } from './check.js'
import { create } from './create.js'
import { createKeyPair } from './create-key-pair.js'
import { decrypt } from './decrypt.js'
import { deleteAttribute } from './delete-attribute.js'
import { deriveKey } from './derive-key.js'
import { destroy } from './destroy.js'
import { discoverVersions } from './discover-versions.js'
import { encrypt } from './encrypt.js'
import { exportObject } from './export-object.js'
import { get } from './get.js'
import { getAttributeList } from './get-attribute-list.js'
import { getAttributes } from './get-attributes.js'
import { hash } from './hash.js'
import { importObject } from './import-object.js'
import { locate } from './locate.js'
import { mac } from './mac.js'
import { macVerify } from './mac-verify.js'
import { modifyAttribute } from './modify-attribute.js'
import { obtainLease } from './obtain-lease.js'
import type { Operation } from './operation.js'
import { ping } from './ping.js'
import { poll } from './poll.js'
import { query } from './query.js'
import { reKey } from './re-key.js'
import { reKeyKeyPair } from './re-key-key-pair.js'
import { recover } from './recover.js'
import { register } from './register.js'
import { revoke } from './revoke.js'
import { rngRetrieve } from './rng-retrieve.js'
import { rngSeed } from './rng-seed.js'
import { setAttribute } from './set-attribute.js'
import { sign } from './sign.js'
import { signatureVerify } from './signature-verify.js'

const all: readonly unknown[] = [
  activate,
  addAttribute,
  archive,
  cancel,
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
  hash,
  importObject,
  locate,
  mac,
  macVerify,
  modifyAttribute,
  obtainLease,
  ping,
  poll,
  query,
  reKey,
  reKeyKeyPair,
  recover,
  register,
  revoke,
  rngRetrieve,
  rngSeed,
  setAttribute,
  sign,
  signatureVerify,
]

/** Every operation whose payloads have a type here, by name. */
export const operations: ReadonlyMap<unknown, Operation<unknown, unknown>> = new Map(
  (all as readonly Operation<unknown, unknown>[]).map((operation) => [operation.name, operation]),
)
