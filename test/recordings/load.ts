/**
 * Reads the recordings of this folder. `recording.json` in each says how it was made; `npm run record` makes them
 * anew, each with a TPM and a vendor of its own.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'

/** Names of the recordings. */
export type RecordingName = 'swtpm' | BootName
/** Names of the recordings that have a boot with its logs. */
export type BootName = (typeof bootNames)[number]

/** Names of {@link BootName}, for tests that run over all. */
export const bootNames = [
  'boot-secure',
  'boot-insecure',
  'boot-debug',
  'boot-kernel',
  'boot-grub',
  'boot-uki',
  'boot-ima',
  'boot-ima-sig',
] as const
/** Names of all recordings. */
export const recordingNames: readonly RecordingName[] = ['swtpm', ...bootNames]

/** PCR banks of every recorded TPM. */
export const recordedBanks = ['sha1', 'sha256', 'sha384', 'sha512'] as const
/** One of {@link recordedBanks}. */
export type RecordedBank = (typeof recordedBanks)[number]

/** Values of PCRs by bank and index. */
export type RecordedPcrs = Readonly<Record<RecordedBank, ReadonlyMap<number, Uint8Array>>>

/** An endorsement key with its certificate. */
export interface RecordedEndorsementKey {
  /** TPMT_PUBLIC. */
  readonly publicArea: Uint8Array
  /** DER. */
  readonly certificate: Uint8Array
}

/** A quote over all 24 PCRs of one bank; the signature's hash is SHA-256. */
export interface RecordedQuote {
  /** The attestation key that signed. */
  readonly key: 'rsa-2048' | 'ecc-p256'
  readonly bank: 'sha256' | 'sha384'
  readonly pcrs: readonly number[]
  /** TPMS_ATTEST. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/** What was taken from one TPM. */
export interface Recording {
  readonly name: RecordingName
  /** The endorsement keys; the P-384 one is of the EK profile's high range, the others of the low. */
  readonly endorsementKeys: Readonly<Record<'rsa-2048' | 'ecc-p256' | 'ecc-p384', RecordedEndorsementKey>>
  /** DER: the root and the intermediate that signed the endorsement certificates. */
  readonly ca: { readonly root: Uint8Array; readonly issuer: Uint8Array }
  /** TPMT_PUBLIC of the attestation keys. */
  readonly attestationKeys: Readonly<Record<'rsa-2048' | 'ecc-p256', Uint8Array>>
  /** Qualifying data of all quotes, 32 bytes. */
  readonly nonce: Uint8Array
  /** Values of all 24 PCRs by bank. For a boot: as the guest's kernel reported them. */
  readonly pcrs: RecordedPcrs
  readonly quotes: readonly RecordedQuote[]
}

/** A recording of a boot. */
export interface BootRecording extends Recording {
  readonly name: BootName
  readonly secureBoot: boolean
  /** The kernel's, as its boot loader passed it. */
  readonly commandLine: string
  /** The TCG event log as the kernel shows it (`binary_bios_measurements`). */
  readonly eventLog: Uint8Array
  /** The IMA log as the kernel shows it (`binary_runtime_measurements`). */
  readonly imaLog: Uint8Array
  /** DER certificates of the keys that signed files in the IMA log; none when no file was signed. */
  readonly imaSigners: readonly Uint8Array[]
}

interface Description {
  readonly files: readonly { readonly name: string }[]
  readonly secureBoot: boolean
  readonly commandLine: string
  readonly quotes: readonly {
    readonly key: 'rsa-2048' | 'ecc-p256'
    readonly bank: 'sha256' | 'sha384'
    readonly pcrs: readonly number[]
    readonly message: string
    readonly signature: string
  }[]
}

/** Reads a recording. */
export function loadRecording(name: RecordingName): Recording {
  const file = (path: string): Uint8Array => readRecorded(name, path)
  const description = readJson<Description>(name, 'recording.json')
  const endorsementKey = (kind: string): RecordedEndorsementKey => ({
    publicArea: file(`ek-${kind}.tpmt`),
    certificate: file(`ek-${kind}.der`),
  })
  return {
    name,
    endorsementKeys: {
      'rsa-2048': endorsementKey('rsa-2048'),
      'ecc-p256': endorsementKey('ecc-p256'),
      'ecc-p384': endorsementKey('ecc-p384'),
    },
    ca: { root: file('ca-root.der'), issuer: file('ca-issuer.der') },
    attestationKeys: { 'rsa-2048': file('ak-rsa-2048.tpmt'), 'ecc-p256': file('ak-ecc-p256.tpmt') },
    nonce: file('nonce.bin'),
    pcrs: readPcrs(name, 'pcrs.json'),
    quotes: description.quotes.map((quote) => ({
      ...quote,
      message: file(quote.message),
      signature: file(quote.signature),
    })),
  }
}

/** Reads the recording of a boot. */
export function loadBoot(name: BootName): BootRecording {
  const { secureBoot, commandLine, files } = readJson<Description>(name, 'recording.json')
  const eventLog = readRecorded(name, 'eventlog.bin')
  const imaLog = readRecorded(name, 'ima.bin')
  const signers = files.filter((file) => file.name.startsWith('ima-signer-'))
  const imaSigners = signers.map((file) => readRecorded(name, file.name))
  return { ...loadRecording(name), name, secureBoot, commandLine, eventLog, imaLog, imaSigners }
}

const recordings = findRecordings()

/** Looks upwards from this module, which may have been bundled into another folder of the repository. */
function findRecordings(): URL {
  let directory = new URL('.', import.meta.url)
  for (;;) {
    const found = new URL('test/recordings/', directory)
    if (existsSync(new URL('swtpm/recording.json', found))) return found
    const parent = new URL('..', directory)
    if (parent.href === directory.href) throw new Error('test/recordings is in no folder above this module')
    directory = parent
  }
}

/** Reads a file of a recording. */
export function readRecorded(name: RecordingName, path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}/${path}`, recordings)))
}

/** Reads a file of a recording as JSON, which the caller knows the shape of. */
export function readJson<T>(name: RecordingName, path: string): T {
  return JSON.parse(new TextDecoder().decode(readRecorded(name, path))) as T
}

/** Reads a file with the values of all PCRs. */
export function readPcrs(name: RecordingName, path: string): RecordedPcrs {
  const values = readJson<Record<RecordedBank, Record<string, string>>>(name, path)
  return {
    sha1: toValues(values.sha1),
    sha256: toValues(values.sha256),
    sha384: toValues(values.sha384),
    sha512: toValues(values.sha512),
  }
}

function toValues(byPcr: Readonly<Record<string, string>>): ReadonlyMap<number, Uint8Array> {
  return new Map(
    Object.entries(byPcr).map(([pcr, hex]) => [Number(pcr), new Uint8Array(Buffer.from(hex, 'hex'))]),
  )
}
