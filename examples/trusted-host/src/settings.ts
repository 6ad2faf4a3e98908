import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TpmTransport } from '@trusthold/core/ports'
import { connectSwtpmTcp, connectSwtpmUnix, openLinuxDevice } from '@trusthold/tpm-adapter'

/** A key that the agent fetches: the provider that makes it, and the file it goes to. */
export interface WantedKey {
  readonly provider: string
  /** The plaintext key's file. */
  readonly file: string
  /** Where its wrapped form is kept, without which the key cannot be had again. */
  readonly wrappedFile: string
}

/** What the environment says. */
export interface Settings {
  /** `https://host:port` of the authority. */
  readonly authority: string
  /** PEM file with the certificates to trust for it; the system's when absent. */
  readonly ca: string | undefined
  /** `device:/dev/tpmrm0`, `swtpm:host:port` or `unix:/path`. */
  readonly tpm: string
  /** The TCG event log; the kernel's when absent. */
  readonly eventLog: string | undefined
  /** Where the attestation key is kept between runs; nowhere when absent. */
  readonly stateFile: string | undefined
  readonly keys: readonly WantedKey[]
}

/** Every variable with its meaning, for `--help`. */
export const variables: readonly (readonly [name: string, meaning: string])[] = [
  ['TRUSTHOLD_AUTHORITY', 'https://host:port of the authority'],
  ['TRUSTHOLD_CA', "PEM file that the authority's certificate must chain to (the system's)"],
  ['TRUSTHOLD_TPM', 'device:/dev/tpmrm0, swtpm:host:port or unix:/path (device:/dev/tpmrm0)'],
  ['TRUSTHOLD_EVENT_LOG', "TCG event log (the kernel's)"],
  ['TRUSTHOLD_STATE', 'file that keeps the attestation key between runs (none)'],
  ['TRUSTHOLD_WRAPPED', "directory that keeps the wrapped keys (beside each key's file)"],
  ['TRUSTHOLD_KEYS', 'keys to fetch, as provider=file, comma-separated; used by run'],
]

/**
 * Reads the settings.
 * @throws Error that names the variable
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  return {
    authority: environment['TRUSTHOLD_AUTHORITY'] ?? '',
    ca: environment['TRUSTHOLD_CA'],
    tpm: environment['TRUSTHOLD_TPM'] ?? 'device:/dev/tpmrm0',
    eventLog: environment['TRUSTHOLD_EVENT_LOG'],
    stateFile: environment['TRUSTHOLD_STATE'],
    keys: readKeys(environment['TRUSTHOLD_KEYS'] ?? '', environment['TRUSTHOLD_WRAPPED']),
  }
}

function readKeys(text: string, wrappedDirectory: string | undefined): WantedKey[] {
  const keys = text
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => {
      const [provider, file, ...more] = entry.trim().split('=')
      if (!provider || !file || more.length > 0) {
        throw new Error(`TRUSTHOLD_KEYS: expected provider=file, found ${JSON.stringify(entry)}`)
      }
      const place = wrappedDirectory === undefined ? file : join(wrappedDirectory, basename(file))
      return { provider, file, wrappedFile: `${place}.wrapped` }
    })
  const places = keys.map(({ wrappedFile }) => wrappedFile)
  const twice = places.find((place, i) => places.indexOf(place) !== i)
  if (twice !== undefined) throw new Error(`TRUSTHOLD_KEYS: two keys would be kept in ${twice}`)
  return keys
}

/** Opens the TPM that the settings name. */
export async function openTransport(tpm: string): Promise<TpmTransport> {
  const [kind, ...rest] = tpm.split(':')
  const address = rest.join(':')
  if (kind === 'device') return openLinuxDevice(address)
  if (kind === 'unix') return connectSwtpmUnix({ path: address })
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  if (kind === 'swtpm' && Number.isInteger(port)) {
    return connectSwtpmTcp({ host: address.slice(0, address.lastIndexOf(':')), port })
  }
  throw new Error(
    `TRUSTHOLD_TPM: expected device:PATH, swtpm:HOST:PORT or unix:PATH, found ${JSON.stringify(tpm)}`,
  )
}

/** The certificates to trust for the authority. */
export async function readCa({ ca }: Settings): Promise<readonly string[] | undefined> {
  return ca === undefined ? undefined : [await readFile(ca, 'utf8')]
}
