// The recording test/recordings/certificates: what openssl and swtpm_localca write. scripts/record-certificates.mjs.
import { readFileSync } from 'node:fs'

const directory = new URL('../../../../test/recordings/certificates/', import.meta.url)

export const recorded = (file: string): Uint8Array => Uint8Array.from(readFileSync(new URL(file, directory)))
export const { made, password } = JSON.parse(Buffer.from(recorded('recording.json')).toString()) as {
  made: string
  password: string
}
/** A moment at which the recorded certificates are valid. */
export const madeAt = Date.parse(made) + 86_400_000
