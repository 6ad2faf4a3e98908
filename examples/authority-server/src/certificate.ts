import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSelfSignedCertificate } from '@trusthold/core/x509'

/** The server's certificate and key, PEM. */
export interface ServerCertificate {
  readonly certificate: string
  readonly privateKey: string
  /** Whether it was made just now. */
  readonly made: boolean
}

/**
 * The certificate in the data directory (`server.crt`, `server.key`), made on first start. Put an organisation's own
 * there to have that one served.
 */
export async function loadCertificate(
  directory: string,
  hosts: readonly string[],
): Promise<ServerCertificate> {
  const certificateFile = join(directory, 'server.crt')
  const keyFile = join(directory, 'server.key')
  const certificate = await readIfThere(certificateFile)
  if (certificate !== undefined) {
    return { certificate, privateKey: await readFile(keyFile, 'utf8'), made: false }
  }
  const fresh = makeSelfSignedCertificate({ hosts, now: Date.now() })
  // The key first: a certificate that is there means that its key is.
  await writeDurably(keyFile, fresh.privateKey, 0o600)
  await writeDurably(certificateFile, fresh.certificate, 0o644)
  return { ...fresh, made: true }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whole or not at all, and under a name that nobody can know beforehand until it is whole. */
async function writeDurably(file: string, text: string, mode: number): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`
  const handle = await open(unfinished, 'wx', mode)
  try {
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
