import {
  bytesOf,
  type Codec,
  constant,
  enumOf,
  type Infer,
  listOf,
  refine,
  sizedBytes,
  sizedView,
  struct,
  u8,
  u16,
  u32,
  u64,
  variant,
} from '../codec/index.js'

/** Longest list of IMA, in bytes: some 35,000 files. */
const maxImaLog = 4_194_304
/** Longest log of systemd, in bytes. */
const maxSystemdLog = 524_288

/** Longest context document that is read, in bytes: an event log of 1 MiB and what goes with it, and the later logs. */
export const maxDocumentLength: number = 1_200_000 + maxImaLog + maxSystemdLog

const structureBytes = sizedView(u16, 4_096)
/** The service's sealed state: two public areas of any size that TPMs have, and what the first leg found. */
const stateBytes = sizedView(u16, 16_384)

/** The PCR banks that can be asked for, by TPM_ALG_ID. */
const pcrBanks = { sha1: 0x0004, sha256: 0x000b, sha384: 0x000c, sha512: 0x000d } as const

/** Name of a PCR bank that can be asked for. */
export type PcrBank = keyof typeof pcrBanks

/** Whether a bank can be asked for. */
export const isPcrBank = (name: string): name is PcrBank => Object.hasOwn(pcrBanks, name)

const ascendingPcrs = refine(listOf(u8, u8, 24), (pcrs) =>
  pcrs.every((pcr, i) => pcr < 24 && pcr > (pcrs[i - 1] ?? -1)) ? undefined : 'ascending PCRs below 24',
)

const bankSelectionDef = struct('BANK_SELECTION', {
  bank: enumOf('bank', u16, pcrBanks),
  pcrs: ascendingPcrs,
})

/** PCRs of one bank, ascending. */
export interface BankSelection extends Infer<typeof bankSelectionDef> {}
/** Codec of {@link BankSelection}. */
export const bankSelection: Codec<BankSelection> = bankSelectionDef

const pcrValuesDef = struct('PCR_VALUES', {
  bank: enumOf('bank', u16, pcrBanks),
  values: listOf(u8, struct('PCR_VALUE', { pcr: u8, digest: sizedBytes(u8, 64) }), 24),
})

const evidenceFields = {
  state: stateBytes,
  message: structureBytes,
  signature: structureBytes,
  pcrs: listOf(u8, pcrValuesDef, 4),
  eventLog: sizedView(u32, 1_048_576),
}

/**
 * What host and Attestation Service pass to and fro as opaque contexts, big-endian: the four bytes `THLD`, a format
 * version, a kind, and the kind's fields. A new sort of evidence is a new pair of kinds.
 *
 * - `hello` (host, first leg): the attestation key's TPMT_PUBLIC and the thumbprint of the binding key.
 * - `challenge` (service): a credential for exactly that attestation key in the TPM of exactly that endorsement key,
 *   what to quote, and the service's own sealed state, which the host returns untouched.
 * - `evidence` (host, second leg): the sealed state, the quote, the PCR values and the boot's event log.
 * - `evidence-with-logs` (host, second leg): the same, and what the operating system measured into PCRs that were asked
 *   for: the list of IMA (PCR 10), systemd's log (PCRs 11 to 15), each empty when there is none. A host that has neither
 *   sends `evidence`, which services of every release read.
 */
const contextDocumentDef = variant(
  'CONTEXT_DOCUMENT',
  {
    magic: constant(u32, 0x5448_4c44),
    version: constant(u8, 1),
    kind: enumOf('kind', u8, {
      hello: 1,
      challenge: 2,
      evidence: 3,
      'evidence-with-logs': 4,
    }),
  },
  'kind',
  {
    hello: { attestationKey: structureBytes, bindingKeyThumbprint: bytesOf(32) },
    challenge: {
      credentialBlob: structureBytes,
      encryptedSecret: structureBytes,
      nonce: bytesOf(32),
      selection: listOf(u8, bankSelection, 4),
      state: stateBytes,
      expiresAt: u64,
    },
    evidence: evidenceFields,
    'evidence-with-logs': {
      ...evidenceFields,
      imaLog: sizedView(u32, maxImaLog),
      systemdLog: sizedView(u32, maxSystemdLog),
    },
  },
)

/** A context document; narrows on `kind`. */
export type ContextDocument = Infer<typeof contextDocumentDef>

/** Reads and writes context documents. */
export const contextDocument: Codec<ContextDocument> = contextDocumentDef

/** The first leg's document. */
export type HelloDocument = Extract<ContextDocument, { kind: 'hello' }>
/** The service's answer. */
export type ChallengeDocument = Extract<ContextDocument, { kind: 'challenge' }>
/** The second leg's document, with or without logs of the operating system. */
export type EvidenceDocument = Extract<ContextDocument, { kind: 'evidence' | 'evidence-with-logs' }>

/** The members that every context document starts with. */
export const documentHead = { magic: 0x5448_4c44, version: 1 } as const
