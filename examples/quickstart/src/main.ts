import { runQuickstart } from './quickstart.js'

const help = [
  'Shows the whole system in one process, on software TPMs (swtpm) and a KMIP server (PyKMIP).',
  '',
  '  --json   one JSON document on standard output instead of the readable report',
  '  --help   this text',
  '',
  'Exit status: 0 all went as it should, 1 it did not, 2 usage.',
].join('\n')

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(help)
    return 0
  }
  const unknown = args.find((arg) => arg !== '--json')
  if (unknown !== undefined) {
    console.error(`quickstart: unknown argument ${unknown}; see --help`)
    return 2
  }
  const json = args.includes('--json')
  const document = await runQuickstart((line) => {
    if (!json) console.log(line)
  })
  if (json) console.log(JSON.stringify(document, undefined, 2))
  return document.ok ? 0 : 1
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(`quickstart: ${error instanceof Error ? error.stack : String(error)}`)
    process.exitCode = 1
  },
)
