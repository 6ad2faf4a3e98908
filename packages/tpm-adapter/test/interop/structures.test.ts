import { fromHex, toHex } from '@trusthold/core/bytes'
import { type Codec, decode, encode, u32 } from '@trusthold/core/codec'
import {
  computeName,
  computeNvName,
  ekTemplates,
  hashAlgorithms,
  type TpmsCapabilityData,
  type TpmtPublic,
  tpm2bPublic,
  tpmAlgId,
  tpmaAlgorithm,
  tpmaCc,
  tpmaNv,
  tpmaObject,
  tpmCc,
  tpmEccCurve,
  tpmProperties,
  tpmsCapabilityData,
  tpmsNvPublic,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { connectSwtpmTcp } from '../../src/index.js'
import { startTools } from '../tpm2-tools.js'

const { peer, tools } = await startTools()

/** The parameters of the TPM's answer to a command without sessions. */
async function ask(code: number, ...words: readonly number[]): Promise<Uint8Array> {
  const transport = await connectSwtpmTcp({ port: peer.tcpPort })
  try {
    const size = 10 + 4 * words.length
    const command = fromHex(`8001${[size, code, ...words].map((word) => toHex(encode(u32, word))).join('')}`)
    const response = await transport.transmit(command)
    expect(toHex(response.subarray(6, 10))).toBe('00000000')
    return response.subarray(10)
  } finally {
    await transport.close()
  }
}

type Capability = TpmsCapabilityData['capability']
type ListOf<C extends Capability> = Extract<TpmsCapabilityData, { capability: C }>['data']

/** A capability by our codec; its bytes are written back as they came. */
async function capability<C extends Capability>(name: C, code: number, first: number): Promise<ListOf<C>> {
  const answer = (await ask(0x17a, code, first, 0x100)).subarray(1)
  const value = decode(tpmsCapabilityData, answer)
  expect(encode(tpmsCapabilityData, value)).toEqual(answer)
  expect(value.capability).toBe(name)
  return value.data as ListOf<C>
}

/** Blocks of what the tools print: a heading, and members below it. */
function blocksOf(text: string): Map<string, Map<string, string>> {
  const blocks = new Map<string, Map<string, string>>()
  let members = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, indent, name, value] = /^(\s*)([^:\s][^:]*):\s*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    if (indent === '') {
      members = new Map(value === '' ? [] : [['value', value]])
      blocks.set(name, members)
    } else members.set(name, value)
  }
  return blocks
}
const word = <T>(codec: Codec<T>, value: T): number => decode(u32, encode(codec, value))

describe('capabilities are those that tpm2_getcap shows', () => {
  test('commands and their attributes', async () => {
    const shown = blocksOf(tools.run('getcap', 'commands'))
    const commands = await capability('commands', 2, 0)
    const ours = commands.map((each) => [
      decode(tpmCc, encode(u32, each.commandIndex)),
      word(tpmaCc, each),
      String(Number(each.nv)),
      `0x${each.cHandles.toString(16)}`,
      String(Number(each.rHandle)),
    ])
    const theirs = [...shown].map(([name, members]) => [
      // The tools know no name for TPM2_CertifyX509.
      name.startsWith('TPM2_CC_') ? name.replace('TPM2_CC_', 'TPM2_') : 'TPM2_CertifyX509',
      Number(members.get('value')),
      members.get('nv'),
      members.get('cHandles'),
      members.get('rHandle'),
    ])
    expect(ours).toEqual(theirs)
  })

  test('algorithms and their attributes', async () => {
    const flags = ['asymmetric', 'symmetric', 'hash', 'object', 'signing', 'encrypting', 'method'] as const
    const shown = blocksOf(tools.run('getcap', 'algorithms'))
    const theirs = [...shown].map(([name, members]) => [name, ...flags.map((flag) => members.get(flag))])
    const algs = await capability('algs', 0, 0)
    const ours = algs.map(({ alg, algProperties }) => [
      alg,
      ...flags.map((flag) => String(Number(algProperties[flag]))),
    ])
    expect(ours).toEqual(theirs)
    for (const { algProperties } of algs) expect(word(tpmaAlgorithm, algProperties)).toBeLessThan(0x800)
  })

  test.each([
    ['properties-fixed', 0x100],
    ['properties-variable', 0x200],
  ])('%s', async (list, first) => {
    const plain = (name: string): string => name.toUpperCase().replaceAll('_', '')
    const shown = blocksOf(tools.run('getcap', list))
    const ours = new Map(
      (await capability('tpmProperties', 6, first)).map(({ property, value }) => [
        plain(String(property)),
        value,
      ]),
    )
    const theirs = [...shown].map(([name, members]) => ({
      name: plain(name).replace('TPM2PT', ''),
      value: Number(members.get('raw') ?? members.get('value')),
    }))
    expect(theirs.length).toBeGreaterThan(15)
    for (const { name, value } of theirs) {
      // The tool misspells one name, and spells out the bits of two.
      const known = [...ours.keys()].includes(name)
      if (known && !Number.isNaN(value)) expect([name, ours.get(name)]).toEqual([name, value])
      expect(known || Object.keys(tpmProperties).map(plain).includes(name), name).toBe(true)
    }
  })

  test('curves, PCR banks and handles', async () => {
    const curves = await capability('eccCurves', 8, 0)
    const shown = [...blocksOf(tools.run('getcap', 'ecc-curves')).values()]
    expect(
      curves.map((curve) => decode(u32, Uint8Array.of(0, 0, ...encode(tpmEccCurve, curve as 'P-256')))),
    ).toEqual(shown.map((members) => Number(members.get('value'))))
    const banks = await capability('pcrs', 5, 0)
    const lines = tools.run('getcap', 'pcrs').split('\n').slice(1, -1)
    expect(
      banks.map(({ hash, pcrs }) => `  - ${hash}: [ ${pcrs.length ? `${pcrs.join(', ')} ` : ''}]`),
    ).toEqual(lines)
    const handles = await capability('handles', 1, 0x0100_0000)
    const listed = tools.run('getcap', 'handles-nv-index').trim().split('\n')
    expect(handles).toEqual(listed.map((line) => Number(line.replace('- ', ''))))
  })
})

describe('NV indices are those that tpm2_nvreadpublic shows', () => {
  test('names, attributes and sizes', async () => {
    tools.run('nvdefine', '0x1500001', '-s', '8', '-a', 'ownerread|ownerwrite|authread|no_da')
    tools.run('nvdefine', '0x1500002', '-g', 'sha384', '-a', 'ownerread|ownerwrite|nt=counter|orderly')
    tools.run('nvdefine', '0x1500003', '-g', 'sha1', '-a', 'ownerread|ownerwrite|nt=bits|read_stclear')
    const indices = await capability('handles', 1, 0x0100_0000)
    for (const index of indices) {
      const answer = await ask(0x169, index)
      const size = ((answer[0] as number) << 8) | (answer[1] as number)
      const bytes = answer.subarray(2, 2 + size)
      const nvPublic = decode(tpmsNvPublic, bytes)
      expect(encode(tpmsNvPublic, nvPublic)).toEqual(bytes)
      const shown = tools.run('nvreadpublic', `0x${index.toString(16)}`)
      const [, name] = /name: (\w+)/.exec(shown) ?? []
      const values = [...shown.matchAll(/value: 0x(\w+)/g)].map(([, hex]) =>
        Number.parseInt(hex as string, 16),
      )
      expect(toHex(computeNvName(nvPublic))).toBe(name)
      expect(toHex(computeNvName(bytes))).toBe(name)
      expect(values.at(-1)).toBe(word(tpmaNv, nvPublic.attributes))
      expect(shown).toContain(`size: ${nvPublic.dataSize}`)
      expect(shown).toContain(`friendly: ${nvPublic.nameAlg}`)
    }
    expect(indices.length).toBeGreaterThan(5)
  })
})

describe('public areas are those that tpm2_print shows', () => {
  const check = (publicArea: TpmtPublic, shown: string): void => {
    const blocks = blocksOf(shown)
    const raw = (name: string): number => Number(blocks.get(name)?.get('raw'))
    expect(raw('attributes')).toBe(word(tpmaObject, publicArea.objectAttributes))
    const names = [raw('name-alg'), raw('type')].map((id) =>
      decode(tpmAlgId, Uint8Array.of(id >> 8, id & 0xff)),
    )
    expect(names).toEqual([publicArea.nameAlg, publicArea.type])
    expect(shown.includes('authorization policy')).toBe(publicArea.authPolicy.length > 0)
    if (publicArea.authPolicy.length > 0) expect(shown).toContain(toHex(publicArea.authPolicy))
    const unique = publicArea.type === 'ecc' ? publicArea.unique.x : publicArea.unique
    expect(shown).toContain(toHex(unique))
  }

  test.each(Object.values(ekTemplates).filter(({ name }) => name !== 'H-5'))(
    'template $name, as we write it',
    ({ publicArea }) => {
      const unique = new Uint8Array(32).fill(0x5a)
      const key: TpmtPublic =
        publicArea.type === 'rsa'
          ? { ...publicArea, unique }
          : { ...publicArea, unique: { x: unique, y: unique } }
      tools.write('ours', encode(tpm2bPublic, key))
      check(key, tools.run('print', '-t', 'TPM2B_PUBLIC', 'ours'))
      tools.write('ours', encode(tpmtPublic, key))
      check(key, tools.run('print', '-t', 'TPMT_PUBLIC', 'ours'))
    },
  )

  test.each([
    ['rsa3072:oaep-sha384', 'sha384', 'decrypt'],
    ['rsa2048:rsassa-sha512', 'sha512', 'sign'],
    ['ecc384:ecdsa-sha384', 'sha256', 'sign'],
    ['ecc:ecdaa4-sha256', 'sha1', 'sign'],
    ['hmac:sha512', 'sha256', 'sign'],
    ['xor:sha256', 'sha256', 'decrypt'],
    ['camellia128cfb', 'sha256', 'sign|decrypt'],
  ])('%s with names of %s, as the TPM makes it', (kind, hash, use) => {
    tools.run('createprimary', '-C', 'o', '-c', 'primary')
    tools.flush()
    const attributes = `fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|${use}`
    const files = ['-u', 'object.pub', '-r', 'object.priv']
    tools.run('create', '-C', 'primary', '-G', kind, '-g', hash, '-a', attributes, ...files)
    tools.flush()
    tools.run('load', '-C', 'primary', ...files, '-c', 'object', '-n', 'object.name')
    tools.flush()
    const bytes = tools.read('object.pub')
    const publicArea = decode(tpm2bPublic, bytes)
    expect(encode(tpm2bPublic, publicArea)).toEqual(bytes)
    check(publicArea, tools.run('print', '-t', 'TPM2B_PUBLIC', 'object.pub'))
    expect(toHex(computeName(publicArea))).toBe(toHex(tools.read('object.name')))
    expect(hashAlgorithms).toContain(publicArea.nameAlg)
  })
})
