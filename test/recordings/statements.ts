/**
 * Reads what the recorded software TPM stated besides the quotes that every recording has: quotes by every signature
 * scheme, over several banks and after restarts, and statements of every other kind.
 * @module
 */
import { type RecordedBank, type RecordedPcrs, readJson, readPcrs, readRecorded } from './load.js'

/** A restricted signing key, primary in the endorsement hierarchy. */
export interface RecordedSigner {
  /** Kind of the key, scheme and hash, such as `rsa-2048-rsapss-sha384`. */
  readonly name: string
  readonly scheme: 'rsassa' | 'rsapss' | 'ecdsa'
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
}

interface Signed {
  readonly signer: RecordedSigner
  /** TPMS_ATTEST. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
  readonly qualifyingData: Uint8Array
}

/** Ways in which the TPM had restarted before a quote. */
export type Restart = 'resume' | 'restart' | 'reset' | 'power-loss'

/** A quote, with the values of all PCRs at that time. */
export interface QuoteStatement extends Signed {
  readonly type: 'quote'
  /** In the order in which it was asked for. */
  readonly selection: readonly { readonly bank: RecordedBank; readonly pcrs: readonly number[] }[]
  readonly pcrs: RecordedPcrs
  readonly after?: Restart
}

/** TPM2_Certify, or TPM2_CertifyCreation with the TPM2B_CREATION_DATA, of a primary key in the owner hierarchy. */
export interface ObjectStatement extends Signed {
  readonly type: 'certify' | 'creation'
  /** TPMT_PUBLIC. */
  readonly object: Uint8Array
  readonly creationData: Uint8Array
}

/** TPM2_GetTime. */
export interface TimeStatement extends Signed {
  readonly type: 'time'
}

/** TPM2_NV_Certify; of 0 bytes it states a digest of all contents. */
export interface NvStatement extends Signed {
  readonly type: 'nv' | 'nvDigest'
  /** Handle. */
  readonly index: number
  /** All that is in the index. */
  readonly contents: Uint8Array
  readonly size: number
  readonly offset: number
}

/** TPM2_GetSessionAuditDigest or TPM2_GetCommandAuditDigest after one TPM2_GetRandom of 4 bytes was audited. */
export interface AuditStatement extends Signed {
  readonly type: 'sessionAudit' | 'commandAudit'
  /** What that command returned. */
  readonly random: Uint8Array
}

/** What a TPM states under its signature. */
export type RecordedStatement =
  | QuoteStatement
  | ObjectStatement
  | TimeStatement
  | NvStatement
  | AuditStatement

interface Entry {
  readonly type: RecordedStatement['type']
  readonly signer: string
  readonly message: string
  readonly signature: string
  readonly qualifyingData: string
  readonly about: Readonly<Record<string, unknown>>
}
interface Description {
  readonly signers: readonly (Omit<RecordedSigner, 'publicArea'> & { readonly publicArea: string })[]
  readonly statements: readonly Entry[]
}

const name = 'swtpm'
const file = (path: unknown): Uint8Array => readRecorded(name, String(path))
const fromHex = (text: unknown): Uint8Array => new Uint8Array(Buffer.from(String(text), 'hex'))

/** How the parts of what a statement is about are read; others are as they stand in the description. */
const readers: Readonly<Record<string, (value: unknown) => unknown>> = {
  pcrs: (path) => readPcrs(name, String(path)),
  object: file,
  creationData: file,
  index: Number,
  contents: fromHex,
  random: fromHex,
}

/** Reads the statements, in the order in which they were made. */
export function loadStatements(): readonly RecordedStatement[] {
  const { signers, statements } = readJson<Description>(name, 'recording.json')
  return statements.map(({ type, about, ...entry }) => {
    const signer = signers.find((one) => one.name === entry.signer)
    if (signer === undefined) throw new Error(`no signer ${entry.signer}`)
    const parts = Object.entries(about).map(([key, value]) => [key, readers[key]?.(value) ?? value])
    const statement = {
      type,
      signer: { ...signer, publicArea: file(signer.publicArea) },
      message: file(entry.message),
      signature: file(entry.signature),
      qualifyingData: fromHex(entry.qualifyingData),
      ...Object.fromEntries(parts),
    }
    return statement as RecordedStatement
  })
}
