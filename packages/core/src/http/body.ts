import { describeError, TrustholdError } from '../errors/index.js'

/**
 * Reads a request's body as JSON, and no more than `limit` bytes of it.
 * @throws REQUEST_TOO_LARGE, REQUEST_INVALID
 */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw invalid('header.content-type', 'application/json', type === undefined ? 'nothing' : 'another type')
  }
  const bytes = await readLimited(request, limit)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid('body', 'UTF-8', 'other bytes', cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // The parser's message may quote the body; it stays in the cause.
    throw invalid('body', 'JSON', `${bytes.length} bytes that are not`, cause)
  }
}

async function readLimited(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) {
    throw new TrustholdError('REQUEST_TOO_LARGE', { limit })
  }
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > limit) throw new TrustholdError('REQUEST_TOO_LARGE', { limit })
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof TrustholdError) throw error
    throw invalid('body', 'a whole body', `an interrupted one: ${describeError(error)}`, error)
  }
  return Buffer.concat(chunks)
}

function invalid(path: string, expected: string, actual: string, cause?: unknown) {
  return new TrustholdError('REQUEST_INVALID', { path, expected, actual }, { cause })
}
