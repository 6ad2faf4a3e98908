import { decode } from '@trusthold/core/codec'
import {
  type Hierarchy,
  permanentHandles,
  type TpmaNv,
  type TpmsNvPublic,
  type TpmsPcrSelection,
  type TpmtSignature,
  type TpmtTkCreation,
  type TpmtTkHashcheck,
  type TpmtTkVerified,
  tpmaNv,
} from '@trusthold/core/tpm2'
import { failure, refuse } from '../response-codes.js'
import { algorithm, hashAlgorithm, hashValue, implementedHashes } from './algorithms.js'
import type { CommandReader } from './command-reader.js'
import { type Field, list, named, sized, u32 } from './field.js'
import { nvIndexHandle } from './handles.js'
import { digest, eccParameter, publicKeyRsa } from './public-area.js'

/** Octets of a PCR selection: 24 PCRs. */
const selectOctets = 3

/** TPMS_PCR_SELECTION. Part 2, section 10.6.2. */
const pcrSelection: Field<TpmsPcrSelection> = {
  read(r) {
    const hash = hashAlgorithm.read(r)
    const sizeofSelect = r.u8()
    if (sizeofSelect !== selectOctets) refuse('VALUE')
    const map = r.bytes(sizeofSelect)
    const pcrs = Array.from({ length: sizeofSelect * 8 }, (_, pcr) => pcr)
    return { hash, sizeofSelect, pcrs: pcrs.filter((pcr) => (((map[pcr >> 3] ?? 0) >> (pcr & 7)) & 1) === 1) }
  },
}

/** TPML_PCR_SELECTION. Part 2, section 10.9.7. */
export const pcrSelections: Field<readonly TpmsPcrSelection[]> = list(pcrSelection, implementedHashes.length)

const hierarchy: Field<Hierarchy> = named(
  u32,
  {
    owner: permanentHandles.owner,
    endorsement: permanentHandles.endorsement,
    platform: permanentHandles.platform,
    null: permanentHandles.null,
  },
  'VALUE',
)

function ticketBody(r: CommandReader): { readonly hierarchy: Hierarchy; readonly digest: Uint8Array } {
  return { hierarchy: hierarchy.read(r), digest: digest.read(r) }
}

/** TPM_ST: what tags there are, so that a wrong one can be told from none at all. Part 2, section 6.9. */
const tagNumbers: ReadonlySet<number> = new Set([
  ...[0x00c4, 0x8000, 0x8001, 0x8002, 0x8014, 0x8015, 0x8016, 0x8017, 0x8018, 0x8019, 0x801a, 0x801c],
  ...[0x8021, 0x8022, 0x8023, 0x8024, 0x8025, 0x8029],
])

function tagOf<const T extends number>(expected: T): Field<T> {
  return {
    read(r) {
      const tag = r.u16()
      if (tag === expected) return expected
      return refuse(tagNumbers.has(tag) ? 'TAG' : 'VALUE')
    },
  }
}

const creationTag = tagOf(0x8021)
/** TPMT_TK_CREATION. Part 2, section 10.7.3. */
export const creationTicket: Field<TpmtTkCreation> = {
  read: (r) => ({ tag: creationTag.read(r), ...ticketBody(r) }),
}
const verifiedTag = tagOf(0x8022)
/** TPMT_TK_VERIFIED. Part 2, section 10.7.4. */
export const verifiedTicket: Field<TpmtTkVerified> = {
  read: (r) => ({ tag: verifiedTag.read(r), ...ticketBody(r) }),
}
const hashCheckTag = tagOf(0x8024)
/** TPMT_TK_HASHCHECK. Part 2, section 10.7.6. */
export const hashCheckTicket: Field<TpmtTkHashcheck> = {
  read: (r) => ({ tag: hashCheckTag.read(r), ...ticketBody(r) }),
}

const signatureAlgorithm = algorithm(['rsassa', 'rsapss', 'ecdsa', 'hmac'], 'SCHEME')
/** TPMT_SIGNATURE. Part 2, section 11.3.4. */
export const signature: Field<TpmtSignature> = {
  read(r) {
    const sigAlg = signatureAlgorithm.read(r)
    if (sigAlg === 'hmac') return { sigAlg, hmac: hashValue.read(r) }
    const hash = hashAlgorithm.read(r)
    if (sigAlg !== 'ecdsa') return { sigAlg, hash, sig: publicKeyRsa.read(r) }
    return { sigAlg, hash, signatureR: eccParameter.read(r), signatureS: eccParameter.read(r) }
  },
}

/** TPMA_NV. Part 2, section 13.4. */
const nvAttributesField: Field<TpmaNv> = {
  read(r) {
    const word = r.bytes(4)
    try {
      return decode(tpmaNv, word)
    } catch {
      // The reserved bits are 8, 9 and 20 to 24; else it is the type of index that does not exist.
      const reserved = ((word[1] ?? 0) & 0xf0) | ((word[0] ?? 0) & 0x01) | ((word[2] ?? 0) & 0x03)
      throw failure(reserved === 0 ? 'ATTRIBUTES' : 'RESERVED_BITS')
    }
  },
}

/** TPM2B_NV_PUBLIC. Part 2, section 13.6. */
export const nvPublic: Field<TpmsNvPublic> = sized({
  read: (r) => ({
    nvIndex: nvIndexHandle.read(r),
    nameAlg: hashAlgorithm.read(r),
    attributes: nvAttributesField.read(r),
    authPolicy: digest.read(r),
    dataSize: r.u16(),
  }),
})
