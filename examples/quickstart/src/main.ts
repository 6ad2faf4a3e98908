import { describeError, isTrustholdError } from '@trusthold/core/errors'
import { help, type QuickstartOptions, readOptions, UsageError } from './options.js'
import { runQuickstart } from './quickstart.js'

async function run(options: QuickstartOptions): Promise<number> {
  if (options.help) {
    console.log(help)
    return 0
  }
  const document = await runQuickstart(options, (line) => {
    if (!options.json) console.log(line)
  })
  if (options.json) console.log(JSON.stringify(document, undefined, 2))
  return document.ok ? 0 : 1
}

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(readOptions(args))
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`quickstart: ${error.message}; see --help`)
      return 2
    }
    // What has a code says what is wrong; only of a flaw of the program is the place of interest.
    const text = error instanceof Error && !isTrustholdError(error) ? error.stack : describeError(error)
    console.error(`quickstart: ${text}`)
    return 1
  }
}

process.exitCode = await main(process.argv.slice(2))
