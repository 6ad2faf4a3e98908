import type { KeyObject } from 'node:crypto'
import { concatBytes, toHex } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import { digestOf, tpmtPublic } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import { curveOf, eccPrivateKey } from './ecc-keys.js'
import type { Machine } from './machine.js'
import type { KeyObjectEntry } from './objects.js'
import { rsaPrivateKey } from './rsa-keys.js'

function makePrivateKey({ publicArea, sensitive }: KeyObjectEntry): KeyObject {
  if (sensitive === undefined) return refuse('KEY')
  if (publicArea.type === 'rsa') return rsaPrivateKey(publicArea, sensitive.sensitive)
  if (publicArea.type === 'ecc')
    return eccPrivateKey(curveOf(publicArea.parameters.curveID), sensitive.sensitive)
  return refuse('KEY')
}

/** Keys that stay made: more than can be loaded, as saved contexts come back. */
const mostKeys = 16

/** What a key is known by, without keeping its secret. */
function identify({ publicArea, sensitive }: KeyObjectEntry): string {
  const area = encode(tpmtPublic, publicArea)
  return toHex(digestOf('sha256', concatBytes(area, sensitive?.sensitive ?? new Uint8Array())))
}

/** OpenSSL's form of an asymmetric object's private part. */
export function privateKeyOf({ privateKeys }: Machine, entry: KeyObjectEntry): KeyObject {
  const id = identify(entry)
  const known = privateKeys.get(id)
  if (known !== undefined) return known
  const key = makePrivateKey(entry)
  privateKeys.set(id, key)
  const [oldest] = privateKeys.keys()
  if (privateKeys.size > mostKeys && oldest !== undefined) privateKeys.delete(oldest)
  return key
}
