import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { type Codec, decode, encode } from '../../src/codec/index.js'
import {
  computeName,
  computeNvName,
  computeQualifiedName,
  digestOf,
  ekTemplates,
  hierarchyName,
  matchesTemplate,
  publicKeyOf,
  tpmaCc,
  tpmsAttest,
  tpmsCapabilityData,
  tpmsContext,
  tpmsCreationData,
  tpmsNvPublic,
  tpmtPublic,
  tpmtSignature,
  tpmtTkAuth,
  tpmtTkCreation,
  tpmtTkHashcheck,
  tpmtTkVerified,
  verifySignature,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { recordedObjects as recorded } from './recorded.js'

/** The value of the bytes; they are written back as they were and not taken when anything is missing or follows. */
function exact<T>(codec: Codec<T>, hex: string): T {
  const bytes = fromHex(hex)
  const value = decode(codec, bytes)
  expect(toHex(encode(codec, value))).toBe(hex)
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decode(codec, bytes.subarray(0, length))).toThrow(codeOf('CODEC_UNDERFLOW'))
  }
  expect(() => decode(codec, fromHex(`${hex}00`))).toThrow(codeOf('CODEC_TRAILING'))
  return value
}

describe('objects of a TPM', () => {
  it.each(recorded.endorsementKeys)('endorsement key $template has the template and names of ours', (key) => {
    const publicArea = exact(tpmtPublic, key.public)
    for (const { name, publicArea: template } of Object.values(ekTemplates)) {
      expect(matchesTemplate(publicArea, template)).toBe(name === key.template)
    }
    const name = computeName(fromHex(key.public))
    expect(toHex(name)).toBe(key.name)
    expect(toHex(computeName(publicArea))).toBe(key.name)
    expect(toHex(computeQualifiedName(hierarchyName('endorsement'), name))).toBe(key.qualifiedName)
  })

  it.each(recorded.publicAreas)('$kind is written back, and named as the TPM names it', (object) => {
    const publicArea = exact(tpmtPublic, object.public)
    expect(toHex(computeName(publicArea))).toBe(object.name)
    const parent = fromHex(object.parentQualifiedName)
    expect(toHex(computeQualifiedName(parent, fromHex(object.name)))).toBe(object.qualifiedName)
  })

  it.each(recorded.nvIndices)('NV index $public is written back, and named as the TPM names it', (index) => {
    const nvPublic = exact(tpmsNvPublic, index.public)
    expect(toHex(computeNvName(nvPublic))).toBe(index.name)
    expect(toHex(computeNvName(fromHex(index.public)))).toBe(index.name)
    const written = { ...nvPublic.attributes, written: !nvPublic.attributes.written }
    expect(toHex(computeNvName({ ...nvPublic, attributes: written }))).not.toBe(index.name)
  })

  it('NV indices have the attributes that were asked for', () => {
    const set = recorded.nvIndices.map(({ public: hex }) => {
      const { attributes } = decode(tpmsNvPublic, fromHex(hex))
      const { nt, ...flags } = attributes
      return [nt, ...Object.keys(flags).filter((flag) => flags[flag as keyof typeof flags])].join(' ')
    })
    expect(set).toEqual([
      'ordinary ownerWrite ownerRead authRead noDA written',
      'counter ownerWrite ownerRead written',
      'bits policyWrite ownerRead orderly',
      'extend authWrite authRead clearStClear',
      'pinFail ownerWrite ownerRead authRead noDA',
      'pinPass ownerWrite ownerRead policyRead',
      'ordinary ownerWrite writeLocked writeDefine writeStClear ownerRead readLocked readStClear',
    ])
  })

  it('contexts are written back', () => {
    const [object, session] = recorded.contexts.map((hex) => exact(tpmsContext, hex))
    expect(object).toMatchObject({ savedHandle: 0x8000_0000, hierarchy: 'owner' })
    expect((session?.savedHandle ?? 0) >>> 24).toBe(0x02)
    expect(session?.hierarchy).toBe('null')
  })
})

describe('statements and proofs of a TPM', () => {
  it('the digest of NV content is signed as a statement of its own', () => {
    const { message, nvContent, signer } = recorded.nvDigest
    const attest = exact(tpmsAttest, message)
    if (attest.type !== 'nvDigest') throw new Error(attest.type)
    expect(toHex(attest.attested.nvDigest)).toBe(toHex(digestOf('sha256', fromHex(nvContent))))
    expect(toHex(attest.attested.indexName)).toBe(recorded.nvIndices[0]?.name)
    expect(toHex(attest.qualifiedSigner)).toBe(signer)
    const publicArea = exact(tpmtPublic, recorded.nvDigest.public)
    const signature = exact(tpmtSignature, recorded.nvDigest.signature)
    const key = publicKeyOf(publicArea)
    expect(verifySignature({ key, publicArea, signature, message: fromHex(message) })).toBe(true)
    expect(verifySignature({ key, publicArea, signature, message: fromHex(`${message}00`) })).toBe(false)
  })

  it('creation data has what was asked for, and the digest that the TPM certifies', () => {
    const { nameAlg, data, hash, ticket, parentName, parentQualifiedName } = recorded.creation
    const creation = exact(tpmsCreationData, data)
    expect(toHex(digestOf(nameAlg, fromHex(data)))).toBe(hash)
    expect(creation).toMatchObject({
      pcrSelect: [
        { hash: 'sha256', sizeofSelect: 3, pcrs: [0, 7] },
        { hash: 'sha1', sizeofSelect: 3, pcrs: [1] },
      ],
      locality: [0],
      parentNameAlg: 'sha384',
      outsideInfo: fromHex('cafe'),
    })
    expect(toHex(creation.parentName)).toBe(parentName)
    expect(toHex(creation.parentQualifiedName)).toBe(parentQualifiedName)
    expect(exact(tpmtTkCreation, ticket).hierarchy).toBe('owner')
  })

  it('tickets are written back', () => {
    const { hashcheck, verified, authSecret, authSigned } = recorded.tickets
    expect(exact(tpmtTkHashcheck, hashcheck)).toMatchObject({ tag: 0x8024, hierarchy: 'owner' })
    expect(exact(tpmtTkVerified, verified)).toMatchObject({ tag: 0x8022, hierarchy: 'owner' })
    expect(exact(tpmtTkAuth, authSecret)).toMatchObject({ tag: 'authSecret', hierarchy: 'owner' })
    expect(exact(tpmtTkAuth, authSigned)).toMatchObject({ tag: 'authSigned', hierarchy: 'owner' })
  })
})

describe('capabilities of a TPM', () => {
  it.each(recorded.capabilities)('$capability are written back', ({ capability, data }) => {
    expect(exact(tpmsCapabilityData, data).capability).toBe(capability)
  })

  const all = recorded.capabilities.map(({ data }) => decode(tpmsCapabilityData, fromHex(data)))

  it('have names for all that it has', () => {
    for (const { capability, data } of all) {
      if (capability === 'algs') expect(data.filter(({ alg }) => typeof alg === 'number')).toEqual([])
      if (capability === 'eccCurves') expect(data.filter((each) => typeof each === 'number')).toEqual([])
      if (capability === 'tpmProperties') {
        expect(data.filter(({ property }) => typeof property === 'number')).toEqual([])
      }
      if (capability === 'pcrProperties') {
        expect(data.filter(({ tag }) => typeof tag === 'number')).toEqual([])
      }
    }
  })

  it('say what the PC Client profile asks for', () => {
    const of = <C extends (typeof all)[number]['capability']>(name: C) =>
      all.filter((each): each is Extract<(typeof all)[number], { capability: C }> => each.capability === name)
    const [algs] = of('algs')
    expect(algs?.data.find(({ alg }) => alg === 'rsa')?.algProperties).toMatchObject({
      asymmetric: true,
      object: true,
      hash: false,
    })
    const [resettable] = of('pcrProperties').flatMap(({ data }) =>
      data.filter(({ tag }) => tag === 'resetL0'),
    )
    expect(resettable?.pcrSelect.pcrs).toEqual([16, 23])
    const [fixed] = of('tpmProperties')
    expect(fixed?.data.find(({ property }) => property === 'familyIndicator')?.value).toBe(0x322e_3000)
    const [commands] = of('commands')
    const create = commands?.data.find(({ commandIndex }) => commandIndex === 0x131)
    expect(create).toMatchObject({ cHandles: 1, rHandle: true, v: false })
    expect(commands?.data.every((each) => encode(tpmaCc, each).length === 4)).toBe(true)
    expect(of('ppCommands')[0]?.data).toEqual(['TPM2_PP_Commands'])
    expect(of('auditCommands')[0]?.data).toEqual(['TPM2_SetCommandCodeAuditStatus'])
  })
})
