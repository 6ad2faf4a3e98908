/**
 * Software TPMs with endorsement keys and certificates, as a vendor would ship them: swtpm, each in a private
 * directory, on loopback TCP or a UNIX socket.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runToEnd, startSupervised } from './supervised-process.mjs'
import { provisionEccEndorsementKey } from './swtpm-provision.mjs'

/**
 * A vendor's certificate authority, used by as many TPMs as one likes. Two of them have the same names and different
 * keys.
 * @typedef {object} TpmCa
 * @property {string} directory
 * @property {string} setupConfig path of swtpm_setup's configuration
 * @property {string} localcaConfig path of swtpm_localca's configuration
 * @property {string} localcaOptions path of swtpm_localca's options
 * @property {() => Promise<string>} certificates PEM: root and intermediate; there after the first TPM was made
 */

/**
 * Makes a certificate authority. Its keys are made with the first certificate.
 * @param {string} directory made when it is missing; the caller removes it
 * @returns {Promise<TpmCa>}
 */
export async function createTpmCa(directory) {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const at = (/** @type {string} */ name) => join(directory, name)
  const localcaConfig = at('swtpm-localca.conf')
  const localcaOptions = at('swtpm-localca.options')
  const setupConfig = at('swtpm_setup.conf')
  await writeFile(
    localcaConfig,
    [
      `statedir = ${directory}`,
      `signingkey = ${at('signkey.pem')}`,
      `issuercert = ${at('issuercert.pem')}`,
      `certserial = ${at('certserial')}`,
      '',
    ].join('\n'),
  )
  await writeFile(
    localcaOptions,
    '--platform-manufacturer Example\n--platform-version 1.0\n--platform-model Example\n',
  )
  await writeFile(
    setupConfig,
    [
      'create_certs_tool = swtpm_localca',
      `create_certs_tool_config = ${localcaConfig}`,
      `create_certs_tool_options = ${localcaOptions}`,
      '',
    ].join('\n'),
  )
  return {
    directory,
    setupConfig,
    localcaConfig,
    localcaOptions,
    async certificates() {
      const files = [at('swtpm-localca-rootca-cert.pem'), at('issuercert.pem')]
      return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('')
    },
  }
}

/**
 * @typedef {object} SwtpmOptions
 * @property {string} [stateDir] keeps the TPM's state here over several starts, instead of in a directory that
 *   `stop` removes
 * @property {readonly string[]} [pcrBanks] of a new TPM; sha1, sha256, sha384 by default
 * @property {TpmCa} [ca] that signs a new TPM's endorsement certificates; one of its own by default
 * @property {'tcp' | 'unix'} [socket] kind of data channel; `tcp` by default
 * @property {'clear' | 'state'} [startup] `state` goes on after a TPM2_Shutdown(STATE), as a machine that slept does;
 *   `clear`, a machine that was started, by default
 */

/**
 * @typedef {object} Swtpm
 * @property {number} tcpPort of the data channel on 127.0.0.1, the control channel's being the next one; 0 when the
 *   channels are UNIX sockets
 * @property {string | undefined} unixPath of the data channel, the control channel's having `.ctrl` appended
 * @property {string} tcti how tpm2-tools reach this TPM
 * @property {string} stateDir
 * @property {number} pid of the process that was started first
 * @property {string} caCertificates PEM: root and intermediate that signed the endorsement certificates
 * @property {() => Promise<void>} restart ends the TPM and starts it again at the same address, as a power failure does
 * @property {() => Promise<void>} stop ends the TPM and removes what was made for it; may be called again
 */

/**
 * Makes (when the state directory has none yet) and starts a TPM. It has endorsement keys with certificates: RSA-2048
 * (persistent, certificate at 0x01C00002), ECC P-384 (persistent, 0x01C00016), as swtpm_setup makes them, and ECC
 * P-256 (certificate at 0x01C0000A, key made from the default template). It serves one client after the other: the
 * next connection is taken when the one before was closed.
 * @param {SwtpmOptions} [options]
 * @returns {Promise<Swtpm>}
 */
export async function startSwtpm(options = {}) {
  const { stateDir, pcrBanks = ['sha1', 'sha256', 'sha384'], socket = 'tcp', startup = 'clear' } = options
  const directory = await mkdtemp(join(tmpdir(), 'trusthold-swtpm-'))
  const state = stateDir ?? join(directory, 'state')
  try {
    await mkdir(state, { recursive: true, mode: 0o700 })
    const ca = options.ca ?? (await createTpmCa(join(state, 'ca')))
    const fresh = !existsSync(join(state, 'tpm2-00.permall'))
    if (fresh) await manufacture(state, ca, pcrBanks)
    const { process: first, address } = await launch(state, directory, { socket, startup })
    let process = first
    if (fresh) await provisionEccEndorsementKey(address, ca, directory)
    return {
      ...address,
      stateDir: state,
      pid: process.pid,
      caCertificates: await ca.certificates(),
      async restart() {
        await process.stop()
        process = await launchAt(address, state, directory, startup)
      },
      async stop() {
        await process.stop()
        await rm(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/**
 * @param {string} state
 * @param {TpmCa} ca
 * @param {readonly string[]} pcrBanks
 */
async function manufacture(state, ca, pcrBanks) {
  const args = ['--tpm2', '--tpmstate', state, '--config', ca.setupConfig, '--create-ek-cert']
  await runToEnd('swtpm_setup', [...args, '--pcr-banks', pcrBanks.join(',')])
}

/** @typedef {{ tcpPort: number, unixPath: string | undefined, tcti: string }} Address */

/**
 * Starts swtpm. A pair of ports that was free may be taken when swtpm binds it, so there are several tries.
 * @param {string} state
 * @param {string} directory
 * @param {{ socket: 'tcp' | 'unix', startup: 'clear' | 'state' }} how
 */
async function launch(state, directory, { socket, startup }) {
  for (let attempt = 1; ; attempt++) {
    const address = socket === 'unix' ? unixAddress(directory) : tcpAddress(await freePortPair())
    try {
      return { process: await launchAt(address, state, directory, startup), address }
    } catch (error) {
      if (socket === 'unix' || attempt === 5) throw error
    }
  }
}

/**
 * @param {Address} address
 * @param {string} state
 * @param {string} directory
 * @param {'clear' | 'state'} startup
 */
async function launchAt(address, state, directory, startup) {
  const flags = ['--flags', `not-need-init,startup-${startup}`]
  const args = ['socket', '--tpm2', '--tpmstate', `dir=${state}`, ...flags, ...channels(address)]
  const process = await startSupervised('swtpm', args, { directory })
  try {
    await acceptsConnections(address, process)
    return process
  } catch (error) {
    await process.stop()
    throw error
  }
}

/** @param {string} directory @returns {Address} */
function unixAddress(directory) {
  const unixPath = join(directory, 'tpm')
  return { tcpPort: 0, unixPath, tcti: `swtpm:path=${unixPath}` }
}

/** @param {number} tcpPort @returns {Address} */
function tcpAddress(tcpPort) {
  return { tcpPort, unixPath: undefined, tcti: `swtpm:host=127.0.0.1,port=${tcpPort}` }
}

/** @param {Address} address */
function channels({ tcpPort, unixPath }) {
  const [data, control] =
    unixPath === undefined
      ? [`type=tcp,bindaddr=127.0.0.1,port=${tcpPort}`, `type=tcp,bindaddr=127.0.0.1,port=${tcpPort + 1}`]
      : [`type=unixio,path=${unixPath},mode=0600`, `type=unixio,path=${unixPath}.ctrl,mode=0600`]
  return ['--server', data, '--ctrl', control]
}

/**
 * @param {Address} address
 * @param {import('./supervised-process.mjs').SupervisedProcess} process
 */
async function acceptsConnections({ tcpPort, unixPath }, process) {
  const deadline = Date.now() + 10_000
  const targets =
    unixPath === undefined
      ? [tcpPort, tcpPort + 1].map((port) => ({ host: '127.0.0.1', port }))
      : [unixPath, `${unixPath}.ctrl`].map((path) => ({ path }))
  // Nobody is connected yet who could be disturbed.
  for (const target of targets) {
    while (!(await canConnect(target))) {
      const failure = process.failure()
      if (failure !== undefined) throw new Error(failure)
      if (Date.now() > deadline) throw new Error('swtpm does not listen within 10 s')
      await delay(10)
    }
  }
}

/** @param {import('node:net').NetConnectOpts} target @returns {Promise<boolean>} */
function canConnect(target) {
  return new Promise((resolve) => {
    const socket = connect(target)
    socket.once('connect', () => socket.destroy())
    socket.once('error', () => resolve(false))
    socket.once('close', (failed) => resolve(!failed))
  })
}

/** Two free ports, one after the other: tpm2-tools expect the control channel on the second one. */
async function freePortPair() {
  for (;;) {
    const first = await listenOnce(0)
    if (first !== 0 && (await listenOnce(first + 1)) !== 0) return first
  }
}

/**
 * Takes a port and gives it back.
 * @param {number} port 0 for any
 * @returns {Promise<number>} 0 when it is taken
 */
function listenOnce(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(0))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
