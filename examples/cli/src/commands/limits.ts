/** Bytes that a message, signature, key or list of PCR values may have: some times what the largest has. */
export const smallLimit = 64 * 1024
/** Bytes of an event log: what core reads at most. */
export const eventLogLimit = 2 * 1024 * 1024
/** Bytes of an IMA list: what core reads at most. */
export const imaLogLimit = 64 * 1024 * 1024
/** Bytes of KMIP messages, all of a file together; in hexadecimal twice as many. */
export const ttlvLimit = 16 * 1024 * 1024
