import { createHash } from 'node:crypto'
import { equalBytes, toHex } from '../../bytes/index.js'
import { TrustholdError } from '../../errors/index.js'
import { digestOf, type HashAlgorithm, hashFacts } from '../../tpm2/index.js'
import { gunzipPieces, isGzip } from './gunzip.js'
import { archiveName, bankAlgorithms, type DatabaseProfile, type ImageDatabase } from './image-database.js'
import { invalidImage } from './invalid.js'
import type { AcceptanceLevel, VibPayload } from './vib.js'

/** A payload is at most this large decompressed, in bytes; the largest of the system take some 300 MB. */
const maxPayload = 1024 * 1024 * 1024

/** An image that modules are of. */
export interface ImageName {
  readonly name: string
  readonly version: string | undefined
}

/** A package that a payload is of. */
export interface VibName {
  readonly name: string
  readonly version: string
  readonly vendor: string
  readonly acceptanceLevel: AcceptanceLevel
}

/** Which payload of which package of which image has a digest. */
export interface PayloadReference {
  readonly image: ImageName
  /** The package; undefined for the image database, which is a module of its own. */
  readonly vib: VibName | undefined
  readonly payload: string
  /** Name of its file where the machine boots from; the payload's own when the image profile does not say. */
  readonly file: string
}

/** Answers what module a digest is of. */
export interface PayloadIndex {
  /** All payloads whose decompressed contents have this digest. */
  find(bank: HashAlgorithm, digest: Uint8Array): readonly PayloadReference[]
}

/** The payloads of one image by the digests of what the boot loader measures. */
export interface PayloadTable extends PayloadIndex {
  readonly image: ImageName
  /** Payloads that have no digest for a bank. */
  missing(bank: HashAlgorithm): readonly PayloadReference[]
  /**
   * Adds the digests of a payload for all banks, from its file as the package has it or as it lies where the machine
   * boots from: descriptors have them for SHA-1 and SHA-256 only. It must be one of the image's by a digest of SHA-256 or
   * better, of the file or of its decompressed contents.
   * @returns the payloads that it is
   * @throws BASE_IMAGE_INVALID when it is none of this image's, is damaged, or is larger than 1 GiB decompressed
   */
  addPayload(bytes: Uint8Array): Promise<readonly PayloadReference[]>
  /** All that the table has at the moment. */
  digests(): Iterable<PayloadDigest>
}

/** One digest of a payload. */
export interface PayloadDigest {
  readonly bank: HashAlgorithm
  readonly digest: Uint8Array
  readonly reference: PayloadReference
}

interface Row {
  readonly reference: PayloadReference
  readonly payload: VibPayload
  readonly digests: Map<HashAlgorithm, Uint8Array>
}

/**
 * The table of an image's payloads.
 * @param profile name of the image profile; needed when the database has several
 * @throws NOT_FOUND for a profile that is not in the database; ARGUMENT_INVALID when it must be named
 */
export function payloadTable(database: ImageDatabase, profile?: string): PayloadTable {
  const chosen = chooseProfile(database, profile)
  const image: ImageName = { name: chosen.name, version: chosen.version }
  const rows = rowsOf(database, chosen, image)
  return {
    image,
    find: (bank, digest) =>
      rows.filter((row) => sameDigest(row.digests.get(bank), digest)).map(({ reference }) => reference),
    missing: (bank) => rows.filter(({ digests }) => !digests.has(bank)).map(({ reference }) => reference),
    async addPayload(bytes) {
      const found = await hashPayload(bytes)
      const matching = rows.filter(({ payload }) => isPayload(payload, found))
      if (matching.length === 0) {
        const actual = `SHA-256 ${toHex(found.packed.get('sha256') ?? new Uint8Array(0))}`
        throw invalidImage(image.name, 'a payload of the image', actual)
      }
      for (const { digests, payload } of matching) {
        refuseContradiction(payload, found.unpacked)
        for (const [bank, digest] of found.unpacked) digests.set(bank, digest)
      }
      return matching.map(({ reference }) => reference)
    },
    digests: () =>
      rows.flatMap(({ reference, digests }) =>
        [...digests].map(([bank, digest]): PayloadDigest => ({ bank, digest, reference })),
      ),
  }
}

/** Looks digests up in many tables at once, at the cost of one; later additions to the tables are not in it. */
export function payloadIndex(tables: Iterable<PayloadTable>): PayloadIndex {
  const references = new Map<string, PayloadReference[]>()
  for (const table of tables) {
    for (const { bank, digest, reference } of table.digests()) {
      const key = `${bank}:${toHex(digest)}`
      const known = references.get(key)
      if (known === undefined) references.set(key, [reference])
      else known.push(reference)
    }
  }
  return { find: (bank, digest) => references.get(`${bank}:${toHex(digest)}`) ?? [] }
}

function chooseProfile({ profiles }: ImageDatabase, name: string | undefined): DatabaseProfile {
  const found = name === undefined ? profiles : profiles.filter((profile) => profile.name === name)
  const [first, second] = found
  if (first === undefined) throw new TrustholdError('NOT_FOUND', { kind: 'image profile', name: name ?? '' })
  if (second === undefined) return first
  const reason = `one of ${found.length} image profiles must be named`
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'profile', reason })
}

function rowsOf(
  { vibs, digests }: ImageDatabase,
  { vibs: listed }: DatabaseProfile,
  image: ImageName,
): readonly Row[] {
  const packages = listed.flatMap(({ id, files }) => {
    const vib = vibs.get(id)
    if (vib === undefined) return []
    const { name, version, vendor, acceptanceLevel, payloads } = vib
    return payloads.map((payload): Row => {
      const file = files.get(payload.name) ?? payload.name
      const reference = {
        image,
        vib: { name, version, vendor, acceptanceLevel },
        payload: payload.name,
        file,
      }
      return { reference, payload, digests: new Map(payload.unpacked) }
    })
  })
  const reference = { image, vib: undefined, payload: archiveName, file: archiveName }
  const itself = { name: archiveName, type: 'tgz', size: 0, packed: new Map(), unpacked: digests }
  return [...packages, { reference, payload: itself, digests: new Map(digests) }]
}

interface PayloadHashes {
  readonly packed: ReadonlyMap<HashAlgorithm, Uint8Array>
  readonly unpacked: ReadonlyMap<HashAlgorithm, Uint8Array>
}

/** The boot loader measures a file that is not compressed as it is. */
async function hashPayload(bytes: Uint8Array): Promise<PayloadHashes> {
  const packed = new Map(bankAlgorithms.map((bank) => [bank, digestOf(bank, bytes)]))
  if (!isGzip(bytes)) return { packed, unpacked: packed }
  const states = bankAlgorithms.map((bank) => [bank, createHash(hashFacts(bank).node)] as const)
  for await (const piece of gunzipPieces(bytes, 'payload', maxPayload)) {
    for (const [, state] of states) state.update(piece)
  }
  return { packed, unpacked: new Map(states.map(([bank, state]) => [bank, Uint8Array.from(state.digest())])) }
}

/** Whether a file is this payload, by a digest that no other file can be made to have. */
function isPayload(payload: VibPayload, found: PayloadHashes): boolean {
  return (['packed', 'unpacked'] as const).some((form) =>
    [...payload[form]].some(
      ([bank, digest]) => hashFacts(bank).signing === 'yes' && sameDigest(found[form].get(bank), digest),
    ),
  )
}

function refuseContradiction(payload: VibPayload, found: ReadonlyMap<HashAlgorithm, Uint8Array>): void {
  for (const [bank, digest] of payload.unpacked) {
    const actual = found.get(bank)
    if (actual === undefined || sameDigest(actual, digest)) continue
    throw invalidImage(`payload ${payload.name}`, `${bank} ${toHex(digest)} decompressed`, toHex(actual))
  }
}

function sameDigest(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equalBytes(a, b)
}
