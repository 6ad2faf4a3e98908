/** Commands that every TPM 2.0 carries out without authorisation and without keeping anything. TPM 2.0 Part 3. */

function command(code: number, ...parameters: readonly number[]): Uint8Array {
  return Uint8Array.of(
    0x80,
    0x01,
    0,
    0,
    0,
    10 + parameters.length,
    0,
    0,
    code >> 8,
    code & 0xff,
    ...parameters,
  )
}

/** TPM2_GetRandom of 1 to 16 bytes; {@link randomResponseLength} tells the answer from others. */
export const getRandom = (bytes: number): Uint8Array => command(0x17b, 0, bytes)

/** Length of the whole response to {@link getRandom}. */
export const randomResponseLength = (bytes: number): number => 12 + bytes

/** TPM2_SelfTest of everything: the slowest of the harmless commands. Its response is a header. */
export const selfTest = (): Uint8Array => command(0x143, 1)

/** TPM2_GetCapability of a capability that does not exist: the TPM answers TPM_RC_VALUE. */
export const badCapability = (): Uint8Array => command(0x17a, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1)

/** Response code in a response's header. */
export function responseCodeOf(response: Uint8Array): number {
  return new DataView(response.buffer, response.byteOffset, response.byteLength).getUint32(6)
}

/** Size in a response's header. */
export function sizeOf(response: Uint8Array): number {
  return new DataView(response.buffer, response.byteOffset, response.byteLength).getUint32(2)
}

/** The response to {@link getRandom}, made up: zeros in place of random bytes. */
export function zeroResponse(bytes: number): Uint8Array {
  const response = new Uint8Array(randomResponseLength(bytes))
  response.set([0x80, 0x01, 0, 0, 0, response.length, 0, 0, 0, 0, 0, bytes])
  return response
}

/** Leaves it to others to look at a rejection, or to nobody when the test has failed before. */
export function unobserved<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
