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
import { named, u32 } from '../fields/field.js'
import { permanentAuth } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { existingSelection, pcrCount, pcrFacts } from '../machine/pcrs.js'
import { refuse, refuseParameter } from '../response-codes.js'
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

/** @param allCommands in a function: this command is one of them */
function answerOf(allCommands: () => Iterable<Command>) {
  return (
    machine: Machine,
    capability: TpmsCapabilityData['capability'],
    first: number,
    count: number,
  ): Answer => {
    switch (capability) {
      case 'algs': {
        const { data, moreData } = part(
          algorithmAttributes,
          ({ alg }) => algorithmId(alg as AlgorithmName),
          first,
          count,
          6,
        )
        return [moreData, { capability, data }]
      }
      case 'handles':
        return handles(machine, first, count)
      case 'commands': {
        const { data, moreData } = part(
          commandEntries(allCommands()),
          (each) => each.commandIndex,
          first,
          count,
          4,
        )
        return [moreData, { capability, data }]
      }
      case 'ppCommands':
      case 'auditCommands':
        return [false, { capability, data: [] }]
      case 'pcrs': {
        if (first !== 0) refuseParameter(2, 'VALUE')
        const pcrs = Array.from({ length: pcrCount }, (_, pcr) => pcr)
        const all = implementedHashes.map((hash) => ({ hash, sizeofSelect: 3, pcrs }))
        const existing = existingSelection(machine, all)
        return [count === 0, { capability, data: count === 0 ? [] : existing }]
      }
      case 'tpmProperties': {
        const all = tpmProperties(machine, [...allCommands()].length)
        const { data, moreData } = part(groupOf(first, all), ({ property }) => property, first, count, 8)
        return [moreData, { capability, data }]
      }
      case 'pcrProperties':
        return pcrProperties(first, count)
      case 'eccCurves': {
        const { data, moreData } = part([...implementedCurves], curveId, first, count, 2)
        return [moreData, { capability, data }]
      }
      case 'authPolicies':
        if (first >>> 24 !== 0x40) refuseParameter(2, 'VALUE')
        return authPolicies(machine, first, count)
      case 'act':
        if (first < 0x4000_0110 || first > 0x4000_011f) refuseParameter(2, 'VALUE')
        return [false, { capability, data: [] }]
      default:
        return refuse('VALUE')
    }
  }
}

/** TPM2_GetCapability. Part 3, section 30.2. */
export function capabilityCommands(allCommands: () => Iterable<Command>) {
  const answer = answerOf(allCommands)
  return [
    defineCommand('TPM2_GetCapability', {
      handles: {},
      parameters: { capability: capabilityField, property: u32, propertyCount: u32 },
      run(machine, { capability, property, propertyCount }) {
        const [moreData, data] = answer(machine, capability, property, propertyCount)
        return { parameters: [Uint8Array.of(moreData ? 1 : 0), encode(tpmsCapabilityData, data)] }
      },
    }),
  ]
}
