import assert from 'node:assert/strict'
import { constants, createECDH, createHash, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto'
import { decode } from '../codec/index.js'
import type {
  AttestationKey,
  EndorsementKey,
  OpenAttestationKeyOptions,
  Tpm,
  TpmKey,
  TpmStatement,
  TpmUserKeyKind,
} from '../ports/index.js'
import {
  computeName,
  computeQualifiedName,
  digestOf,
  hashFacts,
  hierarchyName,
  publicKeyOf,
  type TpmsAttest,
  type TpmtPublic,
  tpmsAttest,
  tpmsCreationData,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '../tpm2/index.js'
import { expectCode } from './expectations.js'
import { activate, assertAttestationKey, assertBytes, assertSigned } from './tpm-attestation.js'
import type { Case, TpmSubject } from './tpm-subject.js'

/** Random bytes, for nonces and the like. */
export const nonceOf = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** The bytes with one bit changed. */
export const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 0x01 : byte))

/** The first endorsement key. */
export async function firstKey(tpm: Tpm): Promise<EndorsementKey> {
  const [endorsementKey] = await tpm.endorsementKeys()
  assert.ok(endorsementKey)
  return endorsementKey
}

/** Runs with an attestation key under the first endorsement key. */
export async function withKey(
  tpm: Tpm,
  run: (key: AttestationKey, endorsementKey: EndorsementKey) => Promise<void>,
  options: Partial<OpenAttestationKeyOptions> = {},
): Promise<void> {
  const endorsementKey = await firstKey(tpm)
  const key = await tpm.openAttestationKey({ endorsementKey, ...options })
  await run(key, endorsementKey)
  await key.close()
}

/** Algorithm and size, as kinds are named. */
export function kindName(publicArea: TpmtPublic): string {
  if (publicArea.type === 'rsa') return `rsa-${publicArea.parameters.keyBits}`
  assert.equal(publicArea.type, 'ecc')
  const { curveID } = (publicArea as Extract<TpmtPublic, { type: 'ecc' }>).parameters
  return `ecc-${curveID.toLowerCase().replace('-', '')}`
}

/** Checks signature, qualifying data and type, and gives the statement. */
function readStatement<T extends TpmsAttest['type']>(
  key: AttestationKey,
  statement: TpmStatement,
  nonce: Uint8Array,
  type: T,
): Extract<TpmsAttest, { type: T }> {
  assertSigned(key, statement)
  const attest = decode(tpmsAttest, statement.message)
  assertBytes(attest.extraData, nonce, 'the qualifying data')
  assert.equal(attest.type, type)
  return attest as Extract<TpmsAttest, { type: T }>
}

const parents: readonly NonNullable<OpenAttestationKeyOptions['parent']>[] = [
  'endorsement-key',
  'storage-root-key',
]

const attestationKeyCases = (kinds: readonly TpmUserKeyKind[]): readonly Case<TpmSubject>[] => [
  [
    'attestation keys of every kind, under either parent, attest and open credentials',
    async ({ tpm }) => {
      const endorsementKey = await firstKey(tpm)
      for (const kind of kinds) {
        for (const parent of parents) {
          const made = await tpm.openAttestationKey({ endorsementKey, kind, parent })
          await made.close()
          const key = await tpm.openAttestationKey({ endorsementKey, saved: made.saved })
          assertBytes(key.publicArea, made.publicArea, 'the key that was saved')
          const publicArea = decode(tpmtPublic, key.publicArea)
          assertAttestationKey(publicArea)
          assert.equal(kindName(publicArea), kind)
          const nonce = nonceOf(32)
          const quote = await key.quote(nonce, [{ bank: 'sha256', pcrs: [0, 7] }])
          const { qualifiedSigner } = readStatement(key, quote, nonce, 'quote')
          const under = computeQualifiedName(
            hierarchyName('endorsement'),
            computeName(endorsementKey.publicArea),
          )
          const expected = computeQualifiedName(under, computeName(key.publicArea))
          assert.equal(
            Buffer.compare(qualifiedSigner, expected) === 0,
            parent === 'endorsement-key',
            `the signer is a key under the ${parent}`,
          )
          await activate(endorsementKey, key)
          await key.close()
        }
      }
    },
  ],
  [
    'that a TPM made an attestation key, it proves',
    ({ tpm }) =>
      withKey(tpm, async (key, endorsementKey) => {
        const again = await tpm.openAttestationKey({ endorsementKey, saved: key.saved })
        for (const one of [key, again]) {
          const nonce = nonceOf(32)
          const { creationData, ...statement } = await one.certifyCreation(nonce)
          const { attested } = readStatement(key, statement, nonce, 'creation')
          const name = computeName(key.publicArea)
          assertBytes(attested.objectName, name, 'the name of the key')
          const { nameAlg } = decode(tpmtPublic, key.publicArea)
          assert.ok(nameAlg !== 'null')
          assertBytes(
            attested.creationHash,
            digestOf(nameAlg, creationData),
            'the digest of the creation data',
          )
          const { parentName } = decode(tpmsCreationData, creationData)
          assertBytes(parentName, computeName(endorsementKey.publicArea), 'the parent')
        }
        await again.close()
      }),
  ],
  [
    'clock and counters are stated by themselves as in a quote',
    ({ tpm }) =>
      withKey(tpm, async (key) => {
        const nonce = nonceOf(16)
        const stated = readStatement(key, await key.certifyTime(nonce), nonce, 'time')
        const { clockInfo } = stated.attested.time
        const quoted = readStatement(
          key,
          await key.quote(nonce, [{ bank: 'sha256', pcrs: [0] }]),
          nonce,
          'quote',
        )
        assert.equal(clockInfo.resetCount, quoted.clockInfo.resetCount)
        assert.equal(clockInfo.restartCount, quoted.clockInfo.restartCount)
        assert.ok(clockInfo.clock <= quoted.clockInfo.clock, 'the clock goes on')
        assert.equal(stated.attested.firmwareVersion, quoted.firmwareVersion)
      }),
  ],
  [
    'statements take no more qualifying data than 32 bytes',
    ({ tpm }) =>
      withKey(tpm, async (key) => {
        const signing = await tpm.openSigningKey()
        await expectCode('ARGUMENT_INVALID', () => key.certify(signing, nonceOf(33)))
        await expectCode('ARGUMENT_INVALID', () => key.certifyCreation(nonceOf(33)))
        await expectCode('ARGUMENT_INVALID', () => key.certifyTime(nonceOf(33)))
        await signing.close()
      }),
  ],
]

const persistentCases = (persistentHandle: number): readonly Case<TpmSubject>[] => [
  [
    'a persistent attestation key is there until it is removed',
    async ({ tpm }) => {
      const endorsementKey = await firstKey(tpm)
      const wanted = { endorsementKey, kind: 'ecc-p256', persistentHandle } as const
      const made = await tpm.openAttestationKey(wanted)
      await made.certifyCreation(nonceOf(8))
      await made.close()
      const found = await tpm.openAttestationKey(wanted)
      const loaded = await tpm.openAttestationKey({ endorsementKey, saved: made.saved })
      for (const key of [found, loaded]) {
        assertBytes(key.publicArea, made.publicArea, 'the persistent key')
        const nonce = nonceOf(8)
        readStatement(key, await key.quote(nonce, [{ bank: 'sha256', pcrs: [0] }]), nonce, 'quote')
        await activate(endorsementKey, key)
      }
      await expectCode('TPM_NOT_AVAILABLE', () => found.certifyCreation(nonceOf(8)))
      const other = { ...wanted, parent: 'storage-root-key' } as const
      await expectCode('TPM_NOT_AVAILABLE', () => tpm.openAttestationKey(other))
      await expectCode('TPM_NOT_AVAILABLE', () => tpm.openAttestationKey({ ...wanted, kind: 'rsa-2048' }))
      await found.remove()
      await assert.rejects(() => found.quote(nonceOf(8), [{ bank: 'sha256', pcrs: [0] }]))
      await assert.rejects(() => loaded.quote(nonceOf(8), [{ bank: 'sha256', pcrs: [0] }]))
      await assert.rejects(() => tpm.openAttestationKey({ endorsementKey, saved: made.saved }))
      const next = await tpm.openAttestationKey(wanted)
      assert.notDeepEqual([...next.publicArea], [...made.publicArea], 'another key is made')
      await next.remove()
    },
  ],
  [
    'handles that are not the owner’s are refused for persistent keys',
    async ({ tpm }) => {
      const endorsementKey = await firstKey(tpm)
      for (const handle of [0, 0x8080_0000, 0x8180_0000, 0x80ff_ffff, 0x8100_0000 + 0.5]) {
        await expectCode('ARGUMENT_INVALID', () =>
          tpm.openAttestationKey({ endorsementKey, persistentHandle: handle }),
        )
      }
    },
  ],
]

/** Attributes of keys that never leave the TPM. */
function assertFixed(publicArea: TpmtPublic): void {
  const { fixedTPM, fixedParent, sensitiveDataOrigin } = publicArea.objectAttributes
  assert.ok(fixedTPM && fixedParent && sensitiveDataOrigin, 'made in the TPM and fixed to it')
}

/** Encrypts as JOSE's RSA-OAEP-256 does. */
const encryptOaep = (key: KeyObject, data: Uint8Array): Uint8Array =>
  new Uint8Array(publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, data))

const curves = { 'ecc-p256': 'prime256v1', 'ecc-p384': 'secp384r1' } as const

const userKeyCases = (kinds: readonly TpmUserKeyKind[]): readonly Case<TpmSubject>[] => [
  [
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
  ],
  [
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
  ],
  [
    'decryption keys on curves agree on a secret',
    async ({ tpm }) => {
      for (const kind of kinds.filter((each): each is keyof typeof curves => each in curves)) {
        const key = await tpm.openDecryptionKey({ kind })
        const publicArea = decode(tpmtPublic, key.publicArea)
        const other = createECDH(curves[kind])
        const point = new Uint8Array(other.generateKeys())
        const { x, y } = publicKeyOf(publicArea).export({ format: 'jwk' })
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
  ],
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

/** Cases about attestation keys beyond quoting, and about keys for other uses. */
export const keyCases = (
  kinds: readonly TpmUserKeyKind[],
  persistentHandle: number,
): readonly Case<TpmSubject>[] => [
  ...attestationKeyCases(kinds),
  ...persistentCases(persistentHandle),
  ...userKeyCases(kinds),
]
