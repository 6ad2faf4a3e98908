/**
 * A real KMIP server to test against: PyKMIP 0.10, as Debian 12 packages it (`apt-get install python3-pykmip`), with
 * mutual TLS on loopback and a database of its own.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { createCertificateAuthority } from './certificate-authority.mjs'

/** The system's interpreter: PyKMIP needs one before 3.12, and Debian's package is for this one only. */
const python = '/usr/bin/python3'

/** With an RSA certificate and left to itself, the server picks a suite without forward secrecy. */
const cipherSuite = 'ECDHE-RSA-AES256-SHA384'

/**
 * Runs the server in a process group of its own, and ends the group when our end of its standard input is gone,
 * however our process died. os.read and not sys.stdin, whose lock a forked child would inherit.
 */
const launcher = `
import os, shutil, signal, sys, threading

def end_with_parent(directory):
    while os.read(0, 1):
        pass
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with_parent, args=(sys.argv.pop(1),), daemon=True).start()
from kmip.services.server.server import main
sys.exit(main())
`

/** @typedef {import('./certificate-authority.mjs').Identity} Identity */
/** @typedef {import('./certificate-authority.mjs').CertificateAuthority} CertificateAuthority */

/**
 * @typedef {object} PyKmipOptions
 * @property {string} [dir] keeps certificates' files, database and log here and leaves them; by default a private
 *   directory that `stop` removes
 * @property {number} [port] a free one by default
 * @property {string} [database] a database file that servers may share, as replicas do; one of its own by default
 * @property {CertificateAuthority} [authority] that servers may share; one of its own by default
 */

/**
 * @typedef {object} PyKmip
 * @property {string} host
 * @property {number} port
 * @property {string} ca PEM of the certificate that the server's chains to
 * @property {CertificateAuthority} authority issued the server's certificate, and is the one that the server believes
 * @property {string} clientCertificate PEM
 * @property {string} clientPrivateKey PEM
 * @property {Identity} secondClient another client, with objects of its own
 * @property {string} database path of the database file
 * @property {string} logFile
 * @property {number} pid of the server, which is also its process group; another one after `restart`
 * @property {() => Promise<void>} kill kills the server, as a power cut would; its port and objects stay its own
 * @property {() => Promise<void>} restart kills the server, if it runs, and starts it again with its port and objects
 * @property {() => Promise<void>} stop kills the server; may be called again
 */

/**
 * Starts a server and waits until it answers.
 * @param {PyKmipOptions} [options]
 * @returns {Promise<PyKmip>}
 */
export async function startPyKmip(options = {}) {
  const directory = options.dir ?? (await mkdtemp(join(tmpdir(), 'trusthold-pykmip-')))
  const temporary = options.dir === undefined ? directory : ''
  const removeTemporary = () => rm(temporary || join(directory, 'none'), { recursive: true, force: true })
  try {
    const authority =
      options.authority ?? (await createCertificateAuthority(join(directory, 'ca'), 'key server CA'))
    const [client, secondClient] = await Promise.all([
      authority.issue({ subject: '/O=Example/CN=client-one', usage: ['clientAuth'] }),
      authority.issue({ subject: '/O=Example/CN=client-two', usage: ['clientAuth'] }),
    ])
    const settings = {
      port: options.port ?? (await findFreePort()),
      database: options.database ?? join(directory, 'pykmip.db'),
    }
    await configure(directory, authority, settings)
    const run = () => launch(directory, temporary, settings.port, authority.certificate, client)
    let server = await run()
    return {
      host: '127.0.0.1',
      port: settings.port,
      ca: authority.certificate,
      authority,
      clientCertificate: client.certificate,
      clientPrivateKey: client.privateKey,
      secondClient,
      database: settings.database,
      logFile: join(directory, 'server.log'),
      get pid() {
        return server.pid
      },
      kill: () => server.kill(),
      async restart() {
        await server.kill()
        server = await run()
      },
      async stop() {
        await server.kill()
        await removeTemporary()
      },
    }
  } catch (error) {
    await removeTemporary()
    throw error
  }
}

/**
 * Writes the server's certificate and configuration.
 * @param {string} directory
 * @param {CertificateAuthority} authority
 * @param {{ port: number, database: string }} settings
 */
async function configure(directory, authority, { port, database }) {
  const at = (/** @type {string} */ file) => join(directory, file)
  const identity = await authority.issue({
    subject: '/O=Example/CN=localhost',
    usage: ['serverAuth'],
    names: ['DNS:localhost', 'IP:127.0.0.1'],
    key: 'rsa',
  })
  // Without an existing policy directory the server's monitor process dies.
  await mkdir(at('policy'), { recursive: true })
  await writeFile(at('ca.crt'), authority.certificate)
  await writeFile(at('server.crt'), identity.certificate)
  await writeFile(at('server.key'), identity.privateKey, { mode: 0o600 })
  await writeFile(
    at('server.conf'),
    [
      '[server]',
      'hostname=127.0.0.1',
      `port=${port}`,
      `certificate_path=${at('server.crt')}`,
      `key_path=${at('server.key')}`,
      `ca_path=${at('ca.crt')}`,
      'auth_suite=TLS1.2',
      `policy_path=${at('policy')}`,
      'enable_tls_client_auth=True',
      `tls_cipher_suites=${cipherSuite}`,
      'logging_level=INFO',
      `database_path=${database}`,
      '',
    ].join('\n'),
  )
}

/**
 * @param {string} directory
 * @param {string} temporary removed when our process dies without stopping the server, unless it is empty
 * @param {number} port
 * @param {string} ca
 * @param {Identity} client
 */
async function launch(directory, temporary, port, ca, client) {
  const at = (/** @type {string} */ file) => join(directory, file)
  const args = ['-W', 'ignore', '-c', launcher, temporary, '-f', at('server.conf'), '-l', at('server.log')]
  // Python's own temporary directories go where ours are removed: a killed server leaves them behind.
  const env = { ...process.env, TMPDIR: directory }
  const child = spawn(python, args, {
    cwd: directory,
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output = (output + text).slice(-4_000)
  })
  await once(child, 'spawn')
  const pid = /** @type {number} */ (child.pid)
  const ended = once(child, 'exit')
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const killGroup = () => {
    if (hasEnded()) return
    // SIGTERM takes this server 10 seconds and more; the group holds its two further processes as well.
    process.kill(-pid, 'SIGKILL')
  }
  const kill = async () => {
    process.off('exit', killGroup)
    child.ref()
    killGroup()
    await ended
  }
  process.on('exit', killGroup)
  unrefAll(child)
  try {
    await answers(port, ca, client, hasEnded)
  } catch (error) {
    await kill()
    const log = await readFile(at('server.log'), 'utf8').catch(() => '')
    throw new Error(`PyKMIP did not start: ${output} ${log.slice(-4_000)}`, { cause: error })
  }
  return { pid, kill }
}

/** @param {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, null, import('node:stream').Readable>} child */
function unrefAll(child) {
  child.unref()
  for (const stream of [child.stdin, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}

/**
 * Waits until a TLS handshake succeeds.
 * @param {number} port
 * @param {string} ca
 * @param {Identity} client
 * @param {() => boolean} hasEnded
 */
async function answers(port, ca, client, hasEnded) {
  const deadline = Date.now() + 30_000
  while (!(await canShakeHands(port, ca, client))) {
    if (hasEnded()) throw new Error('the process ended')
    if (Date.now() > deadline) throw new Error('no answer within 30 s')
    await delay(20)
  }
}

/**
 * @param {number} port
 * @param {string} ca
 * @param {Identity} client
 * @returns {Promise<boolean>}
 */
function canShakeHands(port, ca, { certificate, privateKey }) {
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ca,
      cert: certificate,
      key: privateKey,
      timeout: 2_000,
    })
    const settle = (/** @type {boolean} */ connected) => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('secureConnect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.on('error', () => settle(false))
  })
}

/** @returns {Promise<number>} */
async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return address.port
}
