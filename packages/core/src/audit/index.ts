/**
 * The record of decisions, as one hash chain: every attestation whose challenge was redeemed, every release of a key.
 * @module
 */
export { type AuditEvent, type AuditLog, createAuditLog } from './audit-log.js'
