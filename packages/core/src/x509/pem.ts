import { fromBase64, toBase64 } from '../bytes/index.js'
import { TrustholdError } from '../errors/index.js'

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** What stands between `BEGIN` and the dashes. */
  readonly label: string
  readonly der: Uint8Array
}

/** Blocks that one text may have. */
const maxBlocks = 4096
/** Characters that one text may have. */
const maxLength = 12 * 1024 * 1024

/** Whether the bytes are PEM rather than DER: some text, then a first encapsulation boundary. */
export function looksLikePem(bytes: Uint8Array): boolean {
  return bytes[0] !== 0x30 && Buffer.from(bytes).includes('-----BEGIN ')
}

/**
 * The blocks of a PEM text. Text between the blocks is explanatory (RFC 7468 section 5.2) and skipped; inside them only
 * base64 and white space is read.
 * @throws CERTIFICATE_BUNDLE_INVALID when a block has no end, another end, or is not base64
 */
export function readPem(text: string): PemBlock[] {
  if (text.length > maxLength) fail(`more than ${maxLength} characters`)
  const blocks: PemBlock[] = []
  let label: string | undefined
  let body: string[] = []
  for (const line of text.split(/\r\n|\n|\r/).map((l) => l.trimEnd())) {
    if (label === undefined) {
      label = boundary(line, 'BEGIN')
      body = []
    } else if (line.startsWith('-----')) {
      if (boundary(line, 'END') !== label) fail(`block ${blocks.length} has no END of its own`)
      if (blocks.length === maxBlocks) fail(`more than ${maxBlocks} blocks`)
      blocks.push({ label, der: decodeBody(body.join(''), blocks.length) })
      label = undefined
    } else {
      body.push(line.replace(/[ \t]/g, ''))
    }
  }
  if (label !== undefined) fail(`block ${blocks.length} has no END`)
  return blocks
}

/**
 * One block of PEM text with its line end (RFC 7468 section 3).
 * @param label such as `CERTIFICATE` or, for PKCS#8, `PRIVATE KEY`
 */
export function writePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function boundary(line: string, which: 'BEGIN' | 'END'): string | undefined {
  const start = `-----${which} `
  const named = line.startsWith(start) && line.endsWith('-----') && line.length > start.length + 5
  return named ? line.slice(start.length, -5) : undefined
}

function decodeBody(body: string, index: number): Uint8Array {
  try {
    return fromBase64(body)
  } catch {
    return fail(`block ${index} is not base64`)
  }
}

function fail(reason: string): never {
  throw new TrustholdError('CERTIFICATE_BUNDLE_INVALID', { format: 'PEM', reason })
}
