import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes, exportJwk, fromBase64url, fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import {
  akTemplates,
  computeName,
  computeNvName,
  computePolicyDigest,
  computeQualifiedName,
  type EccPublic,
  type EkTemplateName,
  ekPolicies,
  ekTemplates,
  hashFacts,
  hierarchyName,
  makeCredential,
  matchesTemplate,
  nvAttributes,
  openCredential,
  policyAuthorizeNV,
  policyOR,
  policySecret,
  type RsaPublic,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'

/** What a software TPM and tpm2-tools made; bytes are hexadecimal. The scripts beside the files say how. */
const recording = <T>(name: string): T =>
  JSON.parse(
    readFileSync(new URL(`../../packages/core/test/tpm2/vectors/${name}`, import.meta.url), 'utf8'),
  ) as T
const { endorsementKeys } = recording<{
  endorsementKeys: readonly {
    template: EkTemplateName
    public: string
    name: string
    qualifiedName: string
  }[]
}>('objects.json')
const { credentials } = recording<{
  credentials: readonly {
    template: EkTemplateName
    endorsementPublic: string
    privateKey: string
    name: string
    secret: string
    blob: string
  }[]
}>('protected.json')

/** Policies of the EK Credential Profile, as it prints them. */
const a = '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa'
const b = {
  sha256: 'ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0',
  sha384: 'b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12',
  sha512:
    'b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a429c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea',
  sm3: '167860a35f2c5c3567f9c927ac56c032f3b3a6462f8d037998e7a10f77fa454a',
}

/** Templates field by field, as Part 2 writes a TPMT_PUBLIC, and the hash of their names. */
const vectors: Readonly<Record<EkTemplateName, readonly [hash: string, ...fields: string[]]>> = {
  'L-1': [
    'sha256',
    '0001',
    '000b',
    '000300b2',
    `0020${a}`,
    '000600800043',
    '0010',
    '0800',
    '00000000',
    `0100${'00'.repeat(256)}`,
  ],
  'L-2': [
    'sha256',
    '0023',
    '000b',
    '000300b2',
    `0020${a}`,
    '000600800043',
    '0010',
    '0003',
    '0010',
    `0020${'00'.repeat(32)}`.repeat(2),
  ],
  'H-1': [
    'sha256',
    '0001',
    '000b',
    '000300f2',
    `0020${b.sha256}`,
    '000600800043',
    '0010',
    '0800',
    '00000000',
    '0000',
  ],
  'H-2': [
    'sha256',
    '0023',
    '000b',
    '000300f2',
    `0020${b.sha256}`,
    '000600800043',
    '0010',
    '0003',
    '0010',
    '00000000',
  ],
  'H-3': [
    'sha384',
    '0023',
    '000c',
    '000300f2',
    `0030${b.sha384}`,
    '000601000043',
    '0010',
    '0004',
    '0010',
    '00000000',
  ],
  'H-4': [
    'sha512',
    '0023',
    '000d',
    '000300f2',
    `0040${b.sha512}`,
    '000601000043',
    '0010',
    '0005',
    '0010',
    '00000000',
  ],
  'H-5': [
    'sm3',
    '0023',
    '0012',
    '000300f2',
    `0020${b.sm3}`,
    '001300800043',
    '0010',
    '0020',
    '0010',
    '00000000',
  ],
  'H-6': [
    'sha384',
    '0001',
    '000c',
    '000300f2',
    `0030${b.sha384}`,
    '000601000043',
    '0010',
    '0c00',
    '00000000',
    '0000',
  ],
  'H-7': [
    'sha384',
    '0001',
    '000c',
    '000300f2',
    `0030${b.sha384}`,
    '000601000043',
    '0010',
    '1000',
    '00000000',
    '0000',
  ],
}
const names = Object.keys(vectors) as EkTemplateName[]

describe('T-15 templates of endorsement keys', () => {
  test('are all there', () => {
    expect(Object.keys(ekTemplates)).toEqual(names)
  })

  test.each(names)('%s has the bytes of the profile and the name that they give', (template) => {
    const [hash, ...fields] = vectors[template]
    const bytes = fromHex(fields.join(''))
    const { publicArea } = ekTemplates[template]
    expect(toHex(encode(tpmtPublic, publicArea))).toBe(toHex(bytes))
    expect(decode(tpmtPublic, bytes)).toEqual(publicArea)
    const name = `${fields[1]}${createHash(hash).update(bytes).digest('hex')}`
    expect(toHex(computeName(bytes))).toBe(name)
    expect(toHex(computeName(publicArea))).toBe(name)
    const parent = hierarchyName('endorsement')
    const qualified = createHash(hash)
      .update(concatBytes(parent, fromHex(name)))
      .digest('hex')
    expect(toHex(computeQualifiedName(parent, fromHex(name)))).toBe(`${fields[1]}${qualified}`)
  })

  test.each(names)('%s is matched by no other', (template) => {
    const matching = names.filter((other) =>
      matchesTemplate(ekTemplates[template].publicArea, ekTemplates[other].publicArea),
    )
    expect(matching).toEqual([template])
  })

  test.each(names)('%s with any bit of its fields changed is no longer it', (template) => {
    const { publicArea } = ekTemplates[template]
    const bytes = encode(tpmtPublic, publicArea)
    // Up to `unique`, which every key has one of.
    const end =
      bytes.length - (template === 'L-1' ? 258 : template === 'L-2' ? 68 : publicArea.type === 'rsa' ? 2 : 4)
    for (let bit = 0; bit < end * 8; bit++) {
      const changed = bytes.with(bit >> 3, (bytes[bit >> 3] as number) ^ (1 << (bit & 7)))
      let other: ReturnType<typeof decode<typeof publicArea>>
      try {
        other = decode(tpmtPublic, changed) as typeof publicArea
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^CODEC_/) as unknown })
        continue
      }
      expect(matchesTemplate(other, publicArea)).toBe(false)
      if (other.nameAlg !== 'null') expect(toHex(computeName(changed))).not.toBe(toHex(computeName(bytes)))
    }
  })

  test('policies A and B are what the policy commands make of them', () => {
    const secret = policySecret(hierarchyName('endorsement'))
    expect(toHex(computePolicyDigest('sha256', secret))).toBe(a)
    expect(toHex(ekPolicies.A.sha256)).toBe(a)
    const rows = [
      ['sha256', 0x1c0_7f01, b.sha256],
      ['sha384', 0x1c0_7f02, b.sha384],
      ['sha512', 0x1c0_7f03, b.sha512],
      ['sm3_256', 0x1c0_7f04, b.sm3],
    ] as const
    for (const [hash, nvIndex, expected] of rows) {
      const authPolicy = computePolicyDigest(hash, secret)
      const attributes = nvAttributes(
        'ordinary',
        ...(['policyWrite', 'writeAll', 'ppRead', 'ownerRead', 'authRead', 'policyRead'] as const),
        ...(['noDA', 'written'] as const),
      )
      const dataSize = hashFacts(hash).size + 2
      const nvName = computeNvName({ nvIndex, nameAlg: hash, attributes, authPolicy, dataSize })
      const c = computePolicyDigest(hash, policyAuthorizeNV(nvName))
      if (hash !== 'sm3_256') {
        expect([toHex(ekPolicies.A[hash]), toHex(ekPolicies.C[hash])]).toEqual([toHex(authPolicy), toHex(c)])
      }
      expect(toHex(computePolicyDigest(hash, policyOR(authPolicy, c)))).toBe(expected)
      expect(toHex(ekPolicies.B[hash])).toBe(expected)
    }
  })

  test.each(endorsementKeys)('the $template of a TPM has the name it says', (key) => {
    const name = computeName(fromHex(key.public))
    expect(toHex(name)).toBe(key.name)
    expect(toHex(computeQualifiedName(hierarchyName('endorsement'), name))).toBe(key.qualifiedName)
    expect(
      matchesTemplate(decode(tpmtPublic, fromHex(key.public)), ekTemplates[key.template].publicArea),
    ).toBe(true)
  })
})

interface SoftwareKey {
  readonly publicArea: RsaPublic | EccPublic
  readonly privateKey: KeyObject
}

/** A key of a template outside of a TPM. */
function makeKey(template: EkTemplateName): SoftwareKey {
  const { publicArea } = ekTemplates[template]
  const part = (key: KeyObject, member: 'n' | 'x' | 'y'): Uint8Array =>
    fromBase64url(String(exportJwk(key)[member]))
  if (publicArea.type === 'rsa') {
    const modulusLength = publicArea.parameters.keyBits
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
    return { privateKey, publicArea: { ...publicArea, unique: part(publicKey, 'n') } }
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: publicArea.parameters.curveID })
  return {
    privateKey,
    publicArea: { ...publicArea, unique: { x: part(publicKey, 'x'), y: part(publicKey, 'y') } },
  }
}

describe('T-15 credentials', () => {
  const usable = names.filter((name) => name !== 'H-5')
  const objects = (['sha256', 'sha384', 'sha512'] as const).map((nameAlg) =>
    computeName({ ...akTemplates['ecc-p256'], nameAlg }),
  )

  test.each(usable)('for %s open, for names of every hash and secrets of every length', (template) => {
    const { publicArea: endorsementKey, privateKey } = makeKey(template)
    const { size } = hashFacts(endorsementKey.nameAlg as 'sha256')
    for (const objectName of objects) {
      for (const length of [1, 31, size]) {
        const secret = new Uint8Array(length).fill(length)
        const made = makeCredential({ endorsementKey, objectName, secret })
        expect(openCredential({ privateKey, endorsementKey, objectName, ...made })).toEqual(secret)
        for (const other of objects.filter((each) => each !== objectName)) {
          expect(() => openCredential({ privateKey, endorsementKey, objectName: other, ...made })).toThrow(
            expect.objectContaining({ code: 'TPM_CREDENTIAL_INVALID' }),
          )
        }
      }
    }
    const tooLong = { endorsementKey, objectName: objects[0] as Uint8Array, secret: new Uint8Array(size + 1) }
    expect(() => makeCredential(tooLong)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  test.each(['L-2', 'H-2', 'H-3', 'H-4'] as const)(
    'for %s write coordinates as wide as the curve',
    (template) => {
      const { publicArea: endorsementKey } = makeKey(template)
      const width = endorsementKey.type === 'ecc' ? endorsementKey.unique.x.length : 0
      for (let i = 0; i < 40; i++) {
        const { encryptedSecret } = makeCredential({
          endorsementKey,
          objectName: objects[0] as Uint8Array,
          secret: utf8('secret'),
        })
        const sizes = encryptedSecret.length === 2 + 2 * (2 + width)
        expect(sizes && encryptedSecret[3] === width && encryptedSecret[5 + width] === width).toBe(true)
      }
    },
  )

  test('for H-5 are refused by name', () => {
    const { publicArea: endorsementKey } = ekTemplates['H-5']
    expect(() =>
      makeCredential({ endorsementKey, objectName: objects[0] as Uint8Array, secret: utf8('secret') }),
    ).toThrow(expect.objectContaining({ code: 'TPM_ALGORITHM_UNSUPPORTED' }))
  })

  const file = (blob: string) => {
    const bytes = fromHex(blob).subarray(8)
    const length = 2 + ((bytes[0] as number) << 8) + (bytes[1] as number)
    return { credentialBlob: bytes.subarray(0, length), encryptedSecret: bytes.subarray(length) }
  }

  test.each(credentials)('of tpm2_makecredential for $template open', (made) => {
    const endorsementKey = decode(tpmtPublic, fromHex(made.endorsementPublic))
    expect(matchesTemplate(endorsementKey, ekTemplates[made.template].publicArea)).toBe(true)
    const opened = openCredential({
      privateKey: createPrivateKey(made.privateKey),
      endorsementKey,
      objectName: fromHex(made.name),
      ...file(made.blob),
    })
    expect(toHex(opened)).toBe(made.secret)
  })
})
