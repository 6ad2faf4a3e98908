/**
 * Changes that no test can notice, because the code does the same with them; each with the reason.
 * @type {readonly { file: string, what: string, why: string }[]}
 */
export const equivalent = []
