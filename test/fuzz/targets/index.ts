import type { FuzzTarget } from '../target.js'
import { codecTargets } from './codecs.js'
import { documentTargets } from './documents.js'
import { kmipTargets } from './kmip.js'
import { logTargets } from './logs.js'
import { quoteTargets } from './quote.js'

/** Every parser that takes bytes from anyone. */
export const targets: readonly FuzzTarget[] = [
  ...logTargets,
  ...quoteTargets,
  ...documentTargets,
  ...codecTargets,
  ...kmipTargets,
]
