import { concatBytes } from '@trusthold/core/bytes'
import { isTrustholdError } from '@trusthold/core/errors'
import { measureCertificate } from '@trusthold/core/x509'
import type { CommandRunner } from '../commands/run-command.js'
import type { Authority } from './authorization.js'
import { readNvIndex } from './nv-index.js'

/** Where vendors keep the chain of the certificates: TCG EK Credential Profile 2.5, section 2.2.1.4. */
const first = 0x01c0_0100
const last = 0x01c0_01ff
/** What is read at most, in bytes: sixteen certificates of the size that is accepted. */
const maxChain = 262_144

/**
 * Reads the CA certificates in NV memory: DER one after the other, over as many indices as they take. What follows the
 * last whole certificate is padding, or not for us; as these are hints, neither is an error.
 * @param indices NV indices that the TPM has
 */
export async function readCertificateChain(
  runner: CommandRunner,
  authority: Authority,
  indices: ReadonlySet<number>,
): Promise<readonly Uint8Array[]> {
  const parts: Uint8Array[] = []
  let length = 0
  for (let index = first; index <= last && length <= maxChain; index++) {
    // The chain has no gaps.
    if (!indices.has(index)) break
    const part = await readNvIndex(runner, authority, index)
    if (part === undefined) break
    parts.push(part)
    length += part.length
  }
  return splitCertificates(concatBytes(...parts).subarray(0, maxChain))
}

/** Certificates that stand one after the other. */
export function splitCertificates(bytes: Uint8Array): readonly Uint8Array[] {
  const certificates: Uint8Array[] = []
  for (let rest = bytes; rest.length > 0; ) {
    const length = wholeLength(rest)
    if (length === undefined) break
    certificates.push(rest.slice(0, length))
    rest = rest.subarray(length)
  }
  return certificates
}

function wholeLength(bytes: Uint8Array): number | undefined {
  try {
    return measureCertificate(bytes)
  } catch (error) {
    if (!isTrustholdError(error, 'CERTIFICATE_INVALID')) throw error
    return undefined
  }
}
