import assert from 'node:assert/strict'
import { decode } from '../codec/index.js'
import type { AttestationKey, EndorsementKey, PcrBankSelection, Tpm } from '../ports/index.js'
import {
  computeName,
  ekTemplates,
  hashFacts,
  isHashAlgorithm,
  makeCredential,
  tpmtPublic,
} from '../tpm2/index.js'
import type { TestRunner } from './contract.js'
import { expectCode } from './expectations.js'
import { activate, assertAttestationKey, assertBytes, assertQuote } from './tpm-attestation.js'
import { attestationKeyCases } from './tpm-attestation-key-cases.js'
import { disturbedCases } from './tpm-disturbed-cases.js'
import { flip, kindName, nonceOf } from './tpm-keys.js'
import { logCases } from './tpm-log-cases.js'
import { sealedCases } from './tpm-sealed-cases.js'
import type { Case, TpmContractOptions, TpmSubject } from './tpm-subject.js'
import { userKeyCases } from './tpm-user-key-cases.js'

const allKinds = ['rsa-2048', 'rsa-3072', 'ecc-p256', 'ecc-p384'] as const
const boot = [0, 1, 2, 3, 4, 5, 6, 7]

/** Runs a test with a new attestation key under each endorsement key. */
async function forEachKey(
  tpm: Tpm,
  run: (key: AttestationKey, endorsementKey: EndorsementKey) => Promise<void>,
): Promise<void> {
  for (const endorsementKey of await tpm.endorsementKeys()) {
    const key = await tpm.openAttestationKey({ endorsementKey })
    await run(key, endorsementKey)
    await key.close()
  }
}

const endorsementCases: readonly Case<TpmSubject>[] = [
  [
    'endorsement keys are restricted decryption keys of the kind that they say, and stay the same',
    async ({ tpm }) => {
      const keys = await tpm.endorsementKeys()
      assert.ok(keys.length > 0)
      for (const { kind, template, publicArea } of keys) {
        const area = decode(tpmtPublic, publicArea)
        assert.equal(kindName(area), kind)
        assert.equal(ekTemplates[template].kind, kind, 'the kind that the template is of')
        const { restricted, decrypt, fixedTPM, sign } = area.objectAttributes
        assert.ok(restricted && decrypt && fixedTPM && !sign, 'attributes of an EK')
      }
      assert.deepEqual(await tpm.endorsementKeys(), keys)
    },
  ],
  [
    'an attestation key has the kind of its endorsement key, or the one asked for',
    async ({ tpm }) => {
      for (const endorsementKey of await tpm.endorsementKeys()) {
        for (const kind of [undefined, 'rsa-2048', 'ecc-p256'] as const) {
          const key = await tpm.openAttestationKey({ endorsementKey, ...(kind && { kind }) })
          const publicArea = decode(tpmtPublic, key.publicArea)
          assertAttestationKey(publicArea)
          if (kind !== undefined) assert.equal(kindName(publicArea), kind)
          else assert.equal(publicArea.type, decode(tpmtPublic, endorsementKey.publicArea).type)
          await key.close()
        }
      }
    },
  ],
  [
    'each new attestation key is another one',
    async ({ tpm }) => {
      const [endorsementKey] = await tpm.endorsementKeys()
      assert.ok(endorsementKey)
      const one = await tpm.openAttestationKey({ endorsementKey })
      const two = await tpm.openAttestationKey({ endorsementKey })
      assert.notDeepEqual(one.publicArea, two.publicArea)
      await Promise.all([activate(endorsementKey, one), activate(endorsementKey, two)])
      await one.close()
      await two.close()
    },
  ],
  [
    'a credential for the key opens',
    ({ tpm }) => forEachKey(tpm, (key, endorsementKey) => activate(endorsementKey, key)),
  ],
  [
    'a credential that was changed, or is for another key, does not open',
    ({ tpm }) =>
      forEachKey(tpm, async (key, endorsementKey) => {
        const endorsement = decode(tpmtPublic, endorsementKey.publicArea)
        const objectName = computeName(key.publicArea)
        const secret = nonceOf(32)
        const good = makeCredential({ endorsementKey: endorsement, objectName, secret })
        const { credentialBlob, encryptedSecret } = good
        const other = makeCredential({
          endorsementKey: endorsement,
          objectName: flip(objectName, 20),
          secret,
        })
        const last = credentialBlob.length - 1
        for (const [blob, encrypted] of [
          [flip(credentialBlob, last), encryptedSecret],
          [credentialBlob, flip(encryptedSecret, encryptedSecret.length - 1)],
          [other.credentialBlob, other.encryptedSecret],
        ] as const) {
          await expectCode('TPM_RESPONSE', () => key.activateCredential(blob, encrypted))
        }
        await activate(endorsementKey, key)
      }),
  ],
  [
    'a saved key comes back as it was',
    ({ tpm }) =>
      forEachKey(tpm, async (key, endorsementKey) => {
        const saved = Uint8Array.from(key.saved)
        await key.close()
        const again = await tpm.openAttestationKey({ endorsementKey, saved })
        assertBytes(again.publicArea, key.publicArea, 'the public area')
        await activate(endorsementKey, again)
        await again.close()
      }),
  ],
  [
    'a saved key that was changed is refused',
    ({ tpm }) =>
      forEachKey(tpm, async (key, endorsementKey) => {
        const saved = flip(key.saved, 40)
        await expectCode('TPM_RESPONSE', () => tpm.openAttestationKey({ endorsementKey, saved }))
      }),
  ],
  [
    'a closed key does nothing any more, and may be closed again',
    ({ tpm }) =>
      forEachKey(tpm, async (key) => {
        await key.close()
        await key.close()
        await assert.rejects(() => key.quote(nonceOf(8), [{ bank: 'sha256', pcrs: [0] }]))
      }),
  ],
]

const quoteCases = (banks: readonly string[], missing: string): readonly Case<TpmSubject>[] => {
  const bank = banks.includes('sha256') ? 'sha256' : (banks[0] as string)
  const selections: readonly (readonly PcrBankSelection[])[] = [
    [{ bank, pcrs: [0] }],
    [{ bank, pcrs: [...boot, 11, 23] }],
    [...banks].reverse().map((each) => ({ bank: each, pcrs: boot })),
  ]
  return [
    [
      'a quote is signed by the key over the qualifying data and the selected PCRs',
      ({ tpm }) =>
        forEachKey(tpm, async (key, endorsementKey) => {
          for (const [i, selection] of selections.entries()) {
            const nonce = nonceOf([32, 1, 0][i] as number)
            const quote = await key.quote(nonce, selection)
            await assertQuote(tpm, endorsementKey, key, quote, nonce, selection)
          }
        }),
    ],
    [
      'more qualifying data than 32 bytes, and PCRs that are none, are refused',
      ({ tpm }) =>
        forEachKey(tpm, async (key) => {
          await expectCode('ARGUMENT_INVALID', () => key.quote(nonceOf(33), [{ bank, pcrs: [0] }]))
          await expectCode('ARGUMENT_INVALID', () => key.quote(nonceOf(8), [{ bank, pcrs: [1, 0] }]))
          await expectCode('ARGUMENT_INVALID', () => key.quote(nonceOf(8), [{ bank, pcrs: [24] }]))
        }),
    ],
    [
      'what the TPM does not have is not available, neither to quote nor to read',
      ({ tpm }) =>
        forEachKey(tpm, async (key) => {
          const lacking = [{ bank: missing, pcrs: [0] }]
          await expectCode('TPM_NOT_AVAILABLE', () => key.quote(nonceOf(8), lacking))
          await expectCode('TPM_NOT_AVAILABLE', () => tpm.readPcrs(lacking))
        }),
    ],
  ]
}

const pcrCases = (banks: readonly string[]): readonly Case<TpmSubject>[] => [
  [
    'PCR values come by bank and in the order of the selection, however many there are',
    async ({ tpm }) => {
      const all = Array.from({ length: 24 }, (_, i) => i)
      const selection = [...banks].reverse().map((bank) => ({ bank, pcrs: all }))
      const read = await tpm.readPcrs(selection)
      assert.deepEqual(
        read.map(({ bank, values }) => ({ bank, pcrs: [...values.keys()] })),
        selection,
      )
      for (const { bank, values } of read) {
        assert.ok(isHashAlgorithm(bank))
        const { size } = hashFacts(bank)
        for (const value of values.values()) assert.equal(value.length, size)
        assertBytes(values.get(17) as Uint8Array, new Uint8Array(size).fill(0xff), 'PCR 17 before any launch')
      }
    },
  ],
  [
    'an empty selection gives nothing',
    async ({ tpm }) => {
      assert.deepEqual(await tpm.readPcrs([]), [])
    },
  ],
]

const lifeCases: readonly Case<TpmSubject>[] = [
  [
    'calls at the same time do not disturb each other',
    async ({ tpm }) => {
      const keys = await tpm.endorsementKeys()
      const work = keys.flatMap((endorsementKey) =>
        [1, 2].map(async () => {
          const key = await tpm.openAttestationKey({ endorsementKey })
          const nonce = nonceOf(16)
          const selection = [{ bank: 'sha256', pcrs: boot }]
          const [quote] = await Promise.all([
            key.quote(nonce, selection),
            activate(endorsementKey, key),
            tpm.readPcrs(selection),
          ])
          await assertQuote(tpm, endorsementKey, key, quote, nonce, selection)
          await key.close()
        }),
      )
      await Promise.all(work)
    },
  ],
  [
    'after close calls fail, and close may be called again',
    async ({ tpm }) => {
      const [endorsementKey] = await tpm.endorsementKeys()
      assert.ok(endorsementKey)
      const key = await tpm.openAttestationKey({ endorsementKey })
      await tpm.close()
      await tpm.close()
      await assert.rejects(() => tpm.readPcrs([{ bank: 'sha256', pcrs: [0] }]))
      await assert.rejects(() => key.quote(nonceOf(8), [{ bank: 'sha256', pcrs: [0] }]))
    },
  ],
]

const residueCases = <S extends TpmSubject>(count: (subject: S) => Promise<number>): readonly Case<S>[] => [
  [
    'nothing stays in the TPM once attestation keys are closed, also after failures',
    async (subject) => {
      const { tpm } = subject
      const before = await count(subject)
      await forEachKey(tpm, async (key, endorsementKey) => {
        await activate(endorsementKey, key)
        await key.quote(nonceOf(8), [{ bank: 'sha256', pcrs: boot }])
        await assert.rejects(() => key.activateCredential(new Uint8Array(40), new Uint8Array(40)))
        const saved = flip(key.saved, 40)
        await assert.rejects(() => tpm.openAttestationKey({ endorsementKey, saved }))
      })
      assert.equal(await count(subject), before)
    },
  ],
]

const extendCases = <S extends TpmSubject>(
  banks: readonly string[],
  extend: (subject: S, pcr: number, bank: string) => Promise<void>,
): readonly Case<S>[] => [
  [
    'quotes and values follow what is measured',
    async (subject) => {
      const { tpm } = subject
      const bank = banks[0] as string
      const selection = [{ bank, pcrs: [4, 9] }]
      await forEachKey(tpm, async (key, endorsementKey) => {
        const before = await tpm.readPcrs(selection)
        await extend(subject, 9, bank)
        assert.notDeepEqual(await tpm.readPcrs(selection), before)
        const nonce = nonceOf(8)
        const quote = await key.quote(nonce, selection)
        await assertQuote(tpm, endorsementKey, key, quote, nonce, selection)
      })
    },
  ],
]

/**
 * Proves that an adapter keeps the contract of {@link Tpm}, with a TPM whose hierarchies have empty passwords.
 * @param test registers one test
 */
export function tpmContract<S extends TpmSubject>(test: TestRunner, options: TpmContractOptions<S>): void {
  const { banks, missingBank, countLoaded, extend } = options
  const { kinds = allKinds, persistentHandle = 0x8100_8f00 } = options
  const cases: readonly Case<S>[] = [
    ...endorsementCases,
    ...quoteCases(banks, missingBank),
    ...pcrCases(banks),
    ...attestationKeyCases(kinds, persistentHandle),
    ...userKeyCases(kinds),
    ...sealedCases(banks, extend),
    ...lifeCases,
    ...(countLoaded ? residueCases(countLoaded) : []),
    ...(extend ? extendCases(banks, extend) : []),
  ]
  const loose = [...logCases(options), ...disturbedCases(options)]
  for (const [name, run] of loose) test(`Tpm: ${name}`, run)
  for (const [name, run] of cases) {
    test(`Tpm: ${name}`, async () => {
      const subject = await options.create()
      try {
        await run(subject)
      } finally {
        await subject.close()
      }
    })
  }
}
