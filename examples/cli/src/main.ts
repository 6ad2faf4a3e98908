import { runCommandLine } from './command-line.js'
import { printable } from './printable.js'

// A reader that has seen enough, such as `head`, closes the pipe: nothing is wrong then.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit()
  process.stderr.write(`trusthold: standard output: cannot be written: ${code ?? 'unknown error'}\n`)
  process.exit(2)
})
// There is nobody left to tell.
process.stderr.on('error', () => process.exit(2))
// Node's own status would be 1, which says that evidence is bad.
process.on('uncaughtException', (error) => {
  process.stderr.write(`trusthold: unexpected: ${printable(error.message)}\n`)
  process.exit(2)
})

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: () => process.stdin,
  writeOut: (text) => process.stdout.write(text),
  writeErr: (text) => process.stderr.write(text),
  now: () => Date.now(),
})
