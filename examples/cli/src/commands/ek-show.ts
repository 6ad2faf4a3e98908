import { type Manufacturer, readRegisteredKey } from '@trusthold/core/endorsement'
import { describeError, isTrustholdError } from '@trusthold/core/errors'
import type { Certificate } from '@trusthold/core/x509'
import type { Answer } from '../answer.js'
import { certificateLimit, readCertificateFile } from '../formats/certificates.js'
import {
  type CertificateDocument,
  type CertificateSummary,
  certificateDocument,
  certificateLines,
  certificateSummary,
} from '../show/certificate.js'
import { fields } from '../show/table.js'
import { type AddCommand, examples } from './command.js'

/** An EK certificate, for `--json`. */
export interface EkShowDocument extends CertificateDocument {
  /** Null when the certificate is not one of an endorsement key. */
  readonly endorsementKey: {
    /** SHA-256 of the SubjectPublicKeyInfo: the id under which the key is registered. */
    readonly id: string
    /** Such as `rsa-2048`. */
    readonly kind: string
    readonly manufacturer: Manufacturer
    readonly model: string
    /** Hexadecimal digits. */
    readonly version: string
  } | null
  /** Whether the certificate is as the TCG EK Credential Profile asks for. */
  readonly profile: { readonly conforms: boolean; readonly reason?: string }
  /** Other certificates in the file. */
  readonly others: readonly CertificateSummary[]
}

/** Adds `ek show`. */
export const addEkShow: AddCommand = (parent, perform) => {
  parent
    .command('show')
    .description("Show an endorsement key's certificate. Nothing is verified: see `ek verify`.")
    .argument('<file>', 'certificate in PEM or DER, or as read from NV memory; - for standard input')
    .addHelpText(
      'after',
      examples(
        ['tpm2_nvread -C o 0x01c00002 | trusthold ek show -', 'the RSA certificate that a TPM holds'],
        ['trusthold ek show --json ek.pem', 'as one JSON document'],
      ),
    )
    .action((file: string) =>
      perform(async ({ inputs }) => showEk(readCertificateFile(await inputs.read(file, certificateLimit)))),
    )
}

function showEk([certificate, ...others]: readonly Certificate[]): Answer {
  if (certificate === undefined) throw new Error('a file without certificates is refused when it is read')
  const document: EkShowDocument = {
    ...certificateDocument(certificate),
    ...readProfile(certificate),
    others: others.map(certificateSummary),
  }
  return { document, lines: () => showLines(document), good: true }
}

function readProfile({ der }: Certificate): Pick<EkShowDocument, 'endorsementKey' | 'profile'> {
  try {
    const { id, kind, certificate } = readRegisteredKey({ certificate: der })
    if (certificate === undefined) throw new Error('a key that came in a certificate has it')
    const { manufacturer, model, version } = certificate
    return { endorsementKey: { id, kind, manufacturer, model, version }, profile: { conforms: true } }
  } catch (error) {
    if (!isTrustholdError(error)) throw error
    return { endorsementKey: null, profile: { conforms: false, reason: describeError(error) } }
  }
}

function showLines(document: EkShowDocument): string[] {
  const { endorsementKey: key, profile, others } = document
  const tpm =
    key === null
      ? fields({ 'not an EK certificate': profile.reason })
      : fields({
          manufacturer: `${key.manufacturer.name ?? 'not known'} (${key.manufacturer.id})`,
          model: key.model,
          version: key.version,
          'endorsement key': `${key.kind} ${key.id}`,
        })
  const more = others.map(({ subject }) => `also in the file: ${subject}`)
  return [...tpm, '', ...certificateLines(document), ...(more.length > 0 ? ['', ...more] : [])]
}
