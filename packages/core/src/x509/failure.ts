import { TrustholdError } from '../errors/index.js'

/** Fails with CERTIFICATE_INVALID. `path` is the dotted place in the certificate, or in the certification path. */
export function refuse(path: string, expected: string, actual: string): never {
  throw new TrustholdError('CERTIFICATE_INVALID', { path, expected, actual })
}

/** A number as DER identifier octets are written in messages. */
export const hexByte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`
