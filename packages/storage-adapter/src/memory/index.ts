/**
 * Stores in memory.
 * @module
 */
export { type MemoryOptions, openMemory } from './open-memory.js'
