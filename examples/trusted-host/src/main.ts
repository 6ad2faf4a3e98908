import { isTrustholdError } from '@trusthold/core/errors'
import { createTrustedHost } from '@trusthold/core/trusted-host'
import { openTpm } from '@trusthold/tpm-adapter'
import { pino } from 'pino'
import { type Agent, attest, capture, decrypt, generateKey, run } from './commands.js'
import { readIfThere, writePrivately } from './files.js'
import { openTransport, readCa, readSettings, type Settings, variables } from './settings.js'

const help = [
  'The agent on a machine with a TPM.',
  '',
  '  run                            keeps a token fresh and the wanted keys in their files',
  '  attest                         attests once and prints every check',
  '  capture NAME [PCR,PCR,...]     prints what booted as a base image, for an administrator to approve',
  '  generate-key PROVIDER FILE     makes a key: the key to FILE, its wrapped form to standard output',
  '  decrypt WRAPPED_FILE FILE      opens a wrapped key into FILE',
  '',
  'Settings come from the environment:',
  '',
  ...variables.map(([name, meaning]) => `  ${name.padEnd(20)} ${meaning}`),
  '',
  'Exit status: 0 done, 1 refused, 2 usage or a machine that cannot be worked with.',
].join('\n')

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args
  if (command === undefined) throw new Error('expected a command; --help lists them')
  if (command === '--help') {
    console.log(help)
    return
  }
  const settings = readSettings(process.env)
  const [name, pcrs] = rest
  if (command === 'capture' && name !== undefined) return captureHere(settings, name, readPcrs(pcrs))
  const work = chooseWork(command, rest)
  if (settings.authority === '') throw new Error('TRUSTHOLD_AUTHORITY is not set')
  await withAgent(settings, work)
}

function chooseWork(command: string, args: readonly string[]): (agent: Agent) => Promise<void> {
  const [first, second] = args
  if (command === 'run') return runUntilStopped
  if (command === 'attest') return attest
  if (command === 'generate-key' && first !== undefined && second !== undefined) {
    return (agent) => generateKey(agent, first, second)
  }
  if (command === 'decrypt' && first !== undefined && second !== undefined) {
    return (agent) => decrypt(agent, first, second)
  }
  throw new Error(`expected a command with its arguments, found ${[command, ...args].join(' ')}; see --help`)
}

function readPcrs(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined
  const pcrs = text.split(',').map(Number)
  if (pcrs.some((pcr) => !Number.isInteger(pcr) || pcr < 0 || pcr > 23)) {
    throw new Error(`expected PCR numbers of 0 to 23, found ${text}`)
  }
  return [...new Set(pcrs)].sort((a, b) => a - b)
}

async function withAgent(settings: Settings, work: (agent: Agent) => Promise<void>): Promise<void> {
  const log = pino({ name: 'trusted-host' }, pino.destination({ dest: 2, sync: true }))
  const { eventLog, stateFile } = settings
  const transport = await openTransport(settings.tpm)
  const tpm = await openTpm({ transport, ...(eventLog === undefined ? {} : { eventLog }) })
  try {
    const saved = stateFile === undefined ? undefined : await readIfThere(stateFile)
    const ca = await readCa(settings)
    const host = createTrustedHost({
      authority: settings.authority,
      tpm,
      ...(ca === undefined ? {} : { ca }),
      ...(saved === undefined ? {} : { savedAttestationKey: saved }),
    })
    try {
      await work({ settings, tpm, host, log })
    } finally {
      const key = host.savedAttestationKey()
      if (stateFile !== undefined && key !== undefined) await writePrivately(stateFile, key)
      await host.close()
    }
  } finally {
    await tpm.close()
  }
}

/** Looks at this machine only; no authority has a part in it. */
async function captureHere(
  settings: Settings,
  name: string,
  pcrs: readonly number[] | undefined,
): Promise<void> {
  const { eventLog } = settings
  const transport = await openTransport(settings.tpm)
  const tpm = await openTpm({ transport, ...(eventLog === undefined ? {} : { eventLog }) })
  try {
    await capture(tpm, name, pcrs)
  } finally {
    await tpm.close()
  }
}

async function runUntilStopped(agent: Agent): Promise<void> {
  const stopping = new AbortController()
  const stop = (signal: string): void => {
    agent.log.info({ signal }, 'stopping')
    stopping.abort()
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  await run(agent, stopping.signal)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const refused = isTrustholdError(error) && ['ATTESTATION_REFUSED', 'SERVICE_ERROR'].includes(error.code)
  console.error(`trusted-host: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = refused ? 1 : 2
})
