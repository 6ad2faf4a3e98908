import { readFileSync } from 'node:fs'

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
