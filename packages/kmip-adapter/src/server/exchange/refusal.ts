import type { Enumerated } from '../../ttlv/index.js'

/** Why a request is refused, by KMIP's name. */
export type ResultReason = Exclude<Enumerated<'ResultReason'>, number>

/**
 * A request that is not carried out. The client is told the reason and the message, so that neither may hold a secret
 * or say more than the client may know.
 */
export class Refusal extends Error {
  constructor(
    /** The reason by its name in the newest version; older versions are told what they have for it. */
    readonly reason: ResultReason,
    message: string,
  ) {
    super(message)
    this.name = 'Refusal'
  }
}

/** Refuses a request, with a message for its sender. @throws Refusal */
export function refuse(reason: ResultReason, message: string): never {
  throw new Refusal(reason, message)
}
