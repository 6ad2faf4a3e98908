import { concatBytes, constantTimeEqual, SecretBytes } from '@trusthold/core/bytes'
import {
  decrypt,
  encrypt,
  hash,
  mac,
  macVerify,
  rngRetrieve,
  sign,
  signatureVerify,
} from '../../operations/index.js'
import type { CryptographicParameters, IdReference, UsageBit } from '../../protocol/index.js'
import { isAtLeast } from '../../ttlv/index.js'
import { digest } from '../cryptography/hashes.js'
import { computeMac } from '../cryptography/macs.js'
import { decryptRsa, encryptRsa, signData, verifyData } from '../cryptography/signatures.js'
import {
  type CipherInput,
  decryptSymmetric,
  encryptSymmetric,
  type SymmetricKeyMaterial,
} from '../cryptography/symmetric.js'
import { type OperationContext, serve } from '../exchange/operation-context.js'
import { refuse } from '../exchange/refusal.js'
import { loadObject, requireUsage } from '../objects/access.js'
import { asymmetricKey, secretOf } from '../objects/contents.js'
import { type HeldObject, valueIn, valuesIn } from '../objects/held-object.js'
import { requireProcessing, requireProtecting } from '../objects/lifecycle.js'
import type { StoredObject } from '../objects/object-store.js'
import { countUse } from '../objects/usage-limits.js'

/** What requests for cryptography have in common. */
interface CryptographyRequest {
  readonly uniqueIdentifier?: string | IdReference
  readonly cryptographicParameters?: CryptographicParameters
  readonly correlationValue?: Uint8Array
  readonly initIndicator?: boolean
  readonly finalIndicator?: boolean
}

interface Prepared {
  readonly stored: StoredObject
  readonly object: HeldObject
  readonly parameters: CryptographicParameters
}

/** Refuses data that comes in parts: KMIP 1.4, section 4.29. A first part that is also the last is no part. */
function requireWhole(request: Omit<CryptographyRequest, 'uniqueIdentifier'>): void {
  const { correlationValue, initIndicator = false, finalIndicator = false } = request
  if (correlationValue !== undefined || initIndicator !== finalIndicator) {
    refuse('FeatureNotSupported', 'data is taken in one part only')
  }
}

async function prepare(
  request: CryptographyRequest,
  context: OperationContext,
  use: UsageBit,
  direction: 'protect' | 'process',
): Promise<Prepared> {
  requireWhole(request)
  const stored = await loadObject(context, request.uniqueIdentifier)
  const { object } = stored
  requireUsage(object, use)
  if (direction === 'protect') requireProtecting(object, context.now)
  else requireProcessing(object, context.now)
  const [first] = valuesIn(object, 'CryptographicParameters')
  return { stored, object, parameters: request.cryptographicParameters ?? first ?? {} }
}

/** Lends the bytes of a symmetric key or secret. */
function useSymmetric<T>(object: HeldObject, use: (key: SymmetricKeyMaterial) => T): T {
  if (object.objectType !== 'SymmetricKey' && object.objectType !== 'SecretData') {
    return refuse('IllegalObjectType', 'the object is not a symmetric key')
  }
  const algorithm = valueIn(object, 'CryptographicAlgorithm') ?? 0
  return secretOf(object.content).use((bytes) => use({ algorithm, bytes }))
}

function requirePart<T>(part: T | undefined, name: string): T {
  return part ?? refuse('MissingData', `${name} is needed`)
}

/** Encrypt: KMIP 1.4, section 4.29. Before 1.4 the tag of an authenticated mode follows the data. */
export const serveEncrypt = serve(encrypt, async (request, context) => {
  const { stored, object, parameters } = await prepare(request, context, 'Encrypt', 'protect')
  const plain = requirePart(request.data, 'Data')
  await countUse(stored, plain.length, context)
  const uniqueIdentifier = object.id
  try {
    if (object.objectType === 'PublicKey') {
      const key = asymmetricKey(object.content)
      return { uniqueIdentifier, data: plain.use((data) => encryptRsa(key, parameters, data)) }
    }
    const { data, iv, tag } = plain.use((bytes) => {
      const input: CipherInput = {
        data: bytes,
        iv: request.ivCounterNonce,
        additionalData: request.authenticatedEncryptionAdditionalData,
      }
      return useSymmetric(object, (key) => encryptSymmetric(key, parameters, input, context.random))
    })
    const made = iv === undefined ? {} : { ivCounterNonce: iv }
    if (tag === undefined) return { uniqueIdentifier, data, ...made }
    return isAtLeast(context.version, '1.4')
      ? { uniqueIdentifier, data, ...made, authenticatedEncryptionTag: tag }
      : { uniqueIdentifier, data: concatBytes(data, tag), ...made }
  } finally {
    plain.wipe()
  }
})

/** Decrypt: KMIP 1.4, section 4.30. */
export const serveDecrypt = serve(decrypt, async (request, context) => {
  const { object, parameters } = await prepare(request, context, 'Decrypt', 'process')
  const data = requirePart(request.data, 'Data')
  const plain =
    object.objectType === 'PrivateKey'
      ? decryptRsa(asymmetricKey(object.content), parameters, data)
      : useSymmetric(object, (key) =>
          decryptSymmetric(key, parameters, {
            data,
            iv: request.ivCounterNonce,
            additionalData: request.authenticatedEncryptionAdditionalData,
            tag: request.authenticatedEncryptionTag,
          }),
        )
  return { uniqueIdentifier: object.id, data: context.wipeLater(SecretBytes.take(plain)) }
})

function refuseDigested(digested: Uint8Array | undefined): void {
  if (digested !== undefined) refuse('FeatureNotSupported', 'data that is hashed already is not signed')
}

/** Sign: KMIP 1.4, section 4.31. */
export const serveSign = serve(sign, async (request, context) => {
  const { stored, object, parameters } = await prepare(request, context, 'Sign', 'protect')
  refuseDigested(request.digestedData)
  const data = requirePart(request.data, 'Data')
  if (object.objectType !== 'PrivateKey') return refuse('IllegalObjectType', 'private keys sign')
  await countUse(stored, data.length, context)
  const signatureData = signData(asymmetricKey(object.content), parameters, data)
  return { uniqueIdentifier: object.id, signatureData }
})

/** Signature Verify: KMIP 1.4, section 4.32. */
export const serveSignatureVerify = serve(signatureVerify, async (request, context) => {
  const { object, parameters } = await prepare(request, context, 'Verify', 'process')
  refuseDigested(request.digestedData)
  const data = requirePart(request.data, 'Data')
  const signature = requirePart(request.signatureData, 'Signature Data')
  if (object.objectType !== 'PublicKey') return refuse('IllegalObjectType', 'public keys verify')
  const isValid = verifyData(asymmetricKey(object.content), parameters, data, signature)
  return {
    uniqueIdentifier: object.id,
    validityIndicator: isValid ? ('Valid' as const) : ('Invalid' as const),
  }
})

/** MAC: KMIP 1.4, section 4.33. */
export const serveMac = serve(mac, async (request, context) => {
  const { stored, object, parameters } = await prepare(request, context, 'MACGenerate', 'protect')
  const data = requirePart(request.data, 'Data')
  await countUse(stored, data.length, context)
  return {
    uniqueIdentifier: object.id,
    macData: useSymmetric(object, (key) => computeMac(key, parameters, data)),
  }
})

/** MAC Verify: KMIP 1.4, section 4.34. */
export const serveMacVerify = serve(macVerify, async (request, context) => {
  const { object, parameters } = await prepare(request, context, 'MACVerify', 'process')
  const data = requirePart(request.data, 'Data')
  const given = requirePart(request.macData, 'MAC Data')
  const right = useSymmetric(object, (key) => computeMac(key, parameters, data))
  const isValid = constantTimeEqual(right, given)
  return {
    uniqueIdentifier: object.id,
    validityIndicator: isValid ? ('Valid' as const) : ('Invalid' as const),
  }
})

/** Hash: KMIP 1.4, section 4.37. */
export const serveHash = serve(hash, (request) => {
  requireWhole(request)
  const data = requirePart(request.data, 'Data')
  return { data: digest(request.cryptographicParameters.hashingAlgorithm, data) }
})

const mostRandomBytes = 65_536

/** RNG Retrieve: KMIP 1.4, section 4.35. */
export const serveRngRetrieve = serve(rngRetrieve, ({ dataLength }, { random, wipeLater }) => {
  if (dataLength < 1 || dataLength > mostRandomBytes) {
    return refuse('InvalidField', `a Data Length of 1 to ${mostRandomBytes} is supported`)
  }
  return { data: wipeLater(SecretBytes.take(random.bytes(dataLength))) }
})
