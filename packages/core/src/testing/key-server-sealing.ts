import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyServer, SealedBytes } from '../ports/index.js'
import { expectCode } from './expectations.js'
import type { KeyServerSubject } from './key-server.contract.js'
import { expectKind, failureOf, type KeyServerCase, neverSealed, readKey } from './key-server-cases.js'

const fresh = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const noData = new Uint8Array()
const someData = new TextEncoder().encode('{"provider":"finance"}')

async function open(
  server: KeyServer,
  id: string,
  sealed: SealedBytes,
  additionalData: Uint8Array,
): Promise<Uint8Array> {
  const plaintext = await server.decrypt(id, sealed, additionalData)
  try {
    return plaintext.use((bytes) => Uint8Array.from(bytes))
  } finally {
    plaintext.wipe()
  }
}

/** The same opening by this machine's own AES-256-GCM. */
function openHere(key: Uint8Array, { iv, ciphertext, tag }: SealedBytes, additionalData: Uint8Array) {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  decipher.setAAD(additionalData).setAuthTag(tag)
  return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
}

function sealHere(key: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array): SealedBytes {
  const iv = fresh(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(additionalData)
  const ciphertext = new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()]))
  return { iv, ciphertext, tag: new Uint8Array(cipher.getAuthTag()) }
}

/** The same bytes but for one bit. */
function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
}

const asMade = (sealed: SealedBytes): readonly number[] => [
  sealed.iv.length,
  sealed.ciphertext.length,
  sealed.tag.length,
]

const cases: readonly KeyServerCase[] = [
  [
    'a server that encrypts says so of a new key',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const { encrypt, decrypt } = await keyServer.abilities(id)
      assert.deepEqual([encrypt, decrypt], [{ able: true }, { able: true }])
    },
  ],
  [
    'what was encrypted is decrypted again, of any length and with any additional data',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      for (const length of [1, 15, 16, 17, 32, 512, 4_096]) {
        const plaintext = fresh(length)
        const before = Uint8Array.from(plaintext)
        for (const data of [noData, someData, fresh(1_000)]) {
          const sealed = await keyServer.encrypt(id, plaintext, data)
          assert.deepEqual(asMade(sealed), [12, length, 16])
          assert.deepEqual(await open(keyServer, id, sealed, data), before)
        }
        assert.deepEqual(plaintext, before, 'the argument was changed')
      }
    },
  ],
  [
    'encryption is AES-256-GCM under the very key: this machine opens it, and what it seals is opened',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const key = await readKey(keyServer, id)
      const plaintext = fresh(32)
      const sealed = await keyServer.encrypt(id, plaintext, someData)
      assert.deepEqual(openHere(key, sealed, someData), plaintext)
      assert.deepEqual(await open(keyServer, id, sealHere(key, plaintext, someData), someData), plaintext)
    },
  ],
  [
    'no initialization vector comes twice',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const plaintext = fresh(16)
      const sealed = await Promise.all(
        Array.from({ length: 8 }, () => keyServer.encrypt(id, plaintext, noData)),
      )
      assert.equal(new Set(sealed.map(({ iv }) => Buffer.from(iv).toString('hex'))).size, sealed.length)
      assert.equal(new Set(sealed.map(({ tag }) => Buffer.from(tag).toString('hex'))).size, sealed.length)
    },
  ],
  [
    'whatever was changed is refused: ciphertext, tag, vector, additional data, key',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const other = await keyServer.create(uniqueName())
      const sealed = await keyServer.encrypt(id, fresh(32), someData)
      const { iv, ciphertext, tag } = sealed
      const changed: readonly (readonly [string, string, SealedBytes, Uint8Array])[] = [
        ['the ciphertext', id, { ...sealed, ciphertext: flip(ciphertext, 31) }, someData],
        ['the tag at its start', id, { ...sealed, tag: flip(tag, 0) }, someData],
        ['the tag at its end', id, { ...sealed, tag: flip(tag, 15) }, someData],
        ['the vector', id, { ...sealed, iv: flip(iv, 0) }, someData],
        ['the data', id, sealed, flip(someData, 3)],
        ['the data, left out', id, sealed, noData],
        ['the data, made longer', id, sealed, Uint8Array.of(...someData, 0)],
        ['a byte of the ciphertext', id, { ...sealed, ciphertext: ciphertext.subarray(1) }, someData],
        ['the key', other.id, sealed, someData],
        ['everything', id, neverSealed, someData],
      ]
      for (const [what, key, wrong, data] of changed) {
        const error = await failureOf(`${what} changed: decrypt`, () => keyServer.decrypt(key, wrong, data))
        assert.equal(error.code, 'KMIP_RESULT', what)
        assert.ok(!error.retryable, what)
      }
      await open(keyServer, id, sealed, someData)
    },
  ],
  [
    'tags and vectors of other lengths never reach the server: it might take short ones',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const sealed = await keyServer.encrypt(id, fresh(32), noData)
      const wrong: readonly Partial<SealedBytes>[] = [
        { tag: sealed.tag.subarray(0, 12) },
        { tag: sealed.tag.subarray(0, 4) },
        { tag: new Uint8Array() },
        { tag: new Uint8Array(17) },
        { iv: sealed.iv.subarray(0, 8) },
        { iv: new Uint8Array() },
        { iv: new Uint8Array(16) },
        { ciphertext: new Uint8Array() },
        { ciphertext: new Uint8Array(4_097) },
      ]
      for (const one of wrong) {
        await expectCode('ARGUMENT_INVALID', () => keyServer.decrypt(id, { ...sealed, ...one }, noData))
      }
    },
  ],
  [
    'nothing, and more than a key, is not encrypted',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      for (const length of [0, 4_097]) {
        await expectCode('ARGUMENT_INVALID', () => keyServer.encrypt(id, new Uint8Array(length), noData))
      }
    },
  ],
  [
    'a key that the server does not know neither encrypts nor decrypts',
    async ({ keyServer, unknownId }) => {
      await expectKind('notFound', () => keyServer.encrypt(unknownId, fresh(16), noData))
      await expectKind('notFound', () => keyServer.decrypt(unknownId, neverSealed, noData))
    },
  ],
]

/** Cases for a server that encrypts, and for one that does not. */
export const sealingCases: readonly KeyServerCase[] = cases

/** Cases for a server that cannot encrypt safely. */
export const unsealingCases: readonly KeyServerCase[] = [
  [
    'a server that cannot encrypt safely says why, and does not',
    async ({ keyServer, uniqueName }) => {
      const { id } = await keyServer.create(uniqueName())
      const abilities = await keyServer.abilities(id)
      for (const ability of [abilities.encrypt, abilities.decrypt]) {
        assert.ok(!ability.able && ability.reason !== '')
      }
      await expectKind('unsupported', () => keyServer.encrypt(id, fresh(16), noData))
      await expectKind('unsupported', () => keyServer.decrypt(id, neverSealed, noData))
    },
  ],
]

/** Cases with a key that was taken out of use, for a server that encrypts. */
export const outOfUseSealingCases = <S extends KeyServerSubject>(
  deactivate: (subject: S, id: string) => Promise<void>,
): readonly KeyServerCase<S>[] => [
  [
    'a key that is out of use does not encrypt, and says so',
    async (subject) => {
      const { keyServer, uniqueName } = subject
      const { id } = await keyServer.create(uniqueName())
      const sealed = await keyServer.encrypt(id, fresh(16), noData)
      await deactivate(subject, id)
      const { encrypt, decrypt } = await keyServer.abilities(id)
      assert.ok(!encrypt.able && encrypt.reason !== '')
      const error = await failureOf('encrypt', () => keyServer.encrypt(id, fresh(16), noData))
      assert.equal(error.code, 'KMIP_RESULT')
      if (decrypt.able) await open(keyServer, id, sealed, noData)
      else assert.notEqual(decrypt.reason, '')
    },
  ],
]
