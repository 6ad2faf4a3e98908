import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { describeError } from '@trusthold/core/errors'
import { type ConfigurationDocument, configurationSchema } from './configuration-schema.js'

/** The configuration file, read and checked, and a way to the files that it names. */
export interface Configuration {
  readonly document: ConfigurationDocument
  /** Reads a file that the configuration names. */
  readonly read: (name: string) => Promise<Buffer>
  /** Does a piece of work that one place of the file asks for; its errors name file and place. */
  readonly at: <T>(place: string, work: () => T | Promise<T>) => Promise<T>
}

/**
 * Reads the configuration file.
 * @param file nothing is configured when undefined
 * @throws Error that names the file and the place
 */
export async function readConfiguration(file: string | undefined): Promise<Configuration> {
  const directory = file === undefined ? '.' : dirname(file)
  return {
    document: file === undefined ? configurationSchema.parse({}) : await readDocument(file),
    read: (name) => readFile(resolve(directory, name)),
    async at(place, work) {
      try {
        return await work()
      } catch (error) {
        throw new Error(`${file}: ${place}: ${describeError(error)}`, { cause: error })
      }
    },
  }
}

async function readDocument(file: string): Promise<ConfigurationDocument> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  const parsed = configurationSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a configuration'}`)
}
