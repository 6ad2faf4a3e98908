import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/bytes/index.js'
import {
  computeCpHash,
  computeNameHash,
  computeNvName,
  computePolicyDigest,
  digestOf,
  ekPolicies,
  type HashAlgorithm,
  hashFacts,
  hierarchyName,
  nvAttributes,
  type PolicyComparison,
  type PolicyStep,
  policyAuthorize,
  policyAuthorizeNV,
  policyAuthValue,
  policyCommandCode,
  policyCounterTimer,
  policyCpHash,
  policyDuplicationSelect,
  policyLocality,
  policyNameHash,
  policyNV,
  policyNvWritten,
  policyOR,
  policyPassword,
  policyPCR,
  policyPhysicalPresence,
  policySecret,
  policySigned,
  policyTemplate,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { recordedObjects as recorded } from './recorded.js'

const name = fromHex(recorded.policies.name)
const index = fromHex(recorded.nvIndices[0]?.name ?? '')
const digest = new Uint8Array(32).fill(7)
const zero = new Uint8Array(32)
const reference = fromHex('cafe')
const refused = (argument: string): unknown => codeOf('ARGUMENT_INVALID', { name: argument })

/** The steps that the recorder let the TPM make, under the same names. */
const steps: Readonly<Record<string, PolicyStep>> = {
  secret: policySecret(hierarchyName('endorsement')),
  secretWithReference: policySecret(hierarchyName('owner'), reference),
  authorize: policyAuthorize(name, reference),
  authorizeNv: policyAuthorizeNV(index),
  authValue: policyAuthValue,
  password: policyPassword,
  commandCode: policyCommandCode('TPM2_Duplicate'),
  nvWritten: policyNvWritten(true),
  locality: policyLocality([0, 3]),
  cpHash: policyCpHash(digest),
  nameHash: policyNameHash(digest),
  template: policyTemplate(digest),
  duplicationSelect: policyDuplicationSelect({ objectName: name, newParentName: name }),
  newParent: policyDuplicationSelect({ newParentName: name }),
  nv: policyNV(index, { operation: 'unsignedGe', operandB: utf8('345'), offset: 2 }),
  counterTimer: policyCounterTimer({ operation: 'unsignedLe', operandB: fromHex('00000005'), offset: 16 }),
  pcr: policyPCR([
    { bank: 'sha256', values: new Map([7, 0].map((pcr) => [pcr, zero])) },
    { bank: 'sha1', values: new Map([[16, new Uint8Array(20)]]) },
  ]),
  or: policyOR(digest, new Uint8Array(32).fill(9)),
}

describe('policies', () => {
  it.each(recorded.policies.digests)('$policy is what a TPM makes of it', ({ policy, digest: expected }) => {
    const step = steps[policy]
    if (step === undefined) throw new Error(`no step for ${policy}`)
    expect(toHex(computePolicyDigest('sha256', step))).toBe(expected)
  })

  it('have all been recorded', () => {
    expect(recorded.policies.digests.map(({ policy }) => policy)).toEqual(Object.keys(steps))
  })

  it.each(['sha1', 'sha256', 'sha384', 'sha512', 'sm3_256'] as const)('start from zeros of %s', (hash) => {
    const start = new Uint8Array(hashFacts(hash).size)
    expect(computePolicyDigest(hash)).toEqual(start)
    const extended = digestOf(hash, concatBytes(start, fromHex('0000016b')))
    expect(computePolicyDigest(hash, policyAuthValue)).toEqual(extended)
    const twice = digestOf(hash, concatBytes(extended, fromHex('00000187')))
    expect(computePolicyDigest(hash, policyAuthValue, policyPhysicalPresence)).toEqual(twice)
    const signed = digestOf(hash, concatBytes(start, fromHex('00000160'), name))
    expect(computePolicyDigest(hash, policySigned(name, reference))).toEqual(
      digestOf(hash, concatBytes(signed, reference)),
    )
  })

  it('of endorsement keys are those of the profile', () => {
    const a = (hash: HashAlgorithm) => computePolicyDigest(hash, policySecret(hierarchyName('endorsement')))
    expect(toHex(a('sha256'))).toBe(toHex(ekPolicies.A.sha256))
    const indices = { sha256: 0x1c0_7f01, sha384: 0x1c0_7f02, sha512: 0x1c0_7f03, sm3_256: 0x1c0_7f04 }
    for (const hash of ['sha256', 'sha384', 'sha512', 'sm3_256'] as const) {
      const nvName = computeNvName({
        nvIndex: indices[hash],
        nameAlg: hash,
        attributes: nvAttributes(
          'ordinary',
          ...(['policyWrite', 'writeAll', 'ppRead', 'ownerRead', 'authRead', 'policyRead'] as const),
          ...(['noDA', 'written'] as const),
        ),
        authPolicy: a(hash),
        dataSize: hashFacts(hash).size + 2,
      })
      const c = computePolicyDigest(hash, policyAuthorizeNV(nvName))
      expect(toHex(computePolicyDigest(hash, policyOR(a(hash), c)))).toBe(toHex(ekPolicies.B[hash]))
    }
  })
})

describe('assertions that would be dropped without a word', () => {
  const before = policyCommandCode('TPM2_Unseal')

  it('are refused before an approval', () => {
    expect(() => computePolicyDigest('sha256', before, policyAuthorize(name))).toThrow(
      refused('policyAuthorize'),
    )
    expect(() => computePolicyDigest('sha256', before, policyAuthorizeNV(index))).toThrow(
      refused('policyAuthorizeNV'),
    )
    expect(computePolicyDigest('sha256', policyAuthorize(name), before)).toHaveLength(32)
  })

  it('are refused before a choice, unless they are one of its branches', () => {
    const branch = computePolicyDigest('sha256', before)
    expect(() => computePolicyDigest('sha256', before, policyOR(digest, zero))).toThrow(refused('policyOR'))
    const fromBranch = computePolicyDigest('sha256', before, policyOR(digest, branch))
    expect(fromBranch).toEqual(computePolicyDigest('sha256', policyOR(digest, branch)))
  })
})

describe('steps that cannot be', () => {
  it('two to eight branches, of the hash of the policy', () => {
    expect(() => policyOR(digest)).toThrow(refused('branches'))
    expect(() => policyOR(...Array<Uint8Array>(9).fill(digest))).toThrow(refused('branches'))
    for (const length of [0, 20, 31, 33, 48]) {
      expect(() => computePolicyDigest('sha256', policyOR(digest, new Uint8Array(length)))).toThrow(
        refused('branches'),
      )
    }
  })

  it('names are those of objects, and for secrets also handles', () => {
    for (const wrong of [new Uint8Array(), name.subarray(1), new Uint8Array(34), hierarchyName('owner')]) {
      const invalid = codeOf('TPM_KEY_INVALID', { path: 'name' })
      expect(() => policySigned(wrong)).toThrow(invalid)
      expect(() => policyAuthorize(wrong)).toThrow(invalid)
      expect(() => policyAuthorizeNV(wrong)).toThrow(invalid)
      expect(() => policyNV(wrong, { operation: 'eq', operandB: digest })).toThrow(invalid)
      expect(() => policyDuplicationSelect({ newParentName: wrong })).toThrow(invalid)
      expect(() => policyDuplicationSelect({ newParentName: name, objectName: wrong })).toThrow(invalid)
      if (wrong.length !== 4) expect(() => policySecret(wrong)).toThrow(invalid)
    }
  })

  it('references are at most as long as a digest', () => {
    for (const step of [policySecret, policySigned, policyAuthorize]) {
      expect(() => step(name, new Uint8Array(65))).toThrow(refused('policyRef'))
      expect(computePolicyDigest('sha256', step(name, new Uint8Array(64)))).toHaveLength(32)
    }
  })

  it('digests have the length of the policy', () => {
    for (const [argument, step] of [
      ['cpHash', policyCpHash],
      ['nameHash', policyNameHash],
      ['templateHash', policyTemplate],
    ] as const) {
      expect(() => computePolicyDigest('sha384', step(digest))).toThrow(refused(argument))
      expect(() => computePolicyDigest('sha256', step(new Uint8Array()))).toThrow(refused(argument))
    }
  })

  it('PCRs have values, of their bank', () => {
    const of = (bank: string, ...entries: readonly (readonly [number, Uint8Array])[]) =>
      policyPCR([{ bank, values: new Map(entries) }])
    expect(() => policyPCR([])).toThrow(refused('banks'))
    expect(() => of('sha256')).toThrow(refused('banks'))
    expect(() => of('sha1', [0, zero])).toThrow(refused('sha1'))
    expect(() => of('sha256', [0, zero], [1, new Uint8Array(31)])).toThrow(refused('sha256'))
    expect(() => of('sha256', [24, zero])).toThrow(refused('sha256'))
    expect(() => of('sha256', [-1, zero])).toThrow(refused('sha256'))
    expect(() => of('md5', [0, new Uint8Array(16)])).toThrow(codeOf('TPM_ALGORITHM_UNSUPPORTED'))
  })

  it('localities exist', () => {
    for (const wrong of [[], [5], [1, 0], [0, 32], [256]]) {
      expect(() => policyLocality(wrong)).toThrow(
        wrong.length === 0 ? refused('localities') : codeOf('CODEC_RANGE'),
      )
    }
  })

  it('comparisons have an operation that exists and an operand that fits', () => {
    const comparison: PolicyComparison = { operation: 'eq', operandB: digest }
    for (const step of [(c: PolicyComparison) => policyNV(index, c), policyCounterTimer]) {
      expect(() => step({ ...comparison, operandB: new Uint8Array(65) })).toThrow(refused('operandB'))
      expect(() => computePolicyDigest('sha256', step({ ...comparison, offset: 65_536 }))).toThrow(
        codeOf('CODEC_RANGE'),
      )
      const unknown = { ...comparison, operation: 'toString' as 'eq' }
      expect(() => computePolicyDigest('sha256', step(unknown))).toThrow(codeOf('CODEC_RANGE'))
    }
  })
})

describe('digests of commands', () => {
  it('cover code, names and parameters in this order', () => {
    const content = {
      command: 'TPM2_NV_Read',
      names: [index, index],
      parameters: fromHex('00080000'),
    } as const
    const expected = digestOf('sha384', concatBytes(fromHex('0000014e'), index, index, fromHex('00080000')))
    expect(computeCpHash('sha384', content)).toEqual(expected)
    expect(computeCpHash('sha384', { ...content, command: 0x14e })).toEqual(expected)
    expect(computeNameHash('sha256', [name, index])).toEqual(digestOf('sha256', concatBytes(name, index)))
  })
})
