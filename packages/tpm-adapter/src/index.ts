/**
 * Talks to TPM 2.0 devices and software TPMs.
 * @module
 */

export type { HierarchyPasswords } from './tpm/authorization.js'
export { type ExtendPcrOptions, extendPcr } from './tpm/extend-pcr.js'
export type { EventLogSource, OptionalLogSource } from './tpm/host-logs.js'
export { flushAll, type LoadedHandles, loadedHandles } from './tpm/loaded-handles.js'
export { type OpenTpmOptions, openTpm } from './tpm/open-tpm.js'
export { startUp } from './tpm/start-up.js'
export { openLinuxDevice } from './transport/linux-device.js'
export type { TransportOptions, TransportTimeouts } from './transport/serial-transport.js'
export { connectSimulator, type SimulatorOptions } from './transport/simulator.js'
export { openSimulatorPlatform, type SimulatorPlatform } from './transport/simulator-platform.js'
export type { SocketAddress } from './transport/socket-channel.js'
export {
  openSwtpmControl,
  type SwtpmBufferSize,
  type SwtpmCapability,
  type SwtpmControl,
} from './transport/swtpm-control.js'
export { connectSwtpmTcp, type SwtpmTcpOptions } from './transport/swtpm-tcp.js'
export { connectSwtpmUnix, type SwtpmUnixOptions } from './transport/swtpm-unix.js'
export {
  type RecordedExchange,
  recordTraffic,
  replayTraffic,
  type TrafficRecorder,
  type TrafficRecording,
} from './transport/traffic.js'
