import { createGunzip } from 'node:zlib'
import { concatBytes } from '../../bytes/index.js'
import { invalidFrom, invalidImage } from './invalid.js'

/** Of what is decompressed at once, in bytes. */
const chunkSize = 256 * 1024

/** Whether bytes begin as a gzip file does. RFC 1952, section 2.3.1. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Decompresses a gzip file piece by piece, so that no more than a piece is in memory.
 * @param name what errors call it
 * @param limit of the decompressed file, in bytes; not one piece beyond it is given
 * @throws BASE_IMAGE_INVALID when it is no gzip file, is damaged, or is larger
 */
export async function* gunzipPieces(
  bytes: Uint8Array,
  name: string,
  limit: number,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize })
  gunzip.end(bytes)
  let total = 0
  try {
    for await (const piece of gunzip as AsyncIterable<Uint8Array>) {
      total += piece.length
      if (total > limit) throw invalidImage(name, `at most ${limit} bytes decompressed`, 'more')
      yield piece
    }
  } catch (error) {
    throw invalidFrom(name, 'a gzip file', error)
  } finally {
    gunzip.destroy()
  }
}

/** {@link gunzipPieces} in one. */
export async function gunzipWhole(bytes: Uint8Array, name: string, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of gunzipPieces(bytes, name, limit)) pieces.push(piece)
  return concatBytes(...pieces)
}
