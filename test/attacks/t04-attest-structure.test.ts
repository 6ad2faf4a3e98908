import { generateKeyPairSync } from 'node:crypto'
import {
  akTemplates,
  computeName,
  computeQualifiedName,
  hierarchyName,
  type TpmsAttest,
} from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { challengeIn, ForgedHost, type Lies, type QuoteAttest } from './forged-host.js'
import { createRig, type Rig, refusedBy, send } from './rig.js'

let rig: Rig
beforeAll(async () => {
  rig = await createRig()
})
afterAll(() => rig.close())

const patch =
  (at: number, bytes: readonly number[]) =>
  (message: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(message)
    copy.set(bytes, at)
    return copy
  }

/** Statements of other kinds that a TPM would sign, with the challenge's qualifying data in them. */
const otherStatements: Readonly<Record<string, Pick<TpmsAttest, 'type' | 'attested'>>> = {
  certify: { type: 'certify', attested: { name: new Uint8Array(34), qualifiedName: new Uint8Array(34) } },
  creation: {
    type: 'creation',
    attested: { objectName: new Uint8Array(34), creationHash: new Uint8Array(32) },
  },
  nv: { type: 'nv', attested: { indexName: new Uint8Array(34), offset: 0, nvContents: new Uint8Array(8) } },
  nvDigest: { type: 'nvDigest', attested: { indexName: new Uint8Array(34), nvDigest: new Uint8Array(32) } },
  sessionAudit: {
    type: 'sessionAudit',
    attested: { exclusiveSession: true, sessionDigest: new Uint8Array(32) },
  },
}

describe('T-04 the attested structure is exactly a quote for this challenge by this key', () => {
  test('the truth passes', async () => {
    expect((await rig.attest()).attested).toBe(true)
  })

  const lies: readonly (readonly [string, Lies, string])[] = [
    ['magic', { message: patch(0, [0xff, 0x54, 0x43, 0x48]) }, 'quote.structure'],
    ['type, as bytes', { message: patch(4, [0x80, 0x17]) }, 'quote.structure'],
    ['a reserved type', { message: patch(4, [0x80, 0x1b]) }, 'quote.structure'],
    ['trailing bytes', { message: (m) => Uint8Array.of(...m, 0) }, 'quote.structure'],
    ['a truncated structure', { message: (m) => m.subarray(0, m.length - 1) }, 'quote.structure'],
    [
      'qualifiedSigner of another key',
      { attest: (a) => ({ ...a, qualifiedSigner: new Uint8Array(34) }) },
      'quote.signer',
    ],
    [
      'an empty qualifiedSigner',
      { attest: (a) => ({ ...a, qualifiedSigner: new Uint8Array() }) },
      'quote.signer',
    ],
    ['another nonce', { nonce: () => new Uint8Array(32) }, 'quote.nonce'],
    ['no nonce', { nonce: () => new Uint8Array() }, 'quote.nonce'],
    ['a nonce with something after it', { nonce: (n) => Uint8Array.of(...n, 0) }, 'quote.nonce'],
    ['the start of the nonce', { nonce: (n) => n.subarray(0, 31) }, 'quote.nonce'],
    [
      'a signature by another key',
      { signer: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey },
      'quote.signature',
    ],
    [
      'another digest',
      { attest: (a) => ({ ...a, attested: { ...a.attested, pcrDigest: new Uint8Array(32) } }) },
      'quote.pcr-digest',
    ],
    ...Object.entries(otherStatements).map(
      ([name, statement]) =>
        [
          `a statement of type ${name}`,
          { attest: (a: QuoteAttest) => ({ ...a, ...statement }) as TpmsAttest },
          'quote.type',
        ] as const,
    ),
  ]
  test.each(lies)('%s', async (_, lie, check) => {
    expect(await refusedBy(rig.attest(lie))).toEqual([check])
  })

  test('the name in place of the qualified name', async () => {
    const name = computeName(rig.host.attestationKey.publicArea)
    expect(await refusedBy(rig.attest({ attest: (a) => ({ ...a, qualifiedSigner: name }) }))).toEqual([
      'quote.signer',
    ])
  })

  test('a key of the owner hierarchy, whose counters the TPM obfuscates', async () => {
    const name = computeName(rig.host.attestationKey.publicArea)
    const owner = computeQualifiedName(hierarchyName('owner'), name)
    expect(await refusedBy(rig.attest({ attest: (a) => ({ ...a, qualifiedSigner: owner }) }))).toEqual([
      'quote.signer',
    ])
  })

  test.each(['restricted', 'sign', 'fixedTPM', 'fixedParent', 'sensitiveDataOrigin'] as const)(
    'an attestation key without %s is refused before anything is quoted',
    async (attribute) => {
      const template = akTemplates['rsa-2048']
      const objectAttributes = { ...template.objectAttributes, [attribute]: false }
      const host = new ForgedHost({ ...template, objectAttributes })
      await rig.authority.attestation.endorsementKeys.create(`without ${attribute}`, {
        publicArea: host.endorsementKey.area,
      })
      expect(await refusedBy(send(rig, host.hello()))).toEqual(['attestation-key.attributes'])
    },
  )

  test('an attestation key whose name is a SHA-1 digest, for which two keys could be found', async () => {
    const host = new ForgedHost({ ...akTemplates['rsa-2048'], nameAlg: 'sha1' })
    await rig.authority.attestation.endorsementKeys.create('sha1', { publicArea: host.endorsementKey.area })
    expect(await refusedBy(send(rig, host.hello()))).toEqual(['attestation-key.attributes'])
  })

  test('a quote over the binding key of someone else', async () => {
    const challenge = challengeIn(await send(rig, rig.host.hello()))
    const honest = rig.host.bindingKeyThumbprint
    rig.host.bindingKeyThumbprint = new Uint8Array(32).fill(7)
    const answer = rig.host.answer(challenge)
    rig.host.bindingKeyThumbprint = honest
    expect(await refusedBy(send(rig, answer))).toEqual(['quote.nonce'])
  })
})
