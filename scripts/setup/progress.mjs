// What the scripts say while they work goes to stderr, so that stdout stays free for results.

/** Ends a script with a message for a person and no stack trace. */
export class SetupError extends Error {}

/** @returns {(text: string) => void} prints a line with the seconds since the process started */
export function createProgress() {
  return (text) => process.stderr.write(`[${process.uptime().toFixed(1).padStart(6)} s] ${text}\n`)
}

/**
 * Runs a script's main function; a failure becomes a message and exit code 1.
 * @param {() => Promise<number>} main returns the exit code
 */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    const text = error instanceof SetupError ? error.message : error instanceof Error ? error.stack : error
    process.stderr.write(`\n${text}\n`)
    process.exitCode = 1
  }
}
