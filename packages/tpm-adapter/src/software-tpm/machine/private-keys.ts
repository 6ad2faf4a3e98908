import type { KeyObject } from 'node:crypto'
import { refuse } from '../response-codes.js'
import { curveOf, eccPrivateKey } from './ecc-keys.js'
import type { Machine } from './machine.js'
import type { KeyObjectEntry } from './objects.js'
import { rsaPrivateKey } from './rsa-keys.js'

function makePrivateKey({ publicArea, sensitive }: KeyObjectEntry): KeyObject {
  if (sensitive === undefined) return refuse('KEY')
  if (publicArea.type === 'rsa') return rsaPrivateKey(publicArea.unique, sensitive.sensitive)
  if (publicArea.type === 'ecc')
    return eccPrivateKey(curveOf(publicArea.parameters.curveID), sensitive.sensitive)
  return refuse('KEY')
}

/** OpenSSL's form of an asymmetric object's private part. */
export function privateKeyOf(machine: Machine, entry: KeyObjectEntry): KeyObject {
  const known = machine.privateKeys.get(entry)
  if (known !== undefined) return known
  const key = makePrivateKey(entry)
  machine.privateKeys.set(entry, key)
  return key
}
