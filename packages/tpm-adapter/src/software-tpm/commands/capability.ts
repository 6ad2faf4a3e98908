import { encode } from '@trusthold/core/codec'
import {
  type AlgorithmName,
  permanentHandles,
  type TpmsCapabilityData,
  tpmsCapabilityData,
} from '@trusthold/core/tpm2'
import type { Command } from '../engine/command.js'
import { defineCommand } from '../engine/command.js'
import { algorithmId, curveId, implementedCurves, implementedHashes } from '../fields/algorithms.js'
import { type FieldValue, named, u32 } from '../fields/field.js'
import { permanentAuth } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { existingSelection, pcrCount, pcrFacts } from '../machine/pcrs.js'
import { refuseParameter } from '../response-codes.js'
import { algorithmAttributes } from './capability-algorithms.js'
import { existingHandles } from './capability-handles.js'
import { tpmProperties } from './capability-properties.js'

/** TPM_CAP. Part 2, section 6.12. */
const capabilityField = named(
  u32,
  {
    algs: 0,
    handles: 1,
    commands: 2,
    ppCommands: 3,
    auditCommands: 4,
    pcrs: 5,
    tpmProperties: 6,
    pcrProperties: 7,
    eccCurves: 8,
    authPolicies: 9,
    act: 10,
  },
  'VALUE',
)

/** Octets of a list in a response (MAX_CAP_BUFFER). */
const listBytes = 1024 - 8

/** A part of a list: what comes from a number on, as many as were asked for and fit. */
interface Part<T> {
  readonly data: readonly T[]
  readonly moreData: boolean
}

function part<T>(
  all: readonly T[],
  keyOf: (entry: T) => number,
  first: number,
  count: number,
  size: number,
): Part<T> {
  const from = all.filter((entry) => keyOf(entry) >= first)
  const data = from.slice(0, Math.min(count, Math.floor(listBytes / size)))
  return { data, moreData: data.length < from.length }
}

type Answer = readonly [moreData: boolean, data: TpmsCapabilityData]

function commandEntries(commands: Iterable<Command>) {
  return [...commands]
    .toSorted((a, b) => a.code - b.code)
    .map(({ code, nv = false, extensive = false, flushed = false, handles, returnsHandle = false }) => ({
      commandIndex: code,
      nv,
      extensive,
      flushed,
      cHandles: handles.length,
      rHandle: returnsHandle,
      v: false,
    }))
}

function pcrProperties(first: number, count: number): Answer {
  const select = (wanted: (pcr: number) => boolean): number[] =>
    Array.from({ length: pcrCount }, (_, pcr) => pcr).filter(wanted)
  const byLocality = (which: 'extendBy' | 'resetBy', locality: number): number[] =>
    select((pcr) => ((pcrFacts(pcr)[which] >> locality) & 1) === 1)
  const rows = [
    [0x00, select((pcr) => pcrFacts(pcr).save)],
    ...Array.from({ length: 5 }, (_, locality) => [
      [0x01 + 2 * locality, byLocality('extendBy', locality)],
      [0x02 + 2 * locality, byLocality('resetBy', locality)],
    ]).flat(),
    [0x11, select((pcr) => !pcrFacts(pcr).counts)],
    [0x12, select((pcr) => pcrFacts(pcr).dynamic)],
    [0x13, []],
    [0x14, []],
  ] as const
  const all = rows.map(([tag, pcrs]) => ({
    tag: tag as number,
    pcrSelect: { sizeofSelect: 3, pcrs: pcrs as number[] },
  }))
  const { data, moreData } = part(all, ({ tag }) => tag, first, count, 8)
  return [moreData, { capability: 'pcrProperties', data }]
}

function authPolicies(machine: Machine, first: number, count: number): Answer {
  if (first >>> 24 !== 0x40) refuseParameter(2, 'VALUE')
  const { owner, lockout, endorsement, platform } = permanentHandles
  const all = [owner, lockout, endorsement, platform].map((handle) => ({
    handle,
    policyHash: permanentAuth(machine, handle).policy,
  }))
  const { data, moreData } = part(all, ({ handle }) => handle, first, count, 70)
  return [moreData, { capability: 'authPolicies', data }]
}

function handles(machine: Machine, first: number, count: number): Answer {
  const found = existingHandles(machine, first >>> 24) ?? refuseParameter(2, 'HANDLE')
  const { data, moreData } = part(found, (handle) => handle & 0xff_ffff, first & 0xff_ffff, count, 4)
  return [moreData, { capability: 'handles', data }]
}

/** Fixed and variable properties (PT_GROUP) are told apart. Part 2, section 6.13. */
function groupOf<T extends { readonly property: number }>(first: number, all: readonly T[]): readonly T[] {
  const variable = 0x200
  return all.filter(({ property }) => property >= variable === first >= variable)
}

type Listing = (machine: Machine, first: number, count: number) => Answer

const algorithms: Listing = (_machine, first, count) => {
  const idOf = ({ alg }: (typeof algorithmAttributes)[number]): number => algorithmId(alg as AlgorithmName)
  const { data, moreData } = part(algorithmAttributes, idOf, first, count, 6)
  return [moreData, { capability: 'algs', data }]
}

const banks: Listing = (machine, first, count) => {
  if (first !== 0) refuseParameter(2, 'VALUE')
  const pcrs = Array.from({ length: pcrCount }, (_, pcr) => pcr)
  const all = implementedHashes.map((hash) => ({ hash, sizeofSelect: 3, pcrs }))
  return [count === 0, { capability: 'pcrs', data: count === 0 ? [] : existingSelection(machine, all) }]
}

const curves: Listing = (_machine, first, count) => {
  const { data, moreData } = part([...implementedCurves], curveId, first, count, 2)
  return [moreData, { capability: 'eccCurves', data }]
}

/** Handles of countdown timers (TPM_RH_ACT), of which there are none. Part 2, section 7.4. */
const timers: Listing = (_machine, first) => {
  if (first < 0x4000_0110 || first > 0x4000_011f) refuseParameter(2, 'VALUE')
  return [false, { capability: 'act', data: [] }]
}

/** @param allCommands in a function: TPM2_GetCapability is one of them */
function createListings(
  allCommands: () => Iterable<Command>,
): Readonly<Record<FieldValue<typeof capabilityField>, Listing>> {
  return {
    algs: algorithms,
    handles,
    commands(_machine, first, count) {
      const all = commandEntries(allCommands())
      const { data, moreData } = part(all, ({ commandIndex }) => commandIndex, first, count, 4)
      return [moreData, { capability: 'commands', data }]
    },
    ppCommands: () => [false, { capability: 'ppCommands', data: [] }],
    auditCommands: () => [false, { capability: 'auditCommands', data: [] }],
    pcrs: banks,
    tpmProperties(machine, first, count) {
      const all = groupOf(first, tpmProperties(machine, [...allCommands()].length))
      const { data, moreData } = part(all, ({ property }) => property, first, count, 8)
      return [moreData, { capability: 'tpmProperties', data }]
    },
    pcrProperties: (_machine, first, count) => pcrProperties(first, count),
    eccCurves: curves,
    authPolicies,
    act: timers,
  }
}

/** TPM2_GetCapability. Part 3, section 30.2. */
export function capabilityCommands(allCommands: () => Iterable<Command>) {
  const listings = createListings(allCommands)
  return [
    defineCommand('TPM2_GetCapability', {
      handles: {},
      parameters: { capability: capabilityField, property: u32, propertyCount: u32 },
      run(machine, { capability, property, propertyCount }) {
        const [moreData, data] = listings[capability](machine, property, propertyCount)
        return { parameters: [Uint8Array.of(moreData ? 1 : 0), encode(tpmsCapabilityData, data)] }
      },
    }),
  ]
}
