import type { AlgorithmName, TpmaAlgorithm, TpmsAlgProperty } from '@trusthold/core/tpm2'
import { algorithmId } from '../fields/algorithms.js'

type Attribute = keyof TpmaAlgorithm

const none: TpmaAlgorithm = {
  asymmetric: false,
  symmetric: false,
  hash: false,
  object: false,
  signing: false,
  encrypting: false,
  method: false,
}

/** TPMA_ALGORITHM of the algorithms of this TPM. Part 2, section 8.2; TCG Algorithm Registry. */
const rows: readonly (readonly [AlgorithmName, ...Attribute[]])[] = [
  ['rsa', 'asymmetric', 'object'],
  ['sha1', 'hash'],
  ['hmac', 'hash', 'signing'],
  ['aes', 'symmetric'],
  ['mgf1', 'hash', 'method'],
  ['keyedhash', 'hash', 'object', 'signing', 'encrypting'],
  ['xor', 'hash', 'symmetric'],
  ['sha256', 'hash'],
  ['sha384', 'hash'],
  ['sha512', 'hash'],
  ['rsassa', 'asymmetric', 'signing'],
  ['rsaes', 'asymmetric', 'encrypting'],
  ['rsapss', 'asymmetric', 'signing'],
  ['oaep', 'asymmetric', 'encrypting'],
  ['ecdsa', 'asymmetric', 'signing'],
  ['ecdh', 'asymmetric', 'method'],
  ['kdf1_sp800_56a', 'hash', 'method'],
  ['kdf1_sp800_108', 'hash', 'method'],
  ['ecc', 'asymmetric', 'object'],
  ['symcipher', 'object', 'symmetric'],
  ['ctr', 'symmetric', 'encrypting'],
  ['ofb', 'symmetric', 'encrypting'],
  ['cbc', 'symmetric', 'encrypting'],
  ['cfb', 'symmetric', 'encrypting'],
  ['ecb', 'symmetric', 'encrypting'],
]

/** By id, ascending. */
export const algorithmAttributes: readonly TpmsAlgProperty[] = rows
  .map(([alg, ...attributes]) => ({
    alg,
    algProperties: { ...none, ...Object.fromEntries(attributes.map((name) => [name, true])) },
  }))
  .toSorted((a, b) => algorithmId(a.alg) - algorithmId(b.alg))
