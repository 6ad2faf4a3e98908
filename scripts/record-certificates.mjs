/**
 * Makes the recording `test/recordings/certificates`: certificates and bundles as openssl and swtpm_localca write them,
 * so that they can be read where neither is installed. All keys are throw-away keys; the private ones in the PKCS#12
 * files are protected by the password in `recording.json`. Run it with `node scripts/record-certificates.mjs`; it needs
 * OpenSSL 3 with its legacy provider, and swtpm_localca.
 * @module
 */
import { createPublicKey } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runToEnd } from './peers/supervised-process.mjs'
import { createTpmCa } from './peers/swtpm.mjs'

export const password = 'throw-away'

const days = ['-days', '7000']

/** Sections of openssl's configuration for extensions. */
const configuration = `
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[middle]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
authorityKeyIdentifier = keyid:always
subjectAltName = DNS:host.example, IP:192.0.2.1
`

const keyOptions = {
  rsa: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  brainpool: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:brainpoolP384r1'],
}

const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']

/**
 * What is issued by whom.
 * @type {readonly { name: string, key: keyof typeof keyOptions, section: string, issuer?: string, options?: string[] }[]}
 */
const recipes = [
  { name: 'root', key: 'rsa', section: 'root', options: ['-sha256'] },
  { name: 'middle', key: 'p384', section: 'middle', issuer: 'root', options: ['-sha384'] },
  { name: 'leaf', key: 'p256', section: 'leaf', issuer: 'middle', options: ['-sha384'] },
  { name: 'leaf-rsa', key: 'rsa', section: 'leaf', issuer: 'middle', options: ['-sha256'] },
  { name: 'leaf-pss', key: 'p256', section: 'leaf', issuer: 'root', options: ['-sha512', ...pss] },
  { name: 'leaf-sha1', key: 'p256', section: 'leaf', issuer: 'root', options: ['-sha1'] },
  { name: 'brainpool-root', key: 'brainpool', section: 'root', options: ['-sha384'] },
  {
    name: 'brainpool-leaf',
    key: 'brainpool',
    section: 'leaf',
    issuer: 'brainpool-root',
    options: ['-sha512'],
  },
]

/** @param {string} directory @param {(typeof recipes)[number]} recipe */
async function issue(directory, { name, key, section, issuer, options = [] }) {
  const at = (/** @type {string} */ file) => join(directory, file)
  const subject = ['-subj', `/C=CH/O=Example/CN=${name}`]
  await runToEnd('openssl', ['genpkey', ...keyOptions[key], '-out', at(`${name}.key`)])
  const request = ['req', '-new', '-key', at(`${name}.key`), ...subject, '-config', at('openssl.cnf')]
  await runToEnd('openssl', [...request, '-out', at(`${name}.csr`)])
  const signer = issuer ?? name
  const by =
    issuer === undefined
      ? ['-signkey', at(`${name}.key`)]
      : ['-CA', at(`${signer}.pem`), '-CAkey', at(`${signer}.key`), '-CAcreateserial']
  const extensions = ['-extfile', at('openssl.cnf'), '-extensions', section]
  const request509 = ['x509', '-req', '-in', at(`${name}.csr`), ...by, ...extensions, ...options, ...days]
  await runToEnd('openssl', [...request509, '-out', at(`${name}.pem`)])
}

const weakEncryption = ['-legacy', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']

/** @type {readonly { name: string, leaf: string, chain: boolean, options: string[] }[]} */
const pkcs12Recipes = [
  { name: 'rsa', leaf: 'leaf-rsa', chain: true, options: [] },
  { name: 'ec', leaf: 'leaf', chain: true, options: [] },
  { name: 'legacy', leaf: 'leaf-rsa', chain: false, options: weakEncryption },
  { name: 'no-certificate', leaf: 'leaf', chain: false, options: ['-nocerts'] },
  { name: 'no-key', leaf: 'leaf', chain: false, options: ['-nokeys'] },
  { name: 'no-mac', leaf: 'leaf', chain: false, options: ['-nomac'] },
  { name: 'slow', leaf: 'leaf', chain: false, options: ['-iter', '200000'] },
]

/** @param {string} directory */
async function makeBundles(directory) {
  const at = (/** @type {string} */ file) => join(directory, file)
  const chain = (
    await Promise.all(['middle', 'root'].map((name) => readFile(at(`${name}.pem`), 'utf8')))
  ).join('')
  await writeFile(at('chain.pem'), chain)
  const pkcs7 = ['crl2pkcs7', '-nocrl', '-certfile', at('leaf.pem'), '-certfile', at('chain.pem')]
  await runToEnd('openssl', [...pkcs7, '-outform', 'DER', '-out', at('bundle.p7b')])
  await runToEnd('openssl', [...pkcs7, '-out', at('bundle.p7b.pem')])
  for (const { name, leaf, chain: withChain, options } of pkcs12Recipes) {
    const input = ['-inkey', at(`${leaf}.key`), '-in', at(`${leaf}.pem`)]
    const more = withChain ? ['-certfile', at('chain.pem')] : []
    const output = ['-passout', `pass:${password}`, '-out', at(`${name}.p12`)]
    await runToEnd('openssl', ['pkcs12', '-export', ...input, ...more, ...options, ...output])
  }
}

/**
 * EK certificates of swtpm_localca for keys that no TPM has; the public keys are kept.
 * @param {string} directory
 */
async function makeEkCertificates(directory) {
  const at = (/** @type {string} */ file) => join(directory, file)
  const ca = await createTpmCa(at('ca'))
  for (const name of /** @type {const} */ (['rsa', 'p256', 'p384'])) {
    await runToEnd('openssl', ['genpkey', ...keyOptions[name], '-out', at(`ek-${name}.key`)])
    await runToEnd('openssl', [
      'pkey',
      '-in',
      at(`ek-${name}.key`),
      '-pubout',
      '-out',
      at(`ek-${name}.pub.pem`),
    ])
    await runToEnd('swtpm_localca', [
      ...['--type', 'ek', '--ek', await ekParameter(at(`ek-${name}.pub.pem`)), '--dir', directory, '--tpm2'],
      ...['--tpm-spec-family', '2.0', '--tpm-spec-level', '0', '--tpm-spec-revision', '164'],
      ...['--tpm-manufacturer', 'id:00001014', '--tpm-model', 'swtpm', '--tpm-version', 'id:20191023'],
      ...['--configfile', ca.localcaConfig, '--optsfile', ca.localcaOptions],
    ])
    await writeFile(at(`ek-${name}.der`), await readFile(at('ek.cert')))
  }
  await writeFile(at('ek-ca.pem'), await ca.certificates())
}

/** The key as swtpm_localca takes it. @param {string} file */
async function ekParameter(file) {
  const { n, x, y, crv } = createPublicKey(await readFile(file, 'utf8')).export({ format: 'jwk' })
  const hex = (/** @type {string | undefined} */ text) => Buffer.from(text ?? '', 'base64url').toString('hex')
  if (n !== undefined) return hex(n)
  return `x=${hex(x)},y=${hex(y)},id=${crv === 'P-384' ? 'secp384r1' : 'secp256r1'}`
}

/**
 * Makes everything anew in an empty directory.
 * @param {string} directory
 */
export async function makeCertificates(directory) {
  await writeFile(join(directory, 'openssl.cnf'), configuration)
  for (const recipe of recipes) await issue(directory, recipe)
  await makeBundles(directory)
  await makeEkCertificates(directory)
}

/** What is kept: no bare private key. */
export const files = [
  ...recipes.map(({ name }) => `${name}.pem`),
  ...['chain.pem', 'bundle.p7b', 'bundle.p7b.pem'],
  ...pkcs12Recipes.map(({ name }) => `${name}.p12`),
  ...['rsa', 'p256', 'p384'].flatMap((name) => [`ek-${name}.der`, `ek-${name}.pub.pem`]),
  'ek-ca.pem',
]

async function main() {
  const work = await mkdtemp(join(tmpdir(), 'trusthold-certificates-'))
  const target = fileURLToPath(new URL('../test/recordings/certificates/', import.meta.url))
  try {
    await makeCertificates(work)
    await mkdir(target, { recursive: true })
    for (const file of files) await writeFile(join(target, file), await readFile(join(work, file)))
    const about = {
      made: new Date().toISOString(),
      by: 'scripts/record-certificates.mjs',
      openssl: (await runToEnd('openssl', ['version'])).trim(),
      swtpm: (await runToEnd('swtpm', ['--version'])).split('\n')[0],
      password,
      files,
    }
    await writeFile(join(target, 'recording.json'), `${JSON.stringify(about, undefined, 2)}\n`)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
