import { generateKeyPairSync, sign } from 'node:crypto'
import { concatBytes, fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import {
  computeCpHash,
  computeNameHash,
  computeNvName,
  computePolicyDigest,
  digestOf,
  ekPolicies,
  type HashAlgorithm,
  handleName,
  hashFacts,
  hierarchyName,
  nvAttributes,
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
  tpm2bDigest,
} from '@trusthold/core/tpm2'
import { beforeAll, describe, expect, test } from 'vitest'
import { connectSwtpmTcp } from '../../src/index.js'
import { startTools } from '../tpm2-tools.js'

const { peer, tools } = await startTools()
beforeAll(() => {
  for (const pcr of [0, 7, 23]) tools.run('pcrextend', `${pcr}:${banks.map(extension(pcr)).join(',')}`)
  tools.run('nvdefine', '0x1500001', '-s', '8', '-a', 'ownerread|ownerwrite|authread')
  tools.write('content', utf8('12345678'))
  tools.run('nvwrite', '0x1500001', '-C', 'o', '-i', 'content')
})

const banks = ['sha1', 'sha256', 'sha384'] as const
const extension =
  (pcr: number) =>
  (bank: HashAlgorithm): string =>
    `${bank}=${(pcr + 1).toString(16).padStart(2, '0').repeat(hashFacts(bank).size)}`

/** Public area of the NV index above. */
const nvPublic = {
  nvIndex: 0x150_0001,
  nameAlg: 'sha256',
  attributes: nvAttributes('ordinary', 'ownerRead', 'ownerWrite', 'authRead', 'written'),
  authPolicy: new Uint8Array(),
  dataSize: 8,
} as const

type Call = readonly [tool: string, ...args: string[]]

/** The digest that the TPM comes to in a trial session in which the tools are run. */
function trial(hash: HashAlgorithm, ...calls: readonly Call[]): string {
  tools.run('startauthsession', '-S', 'session', '-g', hash)
  for (const [tool, ...args] of calls) tools.run(tool, '-S', 'session', '-L', 'policy', ...args)
  tools.flush()
  return toHex(tools.read('policy'))
}

const ours = (hash: HashAlgorithm, ...steps: readonly PolicyStep[]): string =>
  toHex(computePolicyDigest(hash, ...steps))

/** Values as tpm2_pcrread writes them: bank by bank, ascending. */
function readPcrs(selection: readonly (readonly [HashAlgorithm, readonly number[]])[]) {
  return selection.map(([bank, pcrs]) => {
    tools.run('pcrread', `${bank}:${pcrs.join(',')}`, '-o', 'values')
    const values = tools.read('values')
    const { size } = hashFacts(bank)
    const at = (i: number): Uint8Array => values.slice(i * size, (i + 1) * size)
    return { bank, values: new Map(pcrs.map((pcr, i) => [pcr, at(i)])) }
  })
}

const name = concatBytes(fromHex('000b'), fromHex('5a'.repeat(32)))
const otherName = concatBytes(fromHex('000c'), fromHex('a5'.repeat(48)))
const reference = utf8('a reference')

describe.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s policies are those of a TPM', (hash) => {
  const digest = digestOf(hash, utf8('something'))
  const simple: readonly (readonly [string, PolicyStep, () => Call])[] = [
    ['the owner', policySecret(hierarchyName('owner')), () => ['policysecret', '-c', 'o']],
    [
      'the endorsement hierarchy, with a reference',
      policySecret(hierarchyName('endorsement'), reference),
      () => ['policysecret', '-c', 'e', '-q', toHex(reference)],
    ],
    ['the lockout', policySecret(handleName(0x4000_000a)), () => ['policysecret', '-c', 'l']],
    ['an NV index', policySecret(computeNvName(nvPublic)), () => ['policysecret', '-c', '0x1500001']],
    [
      'an approval',
      policyAuthorize(name, reference),
      () => {
        tools.write('name', name)
        tools.write('approved', new Uint8Array(hashFacts(hash).size))
        return ['policyauthorize', '-i', 'approved', '-n', 'name', '-q', toHex(reference)]
      },
    ],
    [
      'an approval in NV memory',
      policyAuthorizeNV(computeNvName(nvPublic)),
      () => ['policyauthorizenv', '-C', 'o', '0x1500001'],
    ],
    ['an HMAC with the password', policyAuthValue, () => ['policyauthvalue']],
    ['the password', policyPassword, () => ['policypassword']],
    ['a command', policyCommandCode('TPM2_Unseal'), () => ['policycommandcode', 'TPM2_CC_Unseal']],
    ['a written index', policyNvWritten(true), () => ['policynvwritten', 's']],
    ['an index that never was written', policyNvWritten(false), () => ['policynvwritten', 'c']],
    ['locality 3', policyLocality([3]), () => ['policylocality', 'three']],
    ['localities 0 and 1', policyLocality([0, 1]), () => ['policylocality', '3']],
    ['an extended locality', policyLocality([0x81]), () => ['policylocality', '129']],
    [
      'parameters',
      policyCpHash(digest),
      () => {
        tools.write('digest', encode(tpm2bDigest, digest))
        return ['policycphash', '--cphash', 'digest']
      },
    ],
    [
      'names',
      policyNameHash(digest),
      () => {
        tools.write('digest', digest)
        return ['policynamehash', '-n', 'digest']
      },
    ],
    [
      'a template',
      policyTemplate(digest),
      () => {
        tools.write('digest', digest)
        return ['policytemplate', '--template-hash', 'digest']
      },
    ],
    [
      'one new parent for one object',
      policyDuplicationSelect({ objectName: name, newParentName: otherName }),
      () => {
        tools.write('object', name)
        tools.write('parent', otherName)
        return ['policyduplicationselect', '-n', 'object', '-N', 'parent', '--include-object']
      },
    ],
    [
      'one new parent for any object',
      policyDuplicationSelect({ newParentName: otherName }),
      () => {
        tools.write('parent', otherName)
        return ['policyduplicationselect', '-N', 'parent']
      },
    ],
    [
      'time',
      policyCounterTimer({ operation: 'unsignedLt', operandB: fromHex('000000000000ea60') }),
      () => ['policycountertimer', '--ult', '60000'],
    ],
    [
      'resets',
      policyCounterTimer({ operation: 'eq', operandB: fromHex('00000001'), offset: 16 }),
      () => ['policycountertimer', '--eq', 'resets=1'],
    ],
  ]
  test.each(simple)('%s', (_what, step, call) => {
    const [tool, ...args] = call()
    expect(ours(hash, step)).toBe(trial(hash, [tool, ...args]))
  })

  test.each([
    ['eq', 'eq'],
    ['neq', 'neq'],
    ['signedGt', 'sgt'],
    ['unsignedGt', 'ugt'],
    ['signedLt', 'slt'],
    ['unsignedLt', 'ult'],
    ['signedGe', 'sge'],
    ['unsignedGe', 'uge'],
    ['signedLe', 'sle'],
    ['unsignedLe', 'ule'],
    ['bitSet', 'bs'],
    ['bitClear', 'bc'],
  ] as const)('NV content compared by %s', (operation, option) => {
    const operandB = utf8('345')
    tools.write('operand', operandB)
    const call: Call = ['policynv', '-C', 'o', '-i', 'operand', '--offset', '2', '0x1500001', option]
    const step = policyNV(computeNvName(nvPublic), { operation, operandB, offset: 2 })
    expect(ours(hash, step)).toBe(trial(hash, call))
  })

  test.each([
    ['sha256:0', [['sha256', [0]]]],
    ['sha256:0,7,23', [['sha256', [0, 7, 23]]]],
    [
      'sha384:1,7+sha1:0,23',
      [
        ['sha384', [1, 7]],
        ['sha1', [0, 23]],
      ],
    ],
  ] as const)('PCRs %s', (list, selection) => {
    expect(ours(hash, policyPCR(readPcrs(selection)))).toBe(trial(hash, ['policypcr', '-l', list]))
  })

  test('a signature', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    tools.write('key.pem', utf8(publicKey.export({ type: 'spki', format: 'pem' }).toString()))
    tools.run('loadexternal', '-C', 'n', '-G', 'ecc', '-u', 'key.pem', '-c', 'key', '-n', 'key.name')
    tools.flush()
    // What is signed: no nonce, an expiration of 0, no cpHash, the reference.
    tools.write('signature', sign('sha256', concatBytes(new Uint8Array(4), reference), privateKey))
    const files = ['-c', 'key', '-s', 'signature', '-f', 'ecdsa', '-g', 'sha256', '-q', toHex(reference)]
    expect(ours(hash, policySigned(tools.read('key.name'), reference))).toBe(
      trial(hash, ['policysigned', ...files]),
    )
  })

  test('two to eight branches, and what comes after them', () => {
    const all = (
      [
        'TPM2_Unseal',
        'TPM2_Sign',
        'TPM2_Quote',
        'TPM2_Load',
        'TPM2_Import',
        'TPM2_Clear',
        'TPM2_Certify',
        'TPM2_NV_Read',
      ] as const
    ).map((command) => computePolicyDigest(hash, policyCommandCode(command)))
    for (const count of [2, 3, 8]) {
      const branches = all.slice(0, count)
      for (const [i, branch] of branches.entries()) tools.write(`branch${i}`, branch)
      const list = `${hash}:${branches.map((_, i) => `branch${i}`).join(',')}`
      expect(ours(hash, policyOR(...branches), policyAuthValue)).toBe(
        trial(hash, ['policyor', '-l', list], ['policyauthvalue']),
      )
      // As in a session: the first branch, then the choice.
      expect(ours(hash, policyCommandCode('TPM2_Unseal'), policyOR(...branches))).toBe(
        trial(hash, ['policycommandcode', 'TPM2_CC_Unseal'], ['policyor', '-l', list]),
      )
    }
  })

  test('several assertions in their order', () => {
    const steps = [policyPCR(readPcrs([['sha256', [7]]])), policyAuthValue, policyCommandCode('TPM2_Unseal')]
    const calls: Call[] = [
      ['policypcr', '-l', 'sha256:7'],
      ['policyauthvalue'],
      ['policycommandcode', 'TPM2_CC_Unseal'],
    ]
    expect(ours(hash, ...steps)).toBe(trial(hash, ...calls))
    expect(ours(hash, ...steps.toReversed())).toBe(trial(hash, ...calls.toReversed()))
    expect(ours(hash, ...steps)).not.toBe(ours(hash, ...steps.toReversed()))
  })

  test('physical presence, which no tool asserts', async () => {
    const transport = await connectSwtpmTcp({ port: peer.tcpPort })
    try {
      const id = { sha1: '0004', sha256: '000b', sha384: '000c', sha512: '000d' }[hash]
      const send = async (hex: string): Promise<string> => toHex(await transport.transmit(fromHex(hex)))
      const nonce = `0010${'00'.repeat(16)}`
      const started = await send(`80010000002b${'00000176'}${'40000007'.repeat(2)}${nonce}0000030010${id}`)
      const session = started.slice(20, 28)
      expect(await send(`80010000000e00000187${session}`)).toBe('80010000000a00000000')
      const answer = await send(`80010000000e00000189${session}`)
      await send(`80010000000e00000165${session}`)
      expect(answer.slice(24)).toBe(ours(hash, policyPhysicalPresence))
    } finally {
      await transport.close()
    }
  })
})

test('tpm2_createpolicy agrees on PCRs', () => {
  tools.run('createpolicy', '--policy-pcr', '-l', 'sha256:0,7', '-g', 'sha256', '-L', 'policy')
  tools.flush()
  expect(ours('sha256', policyPCR(readPcrs([['sha256', [0, 7]]])))).toBe(toHex(tools.read('policy')))
})

test('the policies of endorsement keys are those that a TPM comes to', () => {
  expect(toHex(ekPolicies.A.sha256)).toBe(trial('sha256', ['policysecret', '-c', 'e']))
  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    tools.write('a', computePolicyDigest(hash, policySecret(hierarchyName('endorsement'))))
    const index = { sha256: 0x1c0_7f01, sha384: 0x1c0_7f02, sha512: 0x1c0_7f03 }[hash]
    const indexName = computeNvName({
      nvIndex: index,
      nameAlg: hash,
      attributes: nvAttributes(
        'ordinary',
        'policyWrite',
        'writeAll',
        'ppRead',
        'ownerRead',
        'authRead',
        'policyRead',
        'noDA',
        'written',
      ),
      authPolicy: computePolicyDigest(hash, policySecret(hierarchyName('endorsement'))),
      dataSize: hashFacts(hash).size + 2,
    })
    tools.write('c', computePolicyDigest(hash, policyAuthorizeNV(indexName)))
    expect(trial(hash, ['policyor', '-l', `${hash}:a,c`])).toBe(toHex(ekPolicies.B[hash]))
  }
})

test('a command that the TPM is about to run has the cpHash that we compute', () => {
  // tpm2_unseal --cphash computes it instead of running the command: no parameters, one handle.
  tools.run('createprimary', '-C', 'o', '-c', 'primary')
  tools.flush()
  tools.write('data', utf8('sealed'))
  tools.run('create', '-C', 'primary', '-i', 'data', '-u', 'sealed.pub', '-r', 'sealed.priv')
  tools.flush()
  tools.run(
    'load',
    '-C',
    'primary',
    '-u',
    'sealed.pub',
    '-r',
    'sealed.priv',
    '-c',
    'sealed',
    '-n',
    'sealed.name',
  )
  tools.flush()
  tools.run('unseal', '-c', 'sealed', '--cphash', 'cphash')
  tools.flush()
  const sealed = tools.read('sealed.name')
  const command = { command: 'TPM2_Unseal', names: [sealed], parameters: new Uint8Array() } as const
  expect(toHex(tools.read('cphash'))).toContain(toHex(computeCpHash('sha256', command)))
  expect(toHex(computeNameHash('sha256', [sealed]))).toBe(toHex(digestOf('sha256', sealed)))
})
