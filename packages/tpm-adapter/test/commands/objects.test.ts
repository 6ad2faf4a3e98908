import {
  constants,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { exportJwk } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import {
  akTemplates,
  computeName,
  decryptionKeyTemplates,
  digestOf,
  importableKey,
  makeCredential as makeCredentialInSoftware,
  makeDuplicate,
  objectAttributes,
  permanentHandles,
  publicKeyOf,
  sealedObject,
  signingKeyTemplates,
  storageKeyTemplates,
  type TpmtPublic,
  tpmsCreationData,
  tpmtSignature,
  verifySignature as verifyInSoftware,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import {
  activateCredential,
  contextLoad,
  contextSave,
  create,
  createPrimary,
  ecdhZgen,
  evictControl,
  flushContext,
  getCapability,
  getRandom,
  importObject,
  load,
  loadExternal,
  makeCredential,
  passwordSession,
  readAlgorithms,
  readEccCurves,
  readHandles,
  readProperty,
  readPublic,
  rsaDecrypt,
  sign,
  startup,
  unseal,
  verifySignature,
} from '../../src/commands/index.js'
import { codeOf } from '../code-of.js'
import { useLiveTpm } from '../live-tpm.js'

const tpm = useLiveTpm()
const session = passwordSession()
const text = new TextEncoder().encode('what is said')

/** Makes an object under the storage root key, loads it, lends it, and flushes it. */
async function withObject<T>(
  input: { template: TpmtPublic; data?: Uint8Array },
  work: (object: { handle: number; name: Uint8Array; publicArea: TpmtPublic }) => Promise<T>,
): Promise<T> {
  const key = await create(tpm.runner, { parent: tpm.srk, session, ...input })
  const loaded = await load(tpm.runner, { parent: tpm.srk, session, key })
  try {
    return await work({ ...loaded, publicArea: key.publicArea })
  } finally {
    await flushContext(tpm.runner, loaded.handle)
  }
}

describe('a TPM', () => {
  test('that was started up stays so', async () => {
    await startup(tpm.runner)
  })

  test('tells what it has', async () => {
    const algorithms = await readAlgorithms(tpm.runner)
    expect([...algorithms]).toEqual(expect.arrayContaining([0x0001, 0x000b, 0x0023]))
    expect([...(await readEccCurves(tpm.runner))]).toEqual(expect.arrayContaining([0x0003, 0x0004]))
    expect(await readHandles(tpm.runner, 'persistent')).toContain(tpm.srk.handle)
    expect(await readProperty(tpm.runner, 0x105)).toBe(0x49424d00)
    expect(await readProperty(tpm.runner, 0x7fff_0000)).toBeUndefined()
    const { capabilityData } = await getCapability(tpm.runner, {
      capability: 6,
      property: 0x105,
      propertyCount: 1,
    })
    expect(capabilityData).toEqual({
      capability: 'tpmProperties',
      data: [{ property: 'manufacturer', value: 0x49424d00 }],
    })
  })

  test('gives as many random bytes as are asked for', async () => {
    expect(await getRandom(tpm.runner, 0)).toHaveLength(0)
    const [one, other] = [await getRandom(tpm.runner, 150), await getRandom(tpm.runner, 150)]
    expect([one.length, other.length]).toEqual([150, 150])
    expect(one).not.toEqual(other)
  })
})

describe('keys', () => {
  test('are made from a hierarchy, with what proves it', async () => {
    const outsideInfo = Uint8Array.of(1, 2, 3)
    const key = await createPrimary(tpm.runner, {
      hierarchy: permanentHandles.owner,
      session,
      template: storageKeyTemplates['ecc-p256'],
      outsideInfo,
      creationPcrs: [{ hash: 'sha256', sizeofSelect: 3, pcrs: [0, 7] }],
    })
    try {
      expect(key.name).toEqual(computeName(key.publicArea))
      expect(await readPublic(tpm.runner, key)).toEqual(key.publicArea)
      const data = decode(tpmsCreationData, key.creation.data)
      expect(data).toMatchObject({ outsideInfo, parentName: Uint8Array.of(0x40, 0, 0, 1) })
      expect(data.pcrSelect).toEqual([{ hash: 'sha256', sizeofSelect: 3, pcrs: [0, 7] }])
      expect(key.creation.hash).toEqual(digestOf('sha256', key.creation.data))
      expect(key.creation.ticket).toMatchObject({ hierarchy: 'owner' })
    } finally {
      await flushContext(tpm.runner, key.handle)
    }
  })

  test('sign, and their signatures verify here and there', async () => {
    await withObject({ template: signingKeyTemplates['ecc-p256'] }, async (key) => {
      const digest = digestOf('sha256', text)
      const signature = await sign(tpm.runner, { key, session, digest })
      const verifying = { key: publicKeyOf(key.publicArea), signature: decode(tpmtSignature, signature) }
      expect(verifyInSoftware({ ...verifying, message: text })).toBe(true)
      const ticket = await verifySignature(tpm.runner, { key, digest, signature })
      expect(ticket).toMatchObject({ hierarchy: 'owner' })
      const other = digestOf('sha256', digest)
      await expect(verifySignature(tpm.runner, { key, digest: other, signature })).rejects.toThrow(
        codeOf('TPM_RESPONSE', {
          name: 'TPM_RC_SIGNATURE',
          subject: 'parameter',
          index: 2,
          field: 'signature',
        }),
      )
    })
  })

  test('decrypt', async () => {
    await withObject({ template: decryptionKeyTemplates['rsa-2048'] }, async (key) => {
      const label = new TextEncoder().encode('label\0')
      const cipherText = publicEncrypt(
        {
          key: publicKeyOf(key.publicArea),
          padding: constants.RSA_PKCS1_OAEP_PADDING,
          oaepHash: 'sha256',
          oaepLabel: label,
        },
        text,
      )
      const scheme = { scheme: 'oaep', hashAlg: 'sha256' } as const
      const input = { key, session, cipherText: new Uint8Array(cipherText), scheme }
      expect(await rsaDecrypt(tpm.runner, { ...input, label })).toEqual(text)
      await expect(rsaDecrypt(tpm.runner, input)).rejects.toThrow(codeOf('TPM_RESPONSE'))
    })
  })

  test('agree on a point', async () => {
    await withObject({ template: decryptionKeyTemplates['ecc-p256'] }, async (key) => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const { x = '', y = '' } = exportJwk(publicKey)
      const [ourX, ourY] = [x, y].map((part) => new Uint8Array(Buffer.from(part, 'base64url')))
      const point = { x: ourX as Uint8Array, y: ourY as Uint8Array }
      const shared = await ecdhZgen(tpm.runner, { key, session, point })
      const expected = diffieHellman({
        privateKey,
        publicKey: createPublicKey(publicKeyOf(key.publicArea).export({ format: 'pem', type: 'spki' })),
      })
      expect(Buffer.concat([new Uint8Array(32 - shared.x.length), shared.x])).toEqual(expected)
    })
  })

  test('are saved outside the TPM, and made persistent in it', async () => {
    await withObject({ template: akTemplates['ecc-p256'] }, async (key) => {
      const context = await contextSave(tpm.runner, key)
      const again = await contextLoad(tpm.runner, context)
      expect(await readPublic(tpm.runner, again)).toEqual(key.publicArea)
      await flushContext(tpm.runner, again)

      const persistentHandle = 0x8100_7777
      const input = { hierarchy: permanentHandles.owner, session, persistentHandle }
      await evictControl(tpm.runner, { ...input, object: key })
      expect(await readPublic(tpm.runner, persistentHandle)).toEqual(key.publicArea)
      await evictControl(tpm.runner, { ...input, object: { handle: persistentHandle, name: key.name } })
      expect(await readHandles(tpm.runner, 'persistent')).not.toContain(persistentHandle)
    })
  })

  test('come from outside, with or without their private half', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const template = {
      ...signingKeyTemplates['ecc-p256'],
      objectAttributes: objectAttributes('userWithAuth', 'sign'),
    }
    const { publicArea, sensitive } = importableKey({ privateKey, template })
    const digest = digestOf('sha256', text)
    const whole = await loadExternal(tpm.runner, { publicArea, sensitive })
    const half = await loadExternal(tpm.runner, { publicArea, hierarchy: 'owner' })
    expect(whole.name).toEqual(computeName(publicArea))
    const signature = await sign(tpm.runner, { key: whole, session, digest })
    expect(await verifySignature(tpm.runner, { key: half, digest, signature })).toMatchObject({
      hierarchy: 'owner',
    })
    await expect(sign(tpm.runner, { key: half, session, digest })).rejects.toThrow(codeOf('TPM_RESPONSE'))
    for (const { handle } of [whole, half]) await flushContext(tpm.runner, handle)
  })
})

describe('duplicates', () => {
  test.each([false, true])('are imported (inner wrapper: %s) and unsealed', async (wrapped) => {
    const object = sealedObject({ data: text })
    const symmetric = { algorithm: 'aes', keyBits: 128, mode: 'cfb' } as const
    const wrapping = wrapped ? { innerWrapper: { symmetric, key: new Uint8Array(randomBytes(16)) } } : {}
    const duplicate = makeDuplicate({ object, newParent: tpm.srk.publicArea, ...wrapping })
    const input = { ...duplicate, parent: tpm.srk, session, ...wrapping }
    const privateArea = await importObject(tpm.runner, input)
    const item = await load(tpm.runner, {
      parent: tpm.srk,
      session,
      key: { privateArea, publicArea: object.publicArea },
    })
    expect(await unseal(tpm.runner, { item, session })).toEqual(text)
    await flushContext(tpm.runner, item.handle)
  })

  test('for another parent are refused, by the parameter to blame', async () => {
    const object = sealedObject({ data: text })
    const duplicate = makeDuplicate({ object, newParent: tpm.srk.publicArea })
    const changed = duplicate.duplicate.map((byte, i) => (i === 20 ? byte ^ 1 : byte))
    const importing = importObject(tpm.runner, { ...duplicate, duplicate: changed, parent: tpm.srk, session })
    await expect(importing).rejects.toThrow(
      codeOf('TPM_RESPONSE', {
        name: 'TPM_RC_INTEGRITY',
        subject: 'parameter',
        index: 3,
        field: 'duplicate',
      }),
    )
  })
})

describe('credentials', () => {
  test.each(['software', 'TPM'])('made by %s are activated', async (maker) => {
    const secret = new Uint8Array(randomBytes(32))
    await withObject({ template: storageKeyTemplates['rsa-2048'] }, async (endorsementKey) => {
      await withObject({ template: akTemplates['ecc-p256'] }, async (key) => {
        const credential =
          maker === 'TPM'
            ? await makeCredential(tpm.runner, { key: endorsementKey, secret, objectName: key.name })
            : makeCredentialInSoftware({
                endorsementKey: endorsementKey.publicArea,
                objectName: key.name,
                secret,
              })
        const input = {
          activateHandle: key,
          activateSession: session,
          keyHandle: endorsementKey,
          keySession: session,
        }
        expect(await activateCredential(tpm.runner, { ...input, ...credential })).toEqual(secret)
        await expect(
          activateCredential(tpm.runner, {
            ...input,
            ...credential,
            activateHandle: endorsementKey,
            keyHandle: endorsementKey,
          }),
        ).rejects.toThrow(
          codeOf('TPM_RESPONSE', {
            name: 'TPM_RC_INTEGRITY',
            subject: 'parameter',
            index: 1,
            field: 'credentialBlob',
          }),
        )
      })
    })
  })
})
