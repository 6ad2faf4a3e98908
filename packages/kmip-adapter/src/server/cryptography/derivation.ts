import { createHmac, hkdfSync, pbkdf2 as pbkdf2Callback } from 'node:crypto'
import { promisify } from 'node:util'
import { concatBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import type { CryptographicParameters } from '../../protocol/index.js'
import { refuse } from '../exchange/refusal.js'
import { digest, nodeHash } from './hashes.js'
import { encryptSymmetric, type SymmetricKeyMaterial } from './symmetric.js'

/** What a key is derived with: KMIP's Derivation Parameters, section 2.1.6 of 1.4. */
export interface DerivationInput {
  readonly parameters: CryptographicParameters
  readonly data: Uint8Array | undefined
  readonly iv: Uint8Array | undefined
  readonly salt: Uint8Array | undefined
  readonly iterations: number | undefined
}

type Derive = (
  key: SymmetricKeyMaterial,
  input: DerivationInput,
  length: number,
) => Uint8Array | Promise<Uint8Array>

const runPbkdf2 = promisify(pbkdf2Callback)

/** Computations of the hash that a request may take: each block of the result takes all iterations. */
const mostRounds = 10_000_000

function requireData({ data }: DerivationInput): Uint8Array {
  return data ?? refuse('MissingData', 'this derivation needs Derivation Data')
}

/** Off the thread that serves the other clients; Node copies what goes in before it returns. */
const pbkdf2: Derive = async (key, { parameters, salt, iterations }, length) => {
  if (salt === undefined || iterations === undefined) {
    return refuse('MissingData', 'this derivation needs a Salt and an Iteration Count')
  }
  const hash = nodeHash(parameters.hashingAlgorithm)
  const blocks = Math.ceil(length / digest(parameters.hashingAlgorithm, new Uint8Array()).length)
  const most = Math.floor(mostRounds / blocks)
  if (iterations < 1 || iterations > most) {
    return refuse('InvalidField', `an Iteration Count of 1 to ${most} is supported for ${length} bytes`)
  }
  return new Uint8Array(await runPbkdf2(key.bytes, salt, iterations, length, hash))
}

/** Takes data or, without any, the key itself, but not both: KMIP 1.4, section 4.6. */
const hash: Derive = (key, { parameters, data }) => digest(parameters.hashingAlgorithm, data ?? key.bytes)

const hmac: Derive = (key, input) =>
  new Uint8Array(
    createHmac(nodeHash(input.parameters.hashingAlgorithm), key.bytes).update(requireData(input)).digest(),
  )

/** Without a source of randomness: an initialization vector that is needed has to come with the request. */
const noRandom: RandomSource = {
  bytes: () => refuse('MissingInitializationVector', 'this derivation needs an initialization vector'),
}

const encrypt: Derive = (key, input) => {
  const { data } = encryptSymmetric(
    key,
    input.parameters,
    { data: requireData(input), iv: input.iv },
    noRandom,
  )
  return data
}

/** In counter mode, with a counter of 32 bits before the data: NIST SP 800-108, section 4.1. */
const counterMode: Derive = (key, input, length) => {
  const data = requireData(input)
  const name = nodeHash(input.parameters.hashingAlgorithm)
  const blocks: Uint8Array[] = []
  for (let made = 0, i = 1; made < length; i++) {
    const counter = new Uint8Array(4)
    new DataView(counter.buffer).setUint32(0, i)
    const next = new Uint8Array(createHmac(name, key.bytes).update(counter).update(data).digest())
    blocks.push(next)
    made += next.length
  }
  return concatBytes(...blocks)
}

const hkdf: Derive = (key, { parameters, data, salt }, length) =>
  new Uint8Array(
    hkdfSync(
      nodeHash(parameters.hashingAlgorithm),
      key.bytes,
      salt ?? new Uint8Array(),
      data ?? new Uint8Array(),
      length,
    ),
  )

/** The derivations that are served, by KMIP's name of the method. */
const derivations: Readonly<Record<string, Derive>> = {
  PBKDF2: pbkdf2,
  HASH: hash,
  HMAC: hmac,
  ENCRYPT: encrypt,
  NIST800_108C: counterMode,
  NIST800_108_C: counterMode,
  HKDF: hkdf,
}

const longest = 8_192

/**
 * Derives bytes from a key.
 * @param length how many, at most 8,192
 * @throws Refusal, also when the method does not yield so many
 */
export async function deriveBytes(
  method: string | number,
  key: SymmetricKeyMaterial,
  input: DerivationInput,
  length: number,
): Promise<Uint8Array> {
  const derive = Object.hasOwn(derivations, method) ? derivations[method] : undefined
  if (derive === undefined) return refuse('FeatureNotSupported', `derivation by ${method} is not supported`)
  if (length < 1 || length > longest) return refuse('InvalidField', `1 to ${longest} bytes can be derived`)
  const derived = await derive(key, input, length)
  if (derived.length < length) {
    derived.fill(0)
    return refuse(
      'CryptographicFailure',
      `the method yields ${derived.length} bytes and ${length} are needed`,
    )
  }
  const bytes = derived.slice(0, length)
  derived.fill(0)
  return bytes
}
