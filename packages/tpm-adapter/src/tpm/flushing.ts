import { flushContext } from '../commands/flush-context.js'
import type { CommandRunner } from '../commands/run-command.js'

/**
 * Lends a handle to some work and flushes it afterwards, whether the work succeeded or not. When both fail, the work's
 * error is the one that is thrown.
 */
export async function flushAfter<T>(
  runner: CommandRunner,
  handle: number,
  work: (handle: number) => Promise<T>,
): Promise<T> {
  let result: T
  try {
    result = await work(handle)
  } catch (error) {
    await flushContext(runner, handle).catch(() => undefined)
    throw error
  }
  await flushContext(runner, handle)
  return result
}
