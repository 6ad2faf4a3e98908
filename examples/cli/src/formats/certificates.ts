import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, measureCertificate, readCertificates } from '@trusthold/core/x509'
import { type Input, type InputReader, unreadable } from '../input.js'
import { inFile, UserError } from '../user-error.js'

/** Bytes of a file with an EK certificate and those that lead to a CA. */
export const certificateLimit = 256 * 1024
/** Bytes of a file with CA certificates. */
const bundleLimit = 8 * 1024 * 1024
/** Files that a directory of CA certificates may have. */
const maxFiles = 1024

/** Names of files in a directory of CA certificates; the last is what `openssl rehash` makes. */
const certificateFile = /\.(?:pem|crt|cer|der|p7b|p7c|\d+)$/i

const sequenceTag = 0x30

/**
 * Reads a certificate as vendors and TPMs give it: PEM, DER or PKCS#7, with others behind it, or DER with the unused
 * rest of the NV index, all 0x00 or all 0xff.
 * @returns at least one
 * @throws UserError with the file, the field and what was expected
 */
export function readCertificateFile({ name, bytes }: Input): readonly Certificate[] {
  return inFile(name, () => readCertificates(withoutPadding(bytes)))
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== sequenceTag) return bytes
  const length = measureCertificate(bytes)
  const rest = bytes.subarray(length)
  const unused = rest[0] === 0x00 || rest[0] === 0xff
  return unused && rest.every((byte) => byte === rest[0]) ? bytes.subarray(0, length) : bytes
}

/**
 * Reads the CA certificates of files and directories. Of a directory, not of those in it, every file counts that is
 * named like a certificate.
 * @throws UserError for a path that cannot be read or has no certificate
 */
export async function readCaCertificates(
  inputs: InputReader,
  paths: readonly string[],
): Promise<readonly Certificate[]> {
  const certificates: Certificate[] = []
  for (const path of paths) {
    for (const file of await filesOf(path)) {
      certificates.push(...readCertificateFile(await inputs.read(file, bundleLimit)))
    }
  }
  return certificates
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (path === '-' || !(await isDirectory(path))) return [path]
  const names = (await readdir(path).catch(failReading(path)))
    .filter((name) => certificateFile.test(name))
    .sort()
  if (names.length === 0 || names.length > maxFiles) {
    throw new UserError(
      `${path}: expected 1 to ${maxFiles} files named *.pem, *.crt, *.cer, *.der, *.p7b or *.p7c, found ${names.length}`,
    )
  }
  return names.map((name) => join(path, name))
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(failReading(path))).isDirectory()
}

function failReading(path: string) {
  return (error: unknown): never => {
    throw unreadable(path, error)
  }
}
