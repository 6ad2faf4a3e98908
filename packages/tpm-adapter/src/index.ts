/**
 * Talks to TPM 2.0 devices and software TPMs.
 * @module
 */

export type { EventLogSource } from './tpm/event-log.js'
export { type ExtendPcrOptions, extendPcr } from './tpm/extend-pcr.js'
export { flushAll, type LoadedHandles, loadedHandles } from './tpm/loaded-handles.js'
export { type OpenTpmOptions, openTpm } from './tpm/open-tpm.js'
export { startUp } from './tpm/start-up.js'
export { openLinuxDevice } from './transport/linux-device.js'
export type { TransportTimeouts } from './transport/serial-transport.js'
export { connectSwtpmTcp, type SwtpmTcpOptions } from './transport/swtpm-tcp.js'
export { connectSwtpmUnix, type SwtpmUnixOptions } from './transport/swtpm-unix.js'
