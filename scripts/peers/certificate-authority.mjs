/**
 * A certificate authority for peers that want TLS: issues what it is asked for, good or bad, by the openssl command.
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from './supervised-process.mjs'

/**
 * @typedef {object} Identity
 * @property {string} certificate PEM
 * @property {string} privateKey PEM, PKCS#8
 */

/**
 * @typedef {object} IssueOptions
 * @property {string} subject such as `/O=Example/CN=one`
 * @property {readonly ('serverAuth' | 'clientAuth')[]} [usage] extended key usage; left out of the certificate when
 *   there is none
 * @property {readonly string[]} [names] subject alternative names, such as `DNS:localhost` or `IP:127.0.0.1`
 * @property {'rsa' | 'ec'} [key] RSA-2048 or P-256; P-256 by default
 * @property {boolean} [expired] makes it valid in January 2020 only
 */

/**
 * @typedef {object} CertificateAuthority
 * @property {string} certificate PEM
 * @property {(options: IssueOptions) => Promise<Identity>} issue
 */

const config = `[req]
distinguished_name = none
[none]
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
O = optional
CN = optional
`

const keyArguments = {
  rsa: ['-newkey', 'rsa:2048'],
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
}

const past = ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z']
const present = ['-days', '825']

/**
 * Makes a certificate authority.
 * @param {string} directory for its files, which must be its own; the caller removes it
 * @param {string} name its common name
 * @returns {Promise<CertificateAuthority>}
 */
export async function createCertificateAuthority(directory, name) {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const at = (/** @type {string} */ file) => join(directory, file)
  await writeFile(at('openssl.cnf'), config.replaceAll(/= (index|serial|\.)/g, `= ${directory}/$1`))
  await writeFile(at('index.txt'), '')
  await writeFile(at('serial.txt'), '01\n')
  await runToEnd('openssl', [
    ...['req', '-x509', '-config', at('openssl.cnf'), ...keyArguments.rsa, '-nodes', '-sha256', ...present],
    ...['-subj', `/O=Example/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', at('ca.key'), '-out', at('ca.crt')],
  ])
  let issued = 0
  // One at a time: the openssl command keeps its books in files.
  let last = Promise.resolve()
  return {
    certificate: await readFile(at('ca.crt'), 'utf8'),
    issue(options) {
      issued++
      const file = at(`issued-${issued}`)
      const done = last.then(() => issue(at, file, options))
      last = done.then(
        () => undefined,
        () => undefined,
      )
      return done
    },
  }
}

/**
 * @param {(file: string) => string} at
 * @param {string} file
 * @param {IssueOptions} options
 * @returns {Promise<Identity>}
 */
async function issue(at, file, { subject, usage = [], names = [], key = 'ec', expired = false }) {
  const extensions = [
    'basicConstraints = critical,CA:FALSE',
    'keyUsage = critical,digitalSignature,keyEncipherment',
    ...(usage.length === 0 ? [] : [`extendedKeyUsage = ${usage.join(',')}`]),
    ...(names.length === 0 ? [] : [`subjectAltName = ${names.join(',')}`]),
    '',
  ].join('\n')
  await writeFile(`${file}.ext`, extensions)
  await runToEnd('openssl', [
    ...['req', '-config', at('openssl.cnf'), ...keyArguments[key], '-nodes', '-sha256', '-multivalue-rdn'],
    ...['-subj', subject, '-keyout', `${file}.key`, '-out', `${file}.csr`],
  ])
  await runToEnd('openssl', [
    ...['ca', '-batch', '-notext', '-config', at('openssl.cnf'), '-cert', at('ca.crt')],
    ...['-keyfile', at('ca.key'), '-in', `${file}.csr`, '-out', `${file}.crt`],
    ...['-preserveDN', '-extfile', `${file}.ext`, ...(expired ? past : present)],
  ])
  return {
    certificate: await readFile(`${file}.crt`, 'utf8'),
    privateKey: await readFile(`${file}.key`, 'utf8'),
  }
}
