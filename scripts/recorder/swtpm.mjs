/**
 * A software TPM with certificates, as a vendor would ship it, and its process.
 * @module
 */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ended, run, start } from './processes.mjs'

/** PCR banks of every recorded TPM. */
export const banks = /** @type {const} */ (['sha1', 'sha256', 'sha384', 'sha512'])

/** swtpm writes a line for every client that leaves; a pipe that nobody reads would stop it once it is full. */
const unread = /** @type {const} */ ({ stdio: 'ignore' })

/**
 * Makes a certificate authority's configuration; swtpm_localca creates its keys at the first certificate.
 * @param {string} directory a new directory
 * @returns {Promise<{ setup: string, root: string, issuer: string, issuerKey: string, serial: string }>} paths
 */
export async function createVendorCa(directory) {
  await mkdir(directory, { recursive: true })
  const at = (/** @type {string} */ name) => join(directory, name)
  const issuer = at('issuercert.pem')
  const issuerKey = at('signkey.pem')
  const serial = at('certserial')
  await writeFile(
    at('localca.conf'),
    `statedir = ${directory}\nsigningkey = ${issuerKey}\nissuercert = ${issuer}\ncertserial = ${serial}\n`,
  )
  await writeFile(
    at('localca.options'),
    '--platform-manufacturer Recorder\n--platform-version 1\n--platform-model VM\n',
  )
  await writeFile(
    at('setup.conf'),
    `create_certs_tool = swtpm_localca\ncreate_certs_tool_config = ${at('localca.conf')}\ncreate_certs_tool_options = ${at('localca.options')}\n`,
  )
  return { setup: at('setup.conf'), root: at('swtpm-localca-rootca-cert.pem'), issuer, issuerKey, serial }
}

/**
 * Manufactures a TPM 2.0: endorsement keys (RSA-2048, ECC P-384) with certificates in NV memory.
 * @param {string} stateDirectory
 * @param {{ setup: string }} ca
 */
export async function manufactureTpm(stateDirectory, ca) {
  await mkdir(stateDirectory, { recursive: true })
  await run('swtpm_setup', [
    '--tpm2',
    ...['--tpmstate', stateDirectory],
    ...['--config', ca.setup],
    '--create-ek-cert',
    '--lock-nvram',
    ...['--pcr-banks', banks.join(',')],
  ])
}

/**
 * Starts swtpm for QEMU: only the control channel; QEMU initialises the TPM and passes the data channel itself.
 * @param {string} stateDirectory
 * @param {string} socket path of the control channel
 */
export async function startSwtpmForQemu(stateDirectory, socket) {
  const child = start(
    'swtpm',
    ['socket', '--tpm2', '--tpmstate', `dir=${stateDirectory}`, '--ctrl', `type=unixio,path=${socket}`],
    unread,
  )
  await listening(child, socket)
  return child
}

/**
 * Starts swtpm for tpm2-tools. `resume` goes on with a saved volatile state (PCRs and all); otherwise the TPM is
 * started up fresh.
 * @param {string} stateDirectory
 * @param {string} socket path of the data channel; the control channel's has `.ctrl` appended
 * @param {{ resume: boolean }} options
 * @returns {Promise<{ tcti: string, powerCycle: () => Promise<void>, close: () => Promise<void> }>} `powerCycle`
 *   leaves the TPM waiting for its startup
 */
export async function startSwtpmForTools(stateDirectory, socket, { resume }) {
  const args = [
    ...['socket', '--tpm2', '--tpmstate', `dir=${stateDirectory}`],
    ...['--server', `type=unixio,path=${socket}`],
    ...['--ctrl', `type=unixio,path=${socket}.ctrl`],
    ...['--flags', resume ? 'not-need-init' : 'not-need-init,startup-clear'],
  ]
  const child = start('swtpm', args, unread)
  await listening(child, `${socket}.ctrl`)
  return {
    tcti: `swtpm:path=${socket}`,
    async powerCycle() {
      await run('swtpm_ioctl', ['--unix', `${socket}.ctrl`, '-i'])
    },
    async close() {
      child.kill('SIGTERM')
      await ended(child)
    },
  }
}

/**
 * Path of the file with the volatile state, which the next start takes up when it is there.
 * @param {string} stateDirectory
 */
export function volatileStateFile(stateDirectory) {
  return join(stateDirectory, 'tpm2-00.volatilestate')
}

/**
 * Waits until a UNIX socket accepts; that of swtpm's control channel is there last.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} path
 */
async function listening(child, path) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`swtpm ended with ${child.exitCode}`)
    if (existsSync(path)) return
    await delay(25)
  }
  throw new Error(`swtpm does not listen on ${path}`)
}
