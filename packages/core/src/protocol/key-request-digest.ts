import { createHash } from 'node:crypto'
import { toBase64url, utf8 } from '../bytes/index.js'
import type { DecryptRequest, GenerateKeyRequest } from './messages.js'

const domain = 'trusthold/key-request/v1'

/**
 * What a proof of possession says of the request that it is for: SHA-256, base64url, over domain, action, provider,
 * delivery, and length or wrapped key, each with its length (32 bits, big-endian) before it. A proof for one request is
 * then of no use for another, whoever gets hold of it on its way.
 */
export function keyRequestDigest(
  request: ({ action: 'generate-key' } & GenerateKeyRequest) | ({ action: 'decrypt' } & DecryptRequest),
): string {
  const content = request.action === 'generate-key' ? String(request.length) : request.wrapped
  const hash = createHash('sha256')
  for (const part of [domain, request.action, request.provider, request.delivery, content]) {
    const bytes = utf8(part)
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length)
    hash.update(length).update(bytes)
  }
  return toBase64url(hash.digest())
}
