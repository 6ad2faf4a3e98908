/**
 * Sending commands: one by one, in batches, and deferred.
 * @module
 */
export type { BatchResults } from './batch.js'
export {
  type CommandRunner,
  createRunner,
  type KmipCallOptions,
  type RunnerSettings,
} from './command-runner.js'
export type { Deferred, Polled } from './deferred.js'
export { locateAll, type PagedFilter } from './locate-all.js'
