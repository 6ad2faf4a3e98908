import { boolean, bytes, maybe } from '../ttlv/index.js'

const since13 = { since: '1.3' } as const

/**
 * The fields of a request whose data come in several parts: the value that holds the parts together, and whether this
 * is the first one or the last. KMIP 1.4, section 4.29.
 */
export const partFields = {
  correlationValue: maybe('CorrelationValue', bytes, since13),
  initIndicator: maybe('InitIndicator', boolean, since13),
  finalIndicator: maybe('FinalIndicator', boolean, since13),
} as const

/** The field of an answer that holds the parts together. */
export const partAnswerFields = { correlationValue: maybe('CorrelationValue', bytes, since13) } as const
