import { readFileSync } from 'node:fs'
import type { EkTemplateName, HashAlgorithm } from '../../src/tpm2/index.js'

interface RecordedKey {
  scheme: string
  hash: string
  endorsementPublic: string
  public: string
  name: string
  qualifiedName: string
}
interface RecordedStatement {
  scheme: string
  message: string
  signature: string
}

/** What a software TPM and tpm2-tools made; `vectors/record.mjs` says how. Bytes are hexadecimal. */
export const recorded = JSON.parse(
  readFileSync(new URL('vectors/tpm2-tools.json', import.meta.url), 'utf8'),
) as {
  keys: readonly RecordedKey[]
  quotes: readonly (RecordedStatement & { pcrValues: string })[]
  statements: readonly (RecordedStatement & { type: string })[]
  credentials: readonly { privateKey: string; name: string; secret: string; blob: string }[]
}

interface NamedObject {
  public: string
  name: string
  qualifiedName: string
}

/** Objects of every kind; `vectors/record-objects.mjs` says how they were made. Bytes are hexadecimal. */
export const recordedObjects = JSON.parse(
  readFileSync(new URL('vectors/objects.json', import.meta.url), 'utf8'),
) as {
  endorsementKeys: readonly (NamedObject & { template: EkTemplateName })[]
  publicAreas: readonly (NamedObject & { kind: string; parentQualifiedName: string })[]
  nvIndices: readonly { public: string; name: string }[]
  nvDigest: { message: string; signature: string; public: string; signer: string; nvContent: string }
  creation: {
    nameAlg: HashAlgorithm
    data: string
    hash: string
    ticket: string
    parentName: string
    parentQualifiedName: string
  }
  tickets: Readonly<Record<'hashcheck' | 'verified' | 'authSecret' | 'authSigned', string>>
  contexts: readonly string[]
  capabilities: readonly { capability: string; data: string }[]
  policies: { name: string; digests: readonly { policy: string; digest: string }[] }
}

/** Credentials and duplicates for keys outside of a TPM; `vectors/record-protected.mjs` says how they were made. */
export const recordedProtected = JSON.parse(
  readFileSync(new URL('vectors/protected.json', import.meta.url), 'utf8'),
) as {
  credentials: readonly {
    template: EkTemplateName
    endorsementPublic: string
    privateKey: string
    name: string
    secret: string
    blob: string
  }[]
  duplicates: readonly {
    template: EkTemplateName
    parentPublic: string
    privateKey: string
    objectPublic: string
    duplicate: string
    seed: string
    innerKey?: string
    data: string
  }[]
}
