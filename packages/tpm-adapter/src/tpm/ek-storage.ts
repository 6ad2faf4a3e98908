import { decode } from '@trusthold/core/codec'
import {
  type EccPublic,
  type EkTemplate,
  type RsaPublic,
  tpmtPublic,
  withEkNonce,
} from '@trusthold/core/tpm2'
import type { CommandRunner } from '../commands/run-command.js'
import type { Authority } from './authorization.js'
import { certificateFrom } from './ek-certificate.js'
import { kindOf } from './key-kinds.js'
import { readNvIndex } from './nv-index.js'

/** What the TPM keeps about an endorsement key. */
export interface EkStorage {
  /** DER. */
  readonly certificate: Uint8Array | undefined
  /** How the vendor made the key: the default template, unless NV memory has a nonce or a template of its own. */
  readonly template: RsaPublic | EccPublic
}

/** A template of the wanted kind; NV memory of some vendors holds other things at these indices. */
function asTemplate(content: Uint8Array, kind: string): RsaPublic | EccPublic | undefined {
  try {
    const publicArea = decode(tpmtPublic, content)
    const asymmetric = publicArea.type === 'rsa' || publicArea.type === 'ecc'
    return asymmetric && kindOf(publicArea) === kind ? publicArea : undefined
  } catch {
    return undefined
  }
}

/** Reads certificate, nonce and template. TCG EK Credential Profile 2.5, section 2.2.1. */
export async function readEkStorage(
  runner: CommandRunner,
  authority: Authority,
  template: EkTemplate,
  indices: ReadonlySet<number>,
): Promise<EkStorage> {
  const read = async (index: number | undefined): Promise<Uint8Array | undefined> =>
    index !== undefined && indices.has(index) ? await readNvIndex(runner, authority, index) : undefined
  const certificate = await read(template.nv.certificate)
  const stored = await read(template.nv.template)
  const nonce = await read(template.nv.nonce)
  // Builds of swtpm put the template where the profile has the nonce.
  const [own, misplaced] = [stored, nonce].map((content) => content && asTemplate(content, template.kind))
  const base = own ?? misplaced ?? template.publicArea
  return {
    certificate: certificate && certificateFrom(certificate),
    template: nonce === undefined || misplaced !== undefined ? base : withEkNonce(base, nonce),
  }
}
