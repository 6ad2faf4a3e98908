import { type Codec, type Infer, type Reader, rest, struct, u32le, type Writer } from '../../codec/index.js'
import { efiGuid, type Guid } from './guid.js'
import { repeated } from './repeated.js'

/** A type of signature: its GUID, and the size of its data where that is fixed. */
interface SignatureTypeFacts {
  readonly guid: Guid
  readonly size?: number
}

/** Of EFI_TIME, which follows the hash of a certificate. */
const timeSize = 16

/** Types of signatures, by the names of UEFI 2.10, section 32.4.1.1. None has a signature header. */
const signatureTypes = {
  EFI_CERT_SHA1_GUID: { guid: '826ca512-cf10-4ac9-b187-be01496631bd', size: 20 },
  EFI_CERT_SHA224_GUID: { guid: '0b6e5233-a65c-44c9-9407-d9ab83bfc8bd', size: 28 },
  EFI_CERT_SHA256_GUID: { guid: 'c1c41626-504c-4092-aca9-41f936934328', size: 32 },
  EFI_CERT_SHA384_GUID: { guid: 'ff3e5307-9fd0-48c9-85f1-8ad56c701e01', size: 48 },
  EFI_CERT_SHA512_GUID: { guid: '093e0fae-a6c4-4f50-9f1b-d41e2b89c19a', size: 64 },
  EFI_CERT_SM3_GUID: { guid: '57347f87-7a9b-403a-b93c-dc4afb7a0ebc', size: 32 },
  EFI_CERT_RSA2048_GUID: { guid: '3c5766e8-269c-4e34-aa14-ed776e85b3b6', size: 256 },
  EFI_CERT_RSA2048_SHA1_GUID: { guid: '67f8444f-8743-48f1-a328-1eaab8736080', size: 256 },
  EFI_CERT_RSA2048_SHA256_GUID: { guid: 'e2b36190-879b-4a3d-ad8d-f2e7bba32784', size: 256 },
  EFI_CERT_X509_GUID: { guid: 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072' },
  EFI_CERT_X509_SHA256_GUID: { guid: '3bd2a492-96c0-4079-b420-fcf98ef103ed', size: 32 + timeSize },
  EFI_CERT_X509_SHA384_GUID: { guid: '7076876e-80c2-4ee6-aad2-28b349a6865b', size: 48 + timeSize },
  EFI_CERT_X509_SHA512_GUID: { guid: '446dbf63-2502-4cda-bcfa-2465d2b0fe9d', size: 64 + timeSize },
  EFI_CERT_X509_SM3_GUID: { guid: '60d807e5-10b4-49a9-9331-e40437888d37', size: 32 + timeSize },
  EFI_CERT_TYPE_PKCS7_GUID: { guid: '4aafd29d-68df-49ee-8aa9-347d375665a7' },
  EFI_CERT_EXTERNAL_MANAGEMENT_GUID: { guid: '452e8ced-dfff-4b8c-ae01-5118862e682c', size: 1 },
} as const satisfies Readonly<Record<string, SignatureTypeFacts>>

/** Name of a type of signature that UEFI defines. */
export type EfiSignatureTypeName = keyof typeof signatureTypes
/** Type of a list's signatures: its name, or its GUID when UEFI does not define it. */
export type EfiSignatureType = EfiSignatureTypeName | Guid

const facts: Readonly<Record<string, SignatureTypeFacts>> = signatureTypes
const nameByGuid: ReadonlyMap<Guid, EfiSignatureTypeName> = new Map(
  Object.entries(signatureTypes).map(([name, { guid }]) => [guid, name as EfiSignatureTypeName]),
)

const signatureDataDef = struct('EFI_SIGNATURE_DATA', { owner: efiGuid, data: rest })
/**
 * One signature: who put it there, and what its type says: a hash, a certificate in DER, or a certificate's hash with
 * the time of revocation behind it. UEFI 2.10, section 32.4.1.1.
 */
export interface EfiSignatureData extends Infer<typeof signatureDataDef> {}
/** Codec of {@link EfiSignatureData}; it takes all bytes up to the end of the enclosing structure. */
export const efiSignatureData: Codec<EfiSignatureData> = signatureDataDef

/** EFI_SIGNATURE_LIST: signatures of one type and size. UEFI 2.10, section 32.4.1.1. */
export interface EfiSignatureList {
  readonly type: EfiSignatureType
  /** Empty for every type that UEFI defines. */
  readonly header: Uint8Array
  /** At least one, all of one size. */
  readonly signatures: readonly EfiSignatureData[]
}

/** GUID and three sizes. */
const listHead = 28
const ownerSize = 16

const signatureType: Codec<EfiSignatureType> = {
  name: 'EFI_GUID',
  read(r: Reader) {
    const guid = efiGuid.read(r)
    return nameByGuid.get(guid) ?? guid
  },
  write: (w, type) => efiGuid.write(w, factsOf(type)?.guid ?? (type as Guid)),
}

/**
 * Codec of {@link EfiSignatureList}. Strict: sizes that do not add up, a list without signatures, and data or a header of
 * a size that the type does not have are refused; a type that UEFI does not define is read as its GUID.
 */
export const efiSignatureList: Codec<EfiSignatureList> = {
  name: 'EFI_SIGNATURE_LIST',
  read(r: Reader) {
    const start = r.offset
    const type = signatureType.read(r)
    const [listSize, headerSize, signatureSize] = [u32le.read(r), u32le.read(r), u32le.read(r)]
    checkSizes(type, headerSize, signatureSize, (expected, actual) => r.reject(expected, actual, start))
    const total = listSize - listHead - headerSize
    if (total <= 0 || total % signatureSize !== 0) {
      const expected = `a size of ${listHead + headerSize} and one or more times ${signatureSize} bytes`
      r.reject(expected, String(listSize), start + ownerSize)
    }
    const header = r.bytes(headerSize)
    const body = r.part(total)
    const signatures: EfiSignatureData[] = []
    while (body.remaining > 0) signatures.push(efiSignatureData.read(body.part(signatureSize)))
    return { type, header, signatures }
  },
  write(w: Writer, { type, header, signatures }) {
    const signatureSize = ownerSize + (signatures[0]?.data.length ?? 0)
    checkSizes(type, header.length, signatureSize, (expected, actual) => w.reject(expected, actual))
    if (signatures.some(({ data }) => data.length !== signatureSize - ownerSize)) {
      w.reject('signatures of one size', 'several sizes')
    }
    signatureType.write(w, type)
    u32le.write(w, listHead + header.length + signatures.length * signatureSize)
    u32le.write(w, header.length)
    u32le.write(w, signatureSize)
    w.bytes(header)
    for (const signature of signatures) efiSignatureData.write(w, signature)
  },
}

/** Codec of a signature database, as PK, KEK, db and dbx have it: lists up to the end; none when it is empty. */
export const efiSignatureDatabase: Codec<readonly EfiSignatureList[]> = repeated(efiSignatureList)

function checkSizes(
  type: EfiSignatureType,
  headerSize: number,
  signatureSize: number,
  reject: (expected: string, actual: string) => never,
): void {
  const known = factsOf(type)
  if (known !== undefined && headerSize !== 0) reject(`no header for ${type}`, `${headerSize} bytes`)
  if (signatureSize <= ownerSize) reject(`signatures of more than ${ownerSize} bytes`, String(signatureSize))
  if (known?.size !== undefined && signatureSize !== ownerSize + known.size) {
    reject(`signatures of ${ownerSize + known.size} bytes for ${type}`, String(signatureSize))
  }
}

function factsOf(type: EfiSignatureType): SignatureTypeFacts | undefined {
  return Object.hasOwn(facts, type) ? facts[type] : undefined
}
