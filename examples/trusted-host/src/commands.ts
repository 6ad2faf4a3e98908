import { readFile } from 'node:fs/promises'
import { parseEventLog } from '@trusthold/core/measured-boot'
import { captureBaseImage, encodeBaseImage } from '@trusthold/core/policy'
import type { Tpm } from '@trusthold/core/ports'
import { keepFresh, type TrustedHost } from '@trusthold/core/trusted-host'
import type { Logger } from 'pino'
import { readIfThere, writePrivately } from './files.js'
import type { Settings, WantedKey } from './settings.js'

/** PCRs that a base image holds unless others are named: firmware, boot loader, kernel and Secure Boot state. */
const usualPcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** What every command gets. */
export interface Agent {
  readonly settings: Settings
  readonly tpm: Tpm
  readonly host: TrustedHost
  readonly log: Logger
}

/** Prints what this machine booted as a base image, for an administrator to approve. */
export async function capture(tpm: Tpm, name: string, pcrs: readonly number[] = usualPcrs): Promise<void> {
  const bank = 'sha256'
  const [values] = await tpm.readPcrs([{ bank, pcrs }])
  if (values === undefined) throw new Error('the TPM returned no PCR values')
  const log = parseEventLog(await tpm.eventLog())
  const image = captureBaseImage({ name, log, bank, pcrs: values.values })
  process.stdout.write(encodeBaseImage(image))
  process.stdout.write('\n')
}

/** Attests once and prints every check. */
export async function attest({ host }: Agent): Promise<void> {
  const { checks } = await host.attest()
  for (const { id, outcome, reason } of checks) console.log(`${outcome.padEnd(8)} ${id.padEnd(28)} ${reason}`)
}

/** Makes a key: its wrapped form goes to standard output, the key itself to the file. */
export async function generateKey({ host }: Agent, provider: string, file: string): Promise<void> {
  const { key, wrapped } = await host.generateKey(provider)
  await writePrivately(file, key.copy())
  key.wipe()
  console.log(wrapped)
}

/** Opens a wrapped key (a file, or `-` for standard input) into a file. */
export async function decrypt({ host }: Agent, wrappedFile: string, file: string): Promise<void> {
  const wrapped = (await readFile(wrappedFile === '-' ? '/dev/stdin' : wrappedFile, 'utf8')).trim()
  const key = await host.decrypt(wrapped)
  await writePrivately(file, key.copy())
  key.wipe()
}

/** Keeps a token fresh and the wanted keys in their files, until it is told to stop. */
export async function run({ settings, host, log }: Agent, signal: AbortSignal): Promise<void> {
  const fetched = new Set<WantedKey>()
  await keepFresh(host, {
    signal,
    onAttested: ({ checks }) => {
      log.info({ checks: checks.length }, 'attested')
      const missing = settings.keys.filter((key) => !fetched.has(key))
      fetchKeys(host, missing, log, fetched).catch((error: unknown) => log.error({ error }, 'no key'))
    },
    onFailure: (error, retryInMs) => log.warn({ error, retryInMs }, 'not attested'),
  })
}

async function fetchKeys(
  host: TrustedHost,
  wanted: readonly WantedKey[],
  log: Logger,
  fetched: Set<WantedKey>,
): Promise<void> {
  for (const key of wanted) {
    const known = await readIfThere(key.wrappedFile)
    const secret = known === undefined ? await makeKey(host, key) : await host.decrypt(textOf(known))
    await writePrivately(key.file, secret.copy())
    secret.wipe()
    fetched.add(key)
    log.info({ provider: key.provider, file: key.file, made: known === undefined }, 'key in place')
  }
}

/** The wrapped form is on disk before the key is used: losing it would lose what the key encrypts. */
async function makeKey(host: TrustedHost, { provider, wrappedFile }: WantedKey) {
  const { key, wrapped } = await host.generateKey(provider)
  await writePrivately(wrappedFile, `${wrapped}\n`)
  return key
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).trim()
