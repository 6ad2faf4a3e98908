import { encode } from '@trusthold/core/codec'
import { isTrustholdError, TrustholdError } from '@trusthold/core/errors'
import type { EndorsementKey, EndorsementKeyTemplate, TpmKeyKind } from '@trusthold/core/ports'
import {
  computeName,
  type EccPublic,
  type EkTemplate,
  ekTemplates,
  matchesTemplate,
  permanentHandles,
  type RsaPublic,
  type TpmtPublic,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { parseCertificate, readIssuerUrls } from '@trusthold/core/x509'
import { readAlgorithms, readEccCurves, readHandles, readProperty } from '../commands/get-capability.js'
import { readPublic } from '../commands/read-public.js'
import type { CommandRunner } from '../commands/run-command.js'
import { type Authority, noSalt, withHierarchy } from './authorization.js'
import { readEkStorage } from './ek-storage.js'
import { kindFacts } from './key-kinds.js'
import { persistentObject } from './loaded-key.js'
import { endorsementParent, type ParentKey } from './parent-key.js'
import { type FoundKey, makePrimaryKey } from './primary-key.js'
import { vendorCertificateUrl } from './vendor-urls.js'

/** An endorsement key with what is needed to use it. */
export interface FoundEndorsementKey extends ParentKey {
  readonly key: EndorsementKey
}

type Template = EkTemplate & { readonly name: EndorsementKeyTemplate; readonly kind: TpmKeyKind }

/** All templates in order of preference: those that every TPM has first. */
const templates: readonly Template[] = [
  { ...ekTemplates['L-1'], kind: 'rsa-2048' },
  { ...ekTemplates['L-2'], kind: 'ecc-p256' },
  { ...ekTemplates['H-1'], kind: 'rsa-2048' },
  { ...ekTemplates['H-2'], kind: 'ecc-p256' },
  { ...ekTemplates['H-3'], kind: 'ecc-p384' },
  { ...ekTemplates['H-6'], kind: 'rsa-3072' },
  { ...ekTemplates['H-4'], kind: 'ecc-p521' },
  { ...ekTemplates['H-7'], kind: 'rsa-4096' },
]

/** Templates of which a TPM can make a key, whether or not its vendor gave it a certificate. */
const alwaysThere: ReadonlySet<EndorsementKeyTemplate> = new Set(['L-1', 'L-2'])

/** Handles that are set aside for endorsement keys. TCG TPM 2.0 Provisioning Guidance, section 7.8. */
const endorsementRange = 0x8101
/** TPM_PT_MANUFACTURER. Part 2, section 6.13. */
const manufacturerProperty = 0x105

/** What one look-up goes by. */
interface LookUp {
  readonly runner: CommandRunner
  readonly authority: Authority
  readonly indices: ReadonlySet<number>
  readonly persistent: readonly FoundKey[]
  readonly manufacturer: number
}

async function persistentKeys(runner: CommandRunner): Promise<readonly FoundKey[]> {
  const handles = await readHandles(runner, 'persistent')
  const keys: FoundKey[] = []
  for (const handle of handles.filter((each) => each >>> 16 === endorsementRange)) {
    const publicArea = await readPublic(runner, handle)
    if (publicArea.nameAlg === 'null') continue
    keys.push({ publicArea, object: persistentObject({ handle, name: computeName(publicArea) }) })
  }
  return keys
}

function primaryKey({ runner, authority }: LookUp, template: TpmtPublic): Promise<FoundKey> {
  return makePrimaryKey(runner, {
    hierarchy: permanentHandles.endorsement,
    template,
    // No key of the TPM is known yet that a session could be salted to.
    authorize: (using, work) => withHierarchy(using, authority, 'endorsement', noSalt, work),
  })
}

/** Whether the certificate holds this key's modulus or point. */
function certifies(certificate: Uint8Array, { type, unique }: TpmtPublic): boolean {
  const key = type === 'ecc' ? Buffer.concat([unique.x, unique.y]) : Buffer.from(unique as Uint8Array)
  return Buffer.from(certificate).includes(key)
}

/** What the certificate says of its issuer; one that cannot be read says nothing, and is for its judge to refuse. */
function issuerUrlsOf(certificate: Uint8Array): readonly string[] {
  try {
    return readIssuerUrls(parseCertificate(certificate))
  } catch (error) {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    return []
  }
}

/**
 * The key of a template: a persistent one, which costs nothing, or the one that the TPM makes again. Where there is a
 * certificate, the key that it certifies.
 */
async function findKey(lookUp: LookUp, { kind, ...template }: Template): Promise<FoundEndorsementKey> {
  const { runner, authority, indices, persistent, manufacturer } = lookUp
  const stored = await readEkStorage(runner, authority, { kind, ...template }, indices)
  const { certificate } = stored
  const fits = (candidate: FoundKey): boolean =>
    matchesTemplate(candidate.publicArea, stored.template) &&
    (certificate === undefined || certifies(certificate, candidate.publicArea))
  const { publicArea, object } = persistent.find(fits) ?? (await primaryKey(lookUp, stored.template))
  const certificateUrl = vendorCertificateUrl(manufacturer, publicArea as RsaPublic | EccPublic)
  const issuerUrls = certificate === undefined ? [] : issuerUrlsOf(certificate)
  return {
    ...endorsementParent(authority, publicArea, object),
    key: {
      kind,
      template: template.name,
      publicArea: encode(tpmtPublic, publicArea),
      ...(certificate === undefined ? {} : { certificate }),
      ...(certificateUrl === undefined ? {} : { certificateUrl }),
      ...(issuerUrls.length === 0 ? {} : { issuerUrls }),
    },
  }
}

async function isSupported(runner: CommandRunner): Promise<(template: Template) => boolean> {
  const algorithms = await readAlgorithms(runner)
  const curves = await readEccCurves(runner)
  return ({ kind }) => {
    const { algorithm, curve } = kindFacts(kind)
    return algorithms.has(algorithm) && (curve === undefined || curves.has(curve))
  }
}

/** H-5 is of SM2, SM3 and SM4, with which nothing here can make a credential. */
function refuseTemplate(name: string): never {
  const reason = `${name} is no template whose keys can be used: ${templates.map((each) => each.name).join(', ')} are`
  throw new TrustholdError('ARGUMENT_INVALID', { name: 'endorsementKeys', reason })
}

/** Whether the TPM refused a template, as one with a key of a length that it does not have. */
const refusesTemplate = (error: unknown): boolean =>
  isTrustholdError(error, 'TPM_RESPONSE') &&
  error.context.command === 'TPM2_CreatePrimary' &&
  error.context.field === 'inPublic'

/** The templates that are looked for, in order: those that were asked for, or those that there may be keys of. */
function wantedTemplates(
  asked: readonly EndorsementKeyTemplate[] | undefined,
  indices: ReadonlySet<number>,
): readonly Template[] {
  if (asked !== undefined) {
    return asked.map((name) => templates.find((template) => template.name === name) ?? refuseTemplate(name))
  }
  return templates.filter(({ name, nv }) => alwaysThere.has(name) || indices.has(nv.certificate))
}

/**
 * Finds the endorsement keys: of the templates that were asked for in their order, or of all that the TPM has a
 * certificate for, and those that every TPM can make; then those with certificates first. Templates of keys that the TPM
 * does not have are left out.
 * @throws TPM_NOT_AVAILABLE when the TPM can make none of them, ARGUMENT_INVALID for H-5 and what is no template
 */
export async function findEndorsementKeys(
  runner: CommandRunner,
  authority: Authority,
  indices: ReadonlySet<number>,
  asked?: readonly EndorsementKeyTemplate[],
): Promise<readonly FoundEndorsementKey[]> {
  const persistent = await persistentKeys(runner)
  const manufacturer = (await readProperty(runner, manufacturerProperty)) ?? 0
  const supported = await isSupported(runner)
  const found: FoundEndorsementKey[] = []
  const wanted = wantedTemplates(asked, indices)
  for (const template of wanted.filter(supported)) {
    try {
      found.push(await findKey({ runner, authority, indices, persistent, manufacturer }, template))
    } catch (error) {
      if (!refusesTemplate(error)) throw error
    }
  }
  if (found.length === 0) {
    const names = wanted.map(({ name }) => name).join(', ')
    throw new TrustholdError('TPM_NOT_AVAILABLE', {
      what: 'an endorsement key',
      reason: `the TPM can make no key of the templates that were asked for (${names})`,
    })
  }
  if (asked !== undefined) return found
  const rank = ({ key }: FoundEndorsementKey): number => (key.certificate === undefined ? 1 : 0)
  return found.toSorted((a, b) => rank(a) - rank(b))
}
