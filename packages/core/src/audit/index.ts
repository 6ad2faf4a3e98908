/**
 * The record of every decision, as one hash chain.
 * @module
 */
export { type AuditEvent, type AuditLog, createAuditLog } from './audit-log.js'
