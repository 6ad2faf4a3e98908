import assert from 'node:assert/strict'
import { decode } from '../codec/index.js'
import type { OpenAttestationKeyOptions, TpmUserKeyKind } from '../ports/index.js'
import {
  computeName,
  computeQualifiedName,
  digestOf,
  hierarchyName,
  tpmsCreationData,
  tpmtPublic,
} from '../tpm2/index.js'
import { expectCode } from './expectations.js'
import { activate, assertAttestationKey, assertBytes } from './tpm-attestation.js'
import { firstKey, kindName, nonceOf, readStatement, withKey } from './tpm-keys.js'
import type { Case, TpmSubject } from './tpm-subject.js'

const parents: readonly NonNullable<OpenAttestationKeyOptions['parent']>[] = [
  'endorsement-key',
  'storage-root-key',
]

const everyKind = (kinds: readonly TpmUserKeyKind[]): Case<TpmSubject> => [
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
]

const statementCases: readonly Case<TpmSubject>[] = [
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

const persistentKey = (persistentHandle: number): Case<TpmSubject> => [
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
]

const handleCases: readonly Case<TpmSubject>[] = [
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

/** Cases about attestation keys beyond quoting. */
export const attestationKeyCases = (
  kinds: readonly TpmUserKeyKind[],
  persistentHandle: number,
): readonly Case<TpmSubject>[] => [
  everyKind(kinds),
  ...statementCases,
  persistentKey(persistentHandle),
  ...handleCases,
]
