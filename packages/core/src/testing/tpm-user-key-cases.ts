import assert from 'node:assert/strict'
import { constants, createECDH, createHash, type KeyObject, publicEncrypt } from 'node:crypto'
import { exportJwk } from '../bytes/index.js'
import { decode } from '../codec/index.js'
import type { TpmKey, TpmUserKeyKind } from '../ports/index.js'
import {
  computeName,
  hashFacts,
  publicKeyOf,
  type TpmtPublic,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '../tpm2/index.js'
import { expectCode } from './expectations.js'
import { assertBytes } from './tpm-attestation.js'
import { firstKey, flip, kindName, nonceOf, readStatement, withKey } from './tpm-keys.js'
import type { Case, TpmSubject } from './tpm-subject.js'

/** Attributes of keys that never leave the TPM. */
function assertFixed(publicArea: TpmtPublic): void {
  const { fixedTPM, fixedParent, sensitiveDataOrigin } = publicArea.objectAttributes
  assert.ok(fixedTPM && fixedParent && sensitiveDataOrigin, 'made in the TPM and fixed to it')
}

/** Encrypts as JOSE's RSA-OAEP-256 does. */
const encryptOaep = (key: KeyObject, data: Uint8Array): Uint8Array =>
  new Uint8Array(publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, data))

const curves = { 'ecc-p256': 'prime256v1', 'ecc-p384': 'secp384r1' } as const

const signing = (kinds: readonly TpmUserKeyKind[]): Case<TpmSubject> => [
  'signing keys sign digests, and say what they are',
  async ({ tpm }) => {
    for (const kind of kinds) {
      const key = await tpm.openSigningKey({ kind })
      const publicArea = decode(tpmtPublic, key.publicArea)
      assertFixed(publicArea)
      const { sign, restricted, decrypt } = publicArea.objectAttributes
      assert.ok(sign && !restricted && !decrypt, 'a key that signs anything, and only signs')
      assert.equal(kindName(publicArea), kind)
      const message = nonceOf(100)
      assert.ok(publicArea.nameAlg !== 'null')
      const { node, size } = hashFacts(publicArea.nameAlg)
      const digest = new Uint8Array(createHash(node).update(message).digest())
      const signature = decode(tpmtSignature, await key.sign(digest))
      const verified = verifySignature({ key: publicKeyOf(publicArea), publicArea, signature, message })
      assert.equal(verified, true, 'the signature verifies')
      for (const length of [0, size - 1, size + 1]) {
        await expectCode('ARGUMENT_INVALID', () => key.sign(nonceOf(length)))
      }
      await key.close()
      await assert.rejects(() => key.sign(digest))
    }
  },
]

const decryption = (kinds: readonly TpmUserKeyKind[]): Case<TpmSubject> => [
  'decryption keys decrypt what was encrypted to them',
  async ({ tpm }) => {
    for (const kind of kinds.filter((each) => each.startsWith('rsa'))) {
      const key = await tpm.openDecryptionKey({ kind })
      const publicArea = decode(tpmtPublic, key.publicArea)
      assertFixed(publicArea)
      const secret = nonceOf(32)
      const cipherText = encryptOaep(publicKeyOf(publicArea), secret)
      using plain = await key.rsaDecrypt(cipherText)
      assertBytes(plain.copy(), secret, 'the secret')
      await expectCode('TPM_RESPONSE', () => key.rsaDecrypt(flip(cipherText, 9)))
      await expectCode('ARGUMENT_INVALID', () => key.ecdhZGen(nonceOf(65)))
      await key.close()
    }
  },
]

const agreement = (kinds: readonly TpmUserKeyKind[]): Case<TpmSubject> => [
  'decryption keys on curves agree on a secret',
  async ({ tpm }) => {
    for (const kind of kinds.filter((each): each is keyof typeof curves => each in curves)) {
      const key = await tpm.openDecryptionKey({ kind })
      const publicArea = decode(tpmtPublic, key.publicArea)
      const other = createECDH(curves[kind])
      const point = new Uint8Array(other.generateKeys())
      const { x, y } = exportJwk(publicKeyOf(publicArea))
      const ours = Buffer.concat([
        Uint8Array.of(4),
        Buffer.from(`${x}`, 'base64url'),
        Buffer.from(`${y}`, 'base64url'),
      ])
      using shared = await key.ecdhZGen(point)
      assertBytes(shared.copy(), other.computeSecret(ours), 'the shared secret')
      await expectCode('ARGUMENT_INVALID', () => key.ecdhZGen(point.subarray(1)))
      await expectCode('ARGUMENT_INVALID', () => key.ecdhZGen(flip(point, 0)))
      await expectCode('TPM_RESPONSE', () => key.ecdhZGen(flip(point, point.length - 1)))
      await expectCode('ARGUMENT_INVALID', () => key.rsaDecrypt(nonceOf(256)))
      await key.close()
    }
  },
]

const otherCases: readonly Case<TpmSubject>[] = [
  [
    'an attestation key certifies keys of its TPM, and no others',
    ({ tpm }) =>
      withKey(tpm, async (key, endorsementKey) => {
        const keys: readonly TpmKey[] = [
          await tpm.openSigningKey(),
          await tpm.openDecryptionKey({ parent: endorsementKey }),
          await tpm.openStorageKey(),
        ]
        for (const one of keys) {
          const nonce = nonceOf(32)
          const { attested } = readStatement(key, await key.certify(one, nonce), nonce, 'certify')
          assertBytes(attested.name, computeName(one.publicArea), 'the name of the certified key')
        }
        const [first] = keys as [TpmKey]
        await expectCode('ARGUMENT_INVALID', () => key.certify({ ...first }, nonceOf(8)))
        for (const one of keys) await one.close()
        await assert.rejects(() => key.certify(first, nonceOf(8)))
      }),
  ],
  [
    'saved keys come back as they were, under their own parent and for their own use',
    async ({ tpm }) => {
      const parent = await firstKey(tpm)
      const digest = nonceOf(32)
      const key = await tpm.openSigningKey({ parent })
      await key.close()
      const again = await tpm.openSigningKey({ parent, saved: key.saved })
      assertBytes(again.publicArea, key.publicArea, 'the public area')
      await again.sign(digest)
      await again.close()
      const { saved } = key
      await expectCode('TPM_NOT_AVAILABLE', () => tpm.openSigningKey({ saved }))
      await expectCode('TPM_RESPONSE', () => tpm.openSigningKey({ parent, saved: flip(saved, 40) }))
      await expectCode('ARGUMENT_INVALID', () => tpm.openDecryptionKey({ parent, saved }))
      await expectCode('ARGUMENT_INVALID', () => tpm.openStorageKey({ parent, saved }))
      await expectCode('ARGUMENT_INVALID', () => tpm.openAttestationKey({ endorsementKey: parent, saved }))
    },
  ],
]

/** Cases about keys for other uses than attestation. */
export const userKeyCases = (kinds: readonly TpmUserKeyKind[]): readonly Case<TpmSubject>[] => [
  signing(kinds),
  decryption(kinds),
  agreement(kinds),
  ...otherCases,
]
