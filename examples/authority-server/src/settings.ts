/** What the environment says. */
export interface Settings {
  /** Address to listen on. */
  readonly host: string
  /** Port to listen on; 0 for any free one. */
  readonly port: number
  /** Directory of the database and the certificate; made when it is missing. */
  readonly dataDirectory: string
  /** Service group. */
  readonly group: string
  /** DNS names and addresses in the certificate that is made on first start. */
  readonly names: readonly string[]
  /** Every `https://host:port` under which hosts reach this server; by default the names, with the port. */
  readonly origins: readonly string[] | undefined
  /** File that says what to trust; see the README. */
  readonly configuration: string | undefined
}

/** Every variable with its meaning, for `--help`. */
export const variables: readonly (readonly [name: string, meaning: string])[] = [
  ['TRUSTHOLD_HOST', 'address to listen on (127.0.0.1)'],
  ['TRUSTHOLD_PORT', 'port to listen on, 0 for any free one (8443)'],
  ['TRUSTHOLD_DATA', 'directory of database and certificate, made when missing (./trusthold-data)'],
  ['TRUSTHOLD_GROUP', 'service group (default)'],
  [
    'TRUSTHOLD_NAMES',
    'names and addresses in the certificate that is made on first start (localhost,127.0.0.1)',
  ],
  ['TRUSTHOLD_ORIGINS', 'every https://host:port under which hosts reach this server (names and port)'],
  ['TRUSTHOLD_CONFIG', 'JSON file that says what to trust: TPMs, base images, IMA, key providers'],
]

/**
 * Reads the settings.
 * @throws Error that names the variable
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const text = (name: string, otherwise: string): string => environment[name]?.trim() || otherwise
  const port = Number(text('TRUSTHOLD_PORT', '8443'))
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error('TRUSTHOLD_PORT: expected a number of 0 to 65535')
  }
  return {
    host: text('TRUSTHOLD_HOST', '127.0.0.1'),
    port,
    dataDirectory: text('TRUSTHOLD_DATA', 'trusthold-data'),
    group: text('TRUSTHOLD_GROUP', 'default'),
    names: readList(text('TRUSTHOLD_NAMES', 'localhost,127.0.0.1')),
    origins:
      environment['TRUSTHOLD_ORIGINS'] === undefined ? undefined : readList(environment['TRUSTHOLD_ORIGINS']),
    configuration: environment['TRUSTHOLD_CONFIG'],
  }
}

function readList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
