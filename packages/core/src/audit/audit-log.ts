import { utf8 } from '../bytes/index.js'
import type { AuditSink, Clock } from '../ports/index.js'

/** A decision as it is recorded. Never holds key material, tokens or passwords. */
export interface AuditEvent {
  /** What was decided, such as `key.generate`. */
  readonly action: string
  /** `refused`: the one who asked is to blame; `failed`: it could not be decided or done. */
  readonly outcome: 'allowed' | 'refused' | 'failed'
  /** The host (`sub` of its token) or the administrator. */
  readonly subject: string
  /** What it was about and why, as short texts. */
  readonly details: Readonly<Record<string, string>>
}

/** Writes decisions to an {@link AuditSink}. */
export interface AuditLog {
  /**
   * Resolves once the record is durable. What must not happen unrecorded waits for this.
   * @throws STORE_UNAVAILABLE
   */
  record(event: AuditEvent): Promise<void>
}

/** Makes an audit log; each record is one JSON object with the time (ISO 8601) first. */
export function createAuditLog(sink: AuditSink, clock: Clock): AuditLog {
  return {
    async record(event) {
      const { action, outcome, subject, details } = event
      const time = new Date(clock.now()).toISOString()
      await sink.append(utf8(JSON.stringify({ time, action, outcome, subject, details })))
    },
  }
}
