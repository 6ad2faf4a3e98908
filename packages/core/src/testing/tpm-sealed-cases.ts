import assert from 'node:assert/strict'
import { decode } from '../codec/index.js'
import type { EndorsementKey, PcrBankSelection, SealedObject, Tpm, TpmStorageKey } from '../ports/index.js'
import {
  computePolicyDigest,
  makeDuplicate,
  policyPCR,
  type SealedObjectOptions,
  sealedObject,
  tpmtPublic,
} from '../tpm2/index.js'
import { expectCode } from './expectations.js'
import { assertBytes } from './tpm-attestation.js'
import { firstKey, flip, nonceOf, withKey } from './tpm-keys.js'
import type { Case, TpmSubject } from './tpm-subject.js'

/** Seals for a key of the TPM, as someone elsewhere does who knows only its public area. */
export function sealFor(parent: EndorsementKey | TpmStorageKey, options: SealedObjectOptions) {
  const newParent = decode(tpmtPublic, parent.publicArea)
  return { parent, ...makeDuplicate({ object: sealedObject(options), newParent }) }
}

/** The policy that the PCRs have the values that they have now. */
export async function policyOf(tpm: Tpm, pcrs: readonly PcrBankSelection[]): Promise<Uint8Array> {
  return computePolicyDigest('sha256', policyPCR(await tpm.readPcrs(pcrs)))
}

async function assertUnseals(
  object: SealedObject,
  data: Uint8Array,
  pcrs?: readonly PcrBankSelection[],
): Promise<void> {
  using unsealed = await object.unseal(pcrs)
  assertBytes(unsealed.copy(), data, 'the sealed data')
}

/** Runs with everything that data can be sealed for. */
async function forEachParent(
  tpm: Tpm,
  run: (parent: EndorsementKey | TpmStorageKey) => Promise<void>,
): Promise<void> {
  for (const endorsementKey of await tpm.endorsementKeys()) await run(endorsementKey)
  for (const parent of ['storage-root-key', await firstKey(tpm)] as const) {
    const key = await tpm.openStorageKey({ parent })
    await run(key)
    await key.close()
  }
}

const data = nonceOf(32)

/** PCRs of every bank. */
const pcrsOf = (banks: readonly string[]): readonly PcrBankSelection[] =>
  [...banks].reverse().map((bank) => ({ bank, pcrs: [0, 7, 9] }))

const underPolicy = (pcrs: readonly PcrBankSelection[]): Case<TpmSubject> => [
  'data that was sealed for a key of the TPM opens under its policy, and not otherwise',
  async ({ tpm }) => {
    const authPolicy = await policyOf(tpm, pcrs)
    await forEachParent(tpm, async (parent) => {
      const object = await tpm.importSealed(sealFor(parent, { data, authPolicy }))
      await assertUnseals(object, data, pcrs)
      await expectCode('TPM_RESPONSE', () => object.unseal())
      await expectCode('TPM_RESPONSE', () => object.unseal(pcrs.map((each) => ({ ...each, pcrs: [0, 7] }))))
      if (pcrs.length > 1) await expectCode('TPM_RESPONSE', () => object.unseal(pcrs.slice(1)))
      await object.close()
      await assert.rejects(() => object.unseal(pcrs))
    })
  },
]

const otherCases: readonly Case<TpmSubject>[] = [
  [
    'data without a policy opens with the empty password',
    async ({ tpm }) => {
      const object = await tpm.importSealed(sealFor(await firstKey(tpm), { data }))
      await assertUnseals(object, data)
      await object.close()
    },
  ],
  [
    'imported data comes back from what was saved, under its own parent only',
    async ({ tpm }) => {
      const parent = await firstKey(tpm)
      const object = await tpm.importSealed(sealFor(parent, { data }))
      await object.close()
      const { saved } = object
      const again = await tpm.openSealed({ parent, saved })
      assertBytes(again.publicArea, object.publicArea, 'the public area')
      await assertUnseals(again, data)
      await again.close()
      const other = await tpm.openStorageKey()
      await expectCode('TPM_RESPONSE', () => tpm.openSealed({ parent: other, saved }))
      await expectCode('TPM_RESPONSE', () => tpm.openSealed({ parent, saved: flip(saved, 40) }))
      await expectCode('ARGUMENT_INVALID', () => tpm.openSealed({ parent, saved: other.saved }))
      await other.close()
    },
  ],
  [
    'what was changed on its way, or is for another key, is not imported',
    async ({ tpm }) => {
      const parent = await firstKey(tpm)
      const good = sealFor(parent, { data })
      const last = (bytes: Uint8Array): Uint8Array => flip(bytes, bytes.length - 1)
      for (const changed of [
        { ...good, duplicate: last(good.duplicate) },
        { ...good, inSymSeed: last(good.inSymSeed) },
        { ...good, objectPublic: last(good.objectPublic) },
      ]) {
        await expectCode('TPM_RESPONSE', () => tpm.importSealed(changed))
      }
      const [one, two] = [await tpm.openStorageKey(), await tpm.openStorageKey()]
      await expectCode('TPM_RESPONSE', () => tpm.importSealed({ ...sealFor(one, { data }), parent: two }))
      await one.close()
      await two.close()
    },
  ],
  [
    'what is no sealed data is not imported',
    ({ tpm }) =>
      withKey(tpm, async (key, parent) => {
        const good = sealFor(parent, { data })
        const objectPublic = Uint8Array.of(0, key.publicArea.length, ...key.publicArea)
        objectPublic[0] = key.publicArea.length >> 8
        await expectCode('ARGUMENT_INVALID', () => tpm.importSealed({ ...good, objectPublic }))
      }),
  ],
]

const afterExtending = <S extends TpmSubject>(
  banks: readonly string[],
  extend: (subject: S, pcr: number, bank: string) => Promise<void>,
): Case<S> => [
  'sealed data stays closed once its PCRs were extended',
  async (subject) => {
    const { tpm } = subject
    const pcrs = pcrsOf(banks)
    const object = await tpm.importSealed(
      sealFor(await firstKey(tpm), { data, authPolicy: await policyOf(tpm, pcrs) }),
    )
    await assertUnseals(object, data, pcrs)
    await extend(subject, 9, banks[0] as string)
    await expectCode('TPM_RESPONSE', () => object.unseal(pcrs))
    await object.close()
  },
]

/** Cases about data that someone seals for a key of the TPM. */
export const sealedCases = <S extends TpmSubject>(
  banks: readonly string[],
  extend: ((subject: S, pcr: number, bank: string) => Promise<void>) | undefined,
): readonly Case<S>[] => [
  underPolicy(pcrsOf(banks)),
  ...otherCases,
  ...(extend === undefined ? [] : [afterExtending(banks, extend)]),
]
