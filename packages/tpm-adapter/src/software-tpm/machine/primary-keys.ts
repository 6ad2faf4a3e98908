import { concatBytes, toHex } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  digestOf,
  type TpmsSensitiveCreate,
  type TpmtPublic,
  tpm2bSensitiveCreate,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { seededStream } from './byte-stream.js'
import { hierarchyOf, hierarchySecrets } from './hierarchies.js'
import type { Machine } from './machine.js'
import { type CreatedObject, createObject, type RsaMaker } from './object-creation.js'
import { makeRsaKey, modulusOf } from './rsa-keys.js'

/** Primes that are remembered. */
const mostPrimes = 64

/** Makes RSA keys of a seed, and remembers one prime and a digest of where it came from. */
function rememberingMaker(machine: Machine, origin: Uint8Array): RsaMaker {
  const digest = toHex(digestOf('sha256', origin))
  return (stream, bits) => {
    const { primes } = machine.stored
    const known = primes.filter(([key]) => key === digest).map(([, prime]) => prime)
    const [prime, other] = known
    if (prime !== undefined && other !== undefined) {
      return { prime, modulus: modulusOf(prime, other) }
    }
    const made = makeRsaKey(stream, bits)
    primes.push([digest, made.prime], [digest, made.other])
    primes.splice(0, primes.length - mostPrimes)
    machine.save()
    return made
  }
}

/**
 * Makes a primary object: the same one whenever hierarchy, template and the caller's data are the same. Part 1, section
 * 14.3; the derivation itself is up to the TPM.
 */
export function createPrimaryObject(
  machine: Machine,
  hierarchyHandle: number,
  template: TpmtPublic,
  sensitive: TpmsSensitiveCreate,
): CreatedObject {
  const { seed } = hierarchySecrets(machine, hierarchyOf(hierarchyHandle))
  const origin = concatBytes(encode(tpmtPublic, template), encode(tpm2bSensitiveCreate, sensitive))
  const key = concatBytes(seed, digestOf('sha512', origin))
  return createObject(template, sensitive, seededStream(key, 'PRIMARY'), rememberingMaker(machine, key))
}
