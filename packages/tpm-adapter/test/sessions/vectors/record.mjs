/**
 * Records `tpm2-tools.json`: sessions that tpm2-tools keep with a software TPM (swtpm), salted to keys whose private
 * half is recorded with them, so that the sessions' keys can be derived again. Run with
 * `node packages/tpm-adapter/test/sessions/vectors/record.mjs`; needs swtpm and tpm2-tools.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSwtpm } from '../../../../../scripts/peers/swtpm.mjs'

const directory = mkdtempSync(join(tmpdir(), 'trusthold-sessions-'))
const tpm = await startSwtpm()
const at = (/** @type {string} */ name) => join(directory, name)
const forward = fileURLToPath(new URL('forward.mjs', import.meta.url))
const log = at('traffic')
const env = { ...process.env, TPM2TOOLS_TCTI: `cmd:${process.execPath} ${forward} ${tpm.tcpPort} ${log}` }

/** @param {string} tool @param {readonly string[]} args */
const run = (tool, ...args) => execFileSync(`tpm2_${tool}`, args, { cwd: directory, env, encoding: 'utf8' })
const flush = () => {
  for (const kind of ['-t', '-l', '-s']) run('flushcontext', kind)
}
const hexOf = (/** @type {string} */ name) => readFileSync(at(name)).toString('hex')

const plain = 'recorded secret'
const password = 'recorded password'
/** Unseal, Create, StartAuthSession. */
const kept = new Set(['0000015e', '00000153', '00000176'])

function exchanges() {
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ command }) => kept.has(command.slice(12, 20)))
}

/**
 * A sealed object that is opened twice, and another one that is made, in one session.
 * @param {string} description
 * @param {{ key?: 'rsa' | 'ecc', bound?: boolean, hash?: string }} how
 */
function record(description, { key, bound = false, hash = 'sha256' }) {
  writeFileSync(at('plain'), plain)
  run('createprimary', '-c', 'parent')
  flush()
  run('create', '-C', 'parent', '-i', 'plain', '-p', password, '-u', 'pub', '-r', 'priv')
  flush()
  run('load', '-C', 'parent', '-u', 'pub', '-r', 'priv', '-c', 'item', '-n', 'item.name')
  flush()
  run('readpublic', '-c', 'parent', '-n', 'parent.name')
  flush()
  /** @type {string[]} */
  const options = []
  let saltKey
  if (key !== undefined) {
    const pair =
      key === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const privateKey = pair.privateKey
      .export({ format: 'pem', type: key === 'rsa' ? 'pkcs1' : 'sec1' })
      .toString()
    writeFileSync(at('salt.pem'), privateKey)
    run('loadexternal', '-C', 'n', '-G', key, '-r', 'salt.pem', '-a', 'userwithauth|decrypt', '-c', 'salt')
    flush()
    run('readpublic', '-c', 'salt', '-o', 'salt.pub')
    flush()
    saltKey = { privateKey, public: hexOf('salt.pub').slice(4) }
    options.push('--tpmkey-context', 'salt')
  }
  if (bound) options.push('--bind-context', 'item', '--bind-auth', password)
  rmSync(log)
  run('startauthsession', '--hmac-session', '-g', hash, '-S', 'session', ...options)
  run('sessionconfig', 'session', '--enable-encrypt', '--enable-decrypt')
  for (let i = 0; i < 2; i++) {
    run('flushcontext', '-t')
    run('unseal', '-c', 'item', '-p', `session:session+${password}`, '-o', `out${i}`)
  }
  run('flushcontext', '-t')
  run(
    'create',
    '-C',
    'parent',
    '-P',
    'session:session',
    '-i',
    'plain',
    '-p',
    password,
    '-u',
    'pub',
    '-r',
    'priv',
  )
  run('flushcontext', 'session')
  flush()
  return {
    description,
    hash,
    bound,
    ...(saltKey === undefined ? {} : { saltKey }),
    itemName: hexOf('item.name'),
    parentName: hexOf('parent.name'),
    password,
    plain,
    exchanges: exchanges(),
  }
}

const versions = [
  execFileSync('swtpm', ['--version'], { encoding: 'utf8' }).trim(),
  run('unseal', '--version').trim(),
]
const sessions = [
  record('salted to an RSA key', { key: 'rsa' }),
  record('salted to an elliptic-curve key, SHA-384', { key: 'ecc', hash: 'sha384' }),
  record('bound', { bound: true }),
  record('salted and bound', { key: 'rsa', bound: true }),
]
await tpm.stop()
rmSync(directory, { recursive: true })
const recordedBy = 'packages/tpm-adapter/test/sessions/vectors/record.mjs'
writeFileSync(
  new URL('tpm2-tools.json', import.meta.url),
  `${JSON.stringify({ recordedBy, versions, sessions }, null, 2)}\n`,
)
