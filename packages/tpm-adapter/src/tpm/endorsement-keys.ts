import { encode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { EndorsementKey, TpmKeyKind } from '@trusthold/core/ports'
import {
  type EkTemplate,
  ekTemplates,
  matchesTemplate,
  permanentHandles,
  type TpmtPublic,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { createPrimary } from '../commands/create-primary.js'
import { readAlgorithms, readEccCurves, readHandles } from '../commands/get-capability.js'
import { readPublic } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { passwordSession } from '../commands/sessions.js'
import { readEkStorage } from './ek-storage.js'
import { kindRequirements } from './key-kinds.js'
import { createSwappedObject, type UsableKey } from './swapped-object.js'

/** An endorsement key with what is needed to use it. */
export interface FoundEndorsementKey extends UsableKey {
  readonly key: EndorsementKey
  readonly publicArea: TpmtPublic
}

interface Candidate extends UsableKey {
  readonly publicArea: TpmtPublic
}

const templates: readonly (EkTemplate & { readonly kind: TpmKeyKind })[] = [
  { ...ekTemplates['L-1'], kind: 'rsa-2048' },
  { ...ekTemplates['L-2'], kind: 'ecc-p256' },
]

/** Handles that are set aside for endorsement keys. TCG TPM 2.0 Provisioning Guidance, section 7.8. */
const endorsementRange = 0x8101

async function persistentKeys(runner: CommandRunner): Promise<readonly Candidate[]> {
  const handles = await readHandles(runner, 'persistent')
  const keys: Candidate[] = []
  for (const handle of handles.filter((each) => each >>> 16 === endorsementRange)) {
    keys.push({ publicArea: await readPublic(runner, handle), use: (work) => work(handle) })
  }
  return keys
}

async function primaryKey(runner: CommandRunner, template: TpmtPublic): Promise<Candidate> {
  let made: TpmtPublic | undefined
  const object = createSwappedObject(runner, async () => {
    const hierarchy = permanentHandles.endorsement
    const { handle, publicArea } = await createPrimary(runner, {
      hierarchy,
      session: passwordSession(),
      template,
    })
    made = publicArea
    return handle
  })
  await object.use(async () => undefined)
  return { use: object.use, publicArea: made as TpmtPublic }
}

/** Whether the certificate holds this key's modulus or point. */
function certifies(certificate: Uint8Array, { type, unique }: TpmtPublic): boolean {
  const key = type === 'ecc' ? Buffer.concat([unique.x, unique.y]) : Buffer.from(unique as Uint8Array)
  return Buffer.from(certificate).includes(key)
}

/**
 * The key of a template: a persistent one, which costs nothing, or the one that the TPM makes again. Where there is a
 * certificate, the key that it certifies.
 */
async function findKey(
  runner: CommandRunner,
  { kind, ...template }: (typeof templates)[number],
  indices: ReadonlySet<number>,
  persistent: readonly Candidate[],
): Promise<FoundEndorsementKey> {
  const stored = await readEkStorage(runner, { kind, ...template }, indices)
  const { certificate } = stored
  const fits = (candidate: Candidate): boolean =>
    matchesTemplate(candidate.publicArea, stored.template) &&
    (certificate === undefined || certifies(certificate, candidate.publicArea))
  const { use, publicArea } = persistent.find(fits) ?? (await primaryKey(runner, stored.template))
  return {
    use,
    publicArea,
    key: {
      kind,
      publicArea: encode(tpmtPublic, publicArea),
      ...(certificate === undefined ? {} : { certificate }),
    },
  }
}

async function supportedTemplates(runner: CommandRunner): Promise<readonly (typeof templates)[number][]> {
  const algorithms = await readAlgorithms(runner)
  const curves = await readEccCurves(runner)
  return templates.filter(({ kind }) => {
    const { algorithm, curve } = kindRequirements[kind]
    return algorithms.has(algorithm) && (curve === undefined || curves.has(curve))
  })
}

/**
 * Finds the endorsement keys, those with certificates first.
 * @throws TPM_NOT_AVAILABLE when the TPM can make none of them
 */
export async function findEndorsementKeys(runner: CommandRunner): Promise<readonly FoundEndorsementKey[]> {
  const indices = new Set(await readHandles(runner, 'nvIndex'))
  const persistent = await persistentKeys(runner)
  const found: FoundEndorsementKey[] = []
  for (const template of await supportedTemplates(runner)) {
    found.push(await findKey(runner, template, indices, persistent))
  }
  if (found.length === 0) {
    throw new TrustholdError('TPM_NOT_AVAILABLE', {
      what: 'an endorsement key',
      reason: 'the TPM has neither RSA nor the curve P-256',
    })
  }
  const rank = ({ key }: FoundEndorsementKey): number => (key.certificate === undefined ? 1 : 0)
  return found.toSorted((a, b) => rank(a) - rank(b))
}
