import { pino } from 'pino'
import { applyConfiguration } from './configuration.js'
import { readConfiguration } from './read-configuration.js'
import { startServer } from './server.js'
import { readServiceOptions } from './service-options.js'
import { readSettings, variables } from './settings.js'

const help = [
  'Attestation Service and Key Provider Service over HTTPS. Settings come from the environment:',
  '',
  ...variables.map(([name, meaning]) => `  ${name.padEnd(18)} ${meaning}`),
  '',
  'The log goes to standard error, one JSON object a line. SIGTERM and SIGINT end it cleanly.',
].join('\n')

async function run(): Promise<void> {
  const log = pino({ name: 'authority' }, pino.destination({ dest: 2, sync: true }))
  const settings = readSettings(process.env)
  const configuration = await readConfiguration(settings.configuration)
  const services = await readServiceOptions(configuration)
  const server = await startServer(settings, services, ({ level, ...entry }) => log[level](entry, 'request'))
  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping')
    server.close().then(
      () => log.info('stopped'),
      (error: unknown) => {
        log.error({ error }, 'did not stop cleanly')
        process.exitCode = 1
      },
    )
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)
  try {
    for (const line of await applyConfiguration(server.authority, configuration)) {
      log.info({ added: line }, 'configured')
    }
    if (services.allowSoftwareTpm === true) log.warn('software TPMs are allowed: they protect nothing')
  } catch (error) {
    await server.close()
    throw error
  }
  log.info({ url: server.url, data: settings.dataDirectory, group: settings.group }, 'serving')
}

if (process.argv.includes('--help')) {
  console.log(help)
} else {
  run().catch((error: unknown) => {
    console.error(`authority-server: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  })
}
