/**
 * Reads the recordings of `test/recordings/ima`: lists of a real kernel, one boot for each. `recording.json` in each says
 * how it was made; `node scripts/record-ima.mjs` makes them anew.
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RecordedBank } from './load.js'

/** Names of the recordings: by template, but for two. */
export const imaRecordingNames = [
  'ima',
  'ima-ng',
  'ima-sig',
  'mixed',
  'ima-modsig',
  'evm-sig',
  'custom',
] as const
/** One of {@link imaRecordingNames}. */
export type ImaRecordingName = (typeof imaRecordingNames)[number]

/** Values of all PCRs by bank. */
export type RecordedPcrs = ReadonlyMap<RecordedBank, ReadonlyMap<number, Uint8Array>>

/** A list as the kernel showed it, and the PCRs that it reported. */
export interface ImaRecording {
  readonly binary: Uint8Array
  readonly ascii: Uint8Array
  readonly pcrs: RecordedPcrs
  /** As things were before the guest's programs ran: entries, and PCRs. */
  readonly early: { readonly count: number; readonly pcrs: RecordedPcrs }
  /** What the kernel counted. */
  readonly count: number
  readonly violations: number
}

type PcrDocument = Readonly<Record<RecordedBank, Readonly<Record<string, string>>>>

/** Reads a recording. */
export function loadIma(name: ImaRecordingName): ImaRecording {
  const document = readJson<{ pcrs: PcrDocument; early: { count: number; pcrs: PcrDocument } }>(
    `${name}/pcrs.json`,
  )
  const { count, violations } = readJson<{ count: number; violations: number }>(`${name}/recording.json`)
  return {
    binary: read(`${name}/binary.bin`),
    ascii: read(`${name}/ascii.txt`),
    pcrs: toValues(document.pcrs),
    early: { count: document.early.count, pcrs: toValues(document.early.pcrs) },
    count,
    violations,
  }
}

/** Certificates of the keys with which files of the recordings were signed. */
export function loadImaSigner(kind: 'rsa' | 'ecc'): X509Certificate {
  return new X509Certificate(read(`signers/${kind}.der`))
}

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`ima/${path}`, import.meta.url)))
}

function readJson<T>(path: string): T {
  return JSON.parse(new TextDecoder().decode(read(path))) as T
}

function toValues(banks: PcrDocument): RecordedPcrs {
  return new Map(
    Object.entries(banks).map(([bank, values]) => [
      bank as RecordedBank,
      new Map(Object.entries(values).map(([pcr, hex]) => [Number(pcr), Uint8Array.from(Buffer.from(hex, 'hex'))])),
    ]),
  )
}
