/**
 * The protocol of the TPM 2.0 reference implementation's simulator (its TpmTcpProtocol.h): numbers of 32 bits,
 * big-endian, on two connections, one for commands and one for what the platform around a TPM does.
 * @module
 */

/** Requests on the command port. */
export const commandPort = { sendCommand: 8, endSession: 20 } as const

/** Requests on the platform port, each answered with a zero. */
export const platformPort = {
  powerOn: 1,
  powerOff: 2,
  physicalPresenceOn: 3,
  physicalPresenceOff: 4,
  cancelOn: 9,
  cancelOff: 10,
  nvOn: 11,
  nvOff: 12,
  reset: 17,
  endSession: 20,
  stop: 21,
} as const

/** What follows each answer, and is the answer to requests that have no other. */
export const acknowledgement = 0
