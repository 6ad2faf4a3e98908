import { utf8 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'
import type { BaseImage } from './base-image.js'
import { readBaseImage } from './read-base-image.js'

/** Largest document, in bytes; that of a boot with a thousand events in SHA-512 takes a third of it. */
const maxDocument = 1024 * 1024

/**
 * Writes a base image as canonical JSON: members in fixed order, no white space, UTF-8. One image has one encoding.
 * @throws BASE_IMAGE_INVALID for what {@link decodeBaseImage} would refuse
 */
export function encodeBaseImage(image: BaseImage): Uint8Array {
  const bytes = utf8(JSON.stringify(readBaseImage(image)))
  if (bytes.length > maxDocument) throw tooLarge(bytes.length)
  return bytes
}

/**
 * Reads what {@link encodeBaseImage} wrote, and nothing else: other spellings of the same document are refused, so no
 * member can be there twice.
 * @throws BASE_IMAGE_INVALID with the path of what is wrong
 */
export function decodeBaseImage(bytes: Uint8Array): BaseImage {
  if (bytes.length > maxDocument) throw tooLarge(bytes.length)
  const source = decodeUtf8(bytes)
  const image = readBaseImage(parseJson(source))
  if (JSON.stringify(image) !== source) throw invalid('$', 'canonical JSON', 'another spelling of it')
  return image
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid('$', 'UTF-8', 'other bytes')
  }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch {
    throw invalid('$', 'JSON', 'another text')
  }
}

function tooLarge(length: number): TrustholdError {
  return invalid('$', `at most ${maxDocument} bytes`, `${length} bytes`)
}

function invalid(path: string, expected: string, actual: string): TrustholdError {
  return new TrustholdError('BASE_IMAGE_INVALID', { path, expected, actual })
}
