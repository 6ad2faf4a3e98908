import { decode } from '@trusthold/core/codec'
import { type TpmaObject, type TpmtPublic, type TpmtSensitive, tpmaObject } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import { algorithm, eccCurve, hashAlgorithmOrNull, implementedRsaBits, largestDigest } from './algorithms.js'
import type { CommandReader } from './command-reader.js'
import { buffer, type Field, oneOf, sized, sizedOrEmpty, structure, u16 } from './field.js'
import { eccScheme, kdfScheme, keyedHashScheme, rsaScheme, symDefObject } from './schemes.js'

/** MAX_RSA_KEY_BYTES. */
const rsaBytes = 512
/** MAX_ECC_KEY_BYTES, rounded up to a word as in the reference code. */
const eccBytes = 66

/** TPM2B_DIGEST. */
export const digest: Field<Uint8Array> = buffer(largestDigest)
/** TPM2B_AUTH. */
export const auth: Field<Uint8Array> = buffer(largestDigest)
/** TPM2B_DATA: at most a TPMT_HA. */
export const data: Field<Uint8Array> = buffer(largestDigest + 2)
/** TPM2B_NAME. */
export const name: Field<Uint8Array> = buffer(largestDigest + 2)
/** TPM2B_PUBLIC_KEY_RSA. */
export const publicKeyRsa: Field<Uint8Array> = buffer(rsaBytes)
/** TPM2B_PRIVATE. */
export const privateArea: Field<Uint8Array> = buffer(2048)
/** TPM2B_ENCRYPTED_SECRET. */
export const encryptedSecret: Field<Uint8Array> = buffer(rsaBytes)
/** TPM2B_ECC_PARAMETER. */
export const eccParameter: Field<Uint8Array> = buffer(eccBytes)
/** TPMS_ECC_POINT. */
export const eccPointArea: Field<{ readonly x: Uint8Array; readonly y: Uint8Array }> = structure({
  x: eccParameter,
  y: eccParameter,
})
/** TPM2B_ECC_POINT. */
export const eccPoint: Field<{ readonly x: Uint8Array; readonly y: Uint8Array }> = sized(eccPointArea)

/** TPMA_OBJECT. Part 2, section 8.3. */
export const objectAttributesField: Field<TpmaObject> = {
  read(r) {
    const word = r.bytes(4)
    try {
      const attributes = decode(tpmaObject, word)
      // Those of later versions of the library are reserved here.
      const { firmwareLimited, svnLimited, x509sign, ...known } = attributes
      if (!firmwareLimited && !svnLimited) return { ...known, firmwareLimited, svnLimited, x509sign }
    } catch {
      // Falls through: a reserved bit is set.
    }
    return refuse('RESERVED_BITS')
  },
}

const publicType = algorithm(['rsa', 'ecc', 'keyedhash', 'symcipher'], 'TYPE')
const keyBits = oneOf(u16, implementedRsaBits, 'VALUE')

function readByType(r: CommandReader, type: TpmtPublic['type'], nameAlg: TpmtPublic['nameAlg']): TpmtPublic {
  const objectAttributes = objectAttributesField.read(r)
  const authPolicy = digest.read(r)
  const head = { nameAlg, objectAttributes, authPolicy }
  switch (type) {
    case 'rsa': {
      const symmetric = symDefObject.read(r)
      const scheme = rsaScheme.read(r)
      const parameters = { symmetric, scheme, keyBits: keyBits.read(r), exponent: r.u32() }
      return { type, ...head, parameters, unique: publicKeyRsa.read(r) }
    }
    case 'ecc': {
      const symmetric = symDefObject.read(r)
      const scheme = eccScheme.read(r)
      const parameters = { symmetric, scheme, curveID: eccCurve.read(r), kdf: kdfScheme.read(r) }
      return { type, ...head, parameters, unique: eccPointArea.read(r) }
    }
    case 'keyedhash':
      return { type, ...head, parameters: { scheme: keyedHashScheme.read(r) }, unique: digest.read(r) }
    case 'symcipher': {
      const sym = symDefObject.read(r)
      if (sym.algorithm === 'null') refuse('SYMMETRIC')
      return { type, ...head, parameters: { sym }, unique: digest.read(r) }
    }
  }
}

/** TPMT_PUBLIC+. Part 2, section 12.2.4. */
export const publicAreaField: Field<TpmtPublic> = {
  read(r) {
    const type = publicType.read(r)
    return readByType(r, type, hashAlgorithmOrNull.read(r))
  },
}

function requireName(area: TpmtPublic): TpmtPublic {
  return area.nameAlg === 'null' ? refuse('HASH') : area
}

/** TPM2B_PUBLIC+, whose name algorithm may be null. Part 2, section 12.2.5. */
export const publicOrNameless: Field<TpmtPublic> = sized(publicAreaField)
/** TPM2B_PUBLIC. */
export const publicArea: Field<TpmtPublic> = sized({
  read(r) {
    const type = publicType.read(r)
    const nameAlg = hashAlgorithmOrNull.read(r)
    if (nameAlg === 'null') refuse('HASH')
    return requireName(readByType(r, type, nameAlg))
  },
})

/** TPMT_PUBLIC_PARMS. Part 2, section 12.2.3.8. */
export const publicParms: Field<TpmtPublic['type']> = {
  read(r) {
    const type = publicType.read(r)
    if (type === 'rsa')
      structure({ symDefObject, rsaScheme, keyBits, exponent: { read: () => r.u32() } }).read(r)
    else if (type === 'ecc') structure({ symDefObject, eccScheme, eccCurve, kdfScheme }).read(r)
    else if (type === 'keyedhash') keyedHashScheme.read(r)
    else if (symDefObject.read(r).algorithm === 'null') refuse('SYMMETRIC')
    return type
  },
}

/** Most bytes that can be sealed (MAX_SYM_DATA). */
export const maxSealedBytes = 128

/** TPM2B_SENSITIVE_CREATE. Part 2, section 11.1.16. */
export const sensitiveCreate: Field<{ readonly userAuth: Uint8Array; readonly data: Uint8Array }> = sized(
  structure({ userAuth: auth, data: buffer(maxSealedBytes) }),
)

const sensitiveSizes = { rsa: rsaBytes / 2, ecc: eccBytes, keyedhash: maxSealedBytes, symcipher: 32 } as const

/** TPMT_SENSITIVE. Part 2, section 12.3.2.4. */
export const sensitiveArea: Field<TpmtSensitive> = {
  read(r) {
    const sensitiveType = publicType.read(r)
    const authValue = auth.read(r)
    const seedValue = digest.read(r)
    return { sensitiveType, authValue, seedValue, sensitive: buffer(sensitiveSizes[sensitiveType]).read(r) }
  },
}

/** TPM2B_SENSITIVE, which may be empty. Part 2, section 12.3.3. */
export const sensitive: Field<TpmtSensitive | undefined> = sizedOrEmpty(sensitiveArea)
