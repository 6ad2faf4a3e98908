import { type Codec, listOf, type Reader, u32, type Writer } from '../codec/index.js'
import { type HashAlgorithm, tpmiAlgHash } from './algorithms.js'

/** PCRs that one selection can name: 32 octets' worth. TPMs implement 24. */
const maxSelectOctets = 32
/** Banks in one list (HASH_COUNT); TPMs implement two to five. */
const maxBanks = 16

/** TPMS_PCR_SELECT: PCRs of no bank in particular. Part 2, section 10.6.1. */
export interface TpmsPcrSelect {
  /** Octets of the bit map; three for the 24 PCRs of a PC. Kept because signatures cover it. */
  readonly sizeofSelect: number
  /** Ascending. */
  readonly pcrs: readonly number[]
}

/** TPMS_PCR_SELECTION: PCRs of one bank. Part 2, section 10.6.2. */
export interface TpmsPcrSelection extends TpmsPcrSelect {
  readonly hash: HashAlgorithm
}

function readBitMap(reader: Reader, octets: number): number[] {
  const pcrs: number[] = []
  for (let octet = 0; octet < octets; octet++) {
    const bits = reader.u8()
    for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) pcrs.push(octet * 8 + bit)
  }
  return pcrs
}

function writeBitMap(writer: Writer, value: TpmsPcrSelect): void {
  const map = new Uint8Array(value.sizeofSelect)
  let last = -1
  for (const pcr of value.pcrs) {
    if (!Number.isInteger(pcr) || pcr <= last || pcr >= map.length * 8) {
      writer.reject(`ascending PCRs below ${map.length * 8}`, value.pcrs.join(', '))
    }
    map[pcr >> 3] = (map[pcr >> 3] ?? 0) | (1 << (pcr & 7))
    last = pcr
  }
  writer.bytes(map)
}

/** Codec of {@link TpmsPcrSelect}. */
export const tpmsPcrSelect: Codec<TpmsPcrSelect> = {
  name: 'TPMS_PCR_SELECT',
  read(r) {
    const at = r.offset
    const sizeofSelect = r.u8()
    if (sizeofSelect > maxSelectOctets) r.exceed(maxSelectOctets, sizeofSelect, at)
    return { sizeofSelect, pcrs: readBitMap(r, sizeofSelect) }
  },
  write(w, v) {
    if (v.sizeofSelect > maxSelectOctets) w.reject(`at most ${maxSelectOctets}`, String(v.sizeofSelect))
    w.u8(v.sizeofSelect)
    writeBitMap(w, v)
  },
}

/** Codec of {@link TpmsPcrSelection}. */
export const tpmsPcrSelection: Codec<TpmsPcrSelection> = {
  name: 'TPMS_PCR_SELECTION',
  read(r) {
    const hash = tpmiAlgHash.read(r)
    const { sizeofSelect, pcrs } = tpmsPcrSelect.read(r)
    return { hash, sizeofSelect, pcrs }
  },
  write(w, v) {
    tpmiAlgHash.write(w, v.hash)
    tpmsPcrSelect.write(w, v)
  },
}

/** TPML_PCR_SELECTION: PCRs of several banks, in this order. Part 2, section 10.9.7. */
export type TpmlPcrSelection = readonly TpmsPcrSelection[]
/** Codec of {@link TpmlPcrSelection}. */
export const tpmlPcrSelection: Codec<TpmlPcrSelection> = {
  ...listOf(u32, tpmsPcrSelection, maxBanks),
  name: 'TPML_PCR_SELECTION',
}
