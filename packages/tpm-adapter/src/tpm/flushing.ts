import { flushContext } from '../commands/flush-context.js'
import type { CommandRunner } from '../commands/run-command.js'

/**
 * Does some work with a handle and flushes it afterwards, whether the work succeeded or not. When both fail, the work's
 * error is the one that is thrown.
 */
export async function flushAfter<T>(
  runner: CommandRunner,
  handle: number,
  work: () => Promise<T>,
): Promise<T> {
  let result: T
  try {
    result = await work()
  } catch (error) {
    await flushContext(runner, handle).catch(() => undefined)
    throw error
  }
  await flushContext(runner, handle)
  return result
}
