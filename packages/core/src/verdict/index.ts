/**
 * Named checks and what they add up to.
 * @module
 */
export { type Check, conclude, fail, failuresOf, type Outcome, pass, skipped, unknown } from './check.js'
