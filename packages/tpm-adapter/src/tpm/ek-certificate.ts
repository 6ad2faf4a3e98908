/**
 * Start of a certificate that is wrapped as for TPM 1.2: TCG_PCCLIENT_STORED_CERT with tag 0x1001 and type 0 (full).
 * TCG PC Client Specific Implementation Specification 1.21, section 7.3.2.
 */
const wrapperStart = [0x10, 0x01, 0x00] as const
/** Wrapper's start and its 16-bit length. */
const wrapperLength = 5
/** Tag of the certificate inside (TCG_FULL_CERT); some vendors leave it out. */
const fullCertificateTag = [0x10, 0x02] as const

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte)
}

function withoutWrapper(content: Uint8Array): Uint8Array {
  if (!startsWith(content, wrapperStart)) return content
  const length = ((content[3] ?? 0) << 8) | (content[4] ?? 0)
  const inner = content.subarray(wrapperLength, wrapperLength + length)
  return startsWith(inner, fullCertificateTag) ? inner.subarray(fullCertificateTag.length) : inner
}

/** Length of the DER value at the start; undefined when there is none or the content ends before it. */
function derLength(content: Uint8Array): number | undefined {
  const [tag, first] = content
  if (tag !== 0x30 || first === undefined) return undefined
  if (first < 0x80) return 2 + first
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 3 || content.length < 2 + lengthBytes) return undefined
  const length = content.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  return 2 + lengthBytes + length
}

/**
 * The certificate in an NV index: without the wrapper of TPM 1.2 times and without padding. Content that is not DER is
 * returned as it is, so that whoever judges the certificate can say what is wrong with it.
 * @returns undefined when the index is blank: all zeros or all ones
 */
export function certificateFrom(content: Uint8Array): Uint8Array | undefined {
  if (content.every((byte) => byte === 0) || content.every((byte) => byte === 0xff)) return undefined
  const certificate = withoutWrapper(content)
  const length = derLength(certificate)
  return length === undefined || length > certificate.length
    ? Uint8Array.from(content)
    : certificate.slice(0, length)
}
