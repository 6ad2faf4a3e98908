import {
  bytesOf,
  type Codec,
  constant,
  decode,
  encode,
  type Infer,
  listOf,
  refine,
  struct,
  u8,
  u16,
  u16le,
  u32le,
} from '@trusthold/core/codec'
import type { PcrValues } from '@trusthold/core/evidence'
import { type HashAlgorithm, hashAlgorithms, hashFacts, tpmiAlgHash } from '@trusthold/core/tpm2'
import { UserError } from '../user-error.js'

/*
 * tpm2-tools write the C structures of tpm2-tss as they lie in memory, with little-endian integers: a
 * TPML_PCR_SELECTION with all of its places, the number of TPML_DIGESTs, and these with all of their places. What is
 * not used is zero.
 */
const selectionPlaces = 16
const selectOctets = 4
/** Octets that tpm2-tools fill: 24 PCRs. */
const pcSelectOctets = 3
const digestPlaces = 8
const digestBytes = 64
const maxLists = 32
/** Of the TPML_PCR_SELECTION and the number of lists; of one list. */
const headSize = 4 + selectionPlaces * 8 + 4
const listSize = 4 + digestPlaces * (2 + digestBytes)

/** The number of places, which is not in the file. */
const always = (count: number): Codec<number> => ({
  name: 'places',
  read: () => count,
  write: () => undefined,
})

const upTo = (codec: Codec<number>, max: number): Codec<number> =>
  refine(codec, (value) => (value > max ? `at most ${max}` : undefined))

const selection = struct('TPMS_PCR_SELECTION', {
  hash: u16le,
  sizeofSelect: upTo(u8, pcSelectOctets),
  pcrSelect: bytesOf(selectOctets),
  padding: constant(u8, 0),
})
const digest = struct('TPM2B_DIGEST', { size: upTo(u16le, digestBytes), buffer: bytesOf(digestBytes) })
const digestList = struct('TPML_DIGEST', {
  count: upTo(u32le, digestPlaces),
  digests: listOf(always(digestPlaces), digest, digestPlaces),
})
const serializedPcrs = struct('tpm2-tools PCR values', {
  count: upTo(u32le, selectionPlaces),
  pcrSelections: listOf(always(selectionPlaces), selection, selectionPlaces),
  lists: listOf(u32le, digestList, maxLists),
})
type SerializedPcrs = Infer<typeof serializedPcrs>
type Selection = Infer<typeof selection>
type Digest = Infer<typeof digest>

const hashNames: ReadonlyMap<number, HashAlgorithm> = new Map(
  hashAlgorithms.map((name) => [decode(u16, encode(tpmiAlgHash, name)), name]),
)

/** Whether the bytes have the size of this form and as many lists as they say. */
export function isSerialized(bytes: Uint8Array): boolean {
  const lists = (bytes.length - headSize) / listSize
  if (!Number.isInteger(lists) || lists < 1 || lists > maxLists) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(0, true) <= selectionPlaces && view.getUint32(headSize - 4, true) === lists
}

/**
 * Reads PCR values in the serialized form of tpm2-tools.
 * @throws CODEC_* or UserError, with field and offset
 */
export function readSerializedPcrs(bytes: Uint8Array): readonly PcrValues[] {
  const value = decode(serializedPcrs, bytes)
  refuseStrayBytes(bytes, value)
  const digests = value.lists.flatMap((list) => list.digests.slice(0, list.count))
  const selections = value.pcrSelections.slice(0, value.count)
  const wanted = selections.reduce((sum, { pcrSelect }) => sum + pcrsOf(pcrSelect).length, 0)
  if (digests.length !== wanted) {
    throw new UserError(`expected ${wanted} digests as selected at offset 0, found ${digests.length}`)
  }
  const queue = digests.values()
  return selections.map(({ hash, pcrSelect }, i) => {
    const bank = hashNames.get(hash)
    if (bank === undefined) {
      throw new UserError(
        `pcrSelections[${i}].hash: expected a hash algorithm at offset ${4 + i * 8}, found 0x${hash.toString(16)}`,
      )
    }
    return {
      bank,
      values: new Map(pcrsOf(pcrSelect).map((pcr) => [pcr, digestValue(queue.next().value, bank, pcr)])),
    }
  })
}

function digestValue(digest: Digest | undefined, bank: HashAlgorithm, pcr: number): Uint8Array {
  const { size } = hashFacts(bank)
  if (digest?.size !== size) {
    throw new UserError(
      `expected ${size} bytes for PCR ${pcr} of bank ${bank}, found ${digest?.size ?? 'none'}`,
    )
  }
  return digest.buffer.subarray(0, size)
}

function pcrsOf(pcrSelect: Uint8Array): number[] {
  const all = Array.from({ length: pcrSelect.length * 8 }, (_, pcr) => pcr)
  return all.filter((pcr) => (((pcrSelect[pcr >> 3] ?? 0) >> (pcr & 7)) & 1) === 1)
}

/** What is not used has to be as tpm2-tools leave it: then no byte of the file is without meaning. */
function refuseStrayBytes(bytes: Uint8Array, value: SerializedPcrs): void {
  const expected = encode(serializedPcrs, {
    ...value,
    pcrSelections: value.pcrSelections.map(
      (place, i): Selection =>
        i < value.count
          ? { ...place, sizeofSelect: pcSelectOctets, pcrSelect: zeroFrom(place.pcrSelect, pcSelectOctets) }
          : { hash: 0, sizeofSelect: 0, pcrSelect: zeroFrom(place.pcrSelect, 0), padding: 0 },
    ),
    lists: value.lists.map(({ count, digests }) => ({
      count,
      digests: digests.map(({ size, buffer }, i) =>
        i < count ? { size, buffer: zeroFrom(buffer, size) } : { size: 0, buffer: zeroFrom(buffer, 0) },
      ),
    })),
  })
  const stray = expected.findIndex((byte, i) => byte !== bytes[i])
  if (stray !== -1) {
    throw new UserError(`expected ${expected[stray]} at offset ${stray}, found ${bytes[stray]}`)
  }
}

function zeroFrom(bytes: Uint8Array, start: number): Uint8Array {
  return Uint8Array.from(bytes).fill(0, start)
}
