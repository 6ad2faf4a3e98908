/**
 * The record of decisions, as one hash chain; docs/threat-model.md says which.
 * @module
 */
export { type AuditEvent, type AuditLog, createAuditLog } from './audit-log.js'
