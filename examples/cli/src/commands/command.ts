import { type Command, InvalidArgumentError } from 'commander'
import type { Answer } from '../answer.js'
import type { InputReader } from '../input.js'

/** What a command works with. */
export interface Surroundings {
  readonly inputs: InputReader
  /** Now, milliseconds since 1970. */
  readonly now: number
}

/** Does a command's work and prints its answer. */
export type Perform = (work: (surroundings: Surroundings) => Promise<Answer>) => Promise<void>

/** Adds a command below its parent. */
export type AddCommand = (parent: Command, perform: Perform) => void

/** Examples at the end of a command's help, each a command line and what it is good for. */
export function examples(...list: readonly (readonly [line: string, about: string])[]): string {
  return ['', 'Examples:', ...list.flatMap(([line, about]) => [`  # ${about}`, `  $ ${line}`])].join('\n')
}

/** An option's value that may be given once: taking the last one of several would hide a mistake. */
export function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError('It is given twice.')
  return value
}

/** An option's values, given as often as one likes. */
export function each(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}
