/**
 * Records `tpm2-tools.json`: what a software TPM (swtpm) and tpm2-tools make of keys, statements of every kind and
 * credentials. Run with `node packages/core/test/tpm2/vectors/record.mjs`; needs swtpm and tpm2-tools.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openTools } from './tools.mjs'

const tools = await openTools()
const { directory, run, flush, hexOf, contentOf } = tools

const schemes = /** @type {const} */ ([
  ['rsa', 'rsassa', 'sha256'],
  ['rsa', 'rsapss', 'sha384'],
  ['ecc', 'ecdsa', 'sha256'],
])

function recordKeys() {
  return schemes.map(([algorithm, scheme, hash]) => {
    run('createek', '-G', algorithm, '-c', 'ek', '-u', `${scheme}.ekpub`)
    flush()
    const names = ['-u', 'pub', '-n', 'name', '-q', 'qname']
    run('createak', '-C', 'ek', '-c', `${scheme}.ak`, '-G', algorithm, '-g', hash, '-s', scheme, ...names)
    flush()
    return {
      scheme,
      hash,
      endorsementPublic: contentOf(`${scheme}.ekpub`),
      public: contentOf('pub'),
      name: hexOf('name'),
      qualifiedName: hexOf('qname'),
    }
  })
}

function recordQuotes() {
  return schemes.map(([, scheme, hash]) => {
    const outputs = ['-m', 'message', '-s', 'signature', '-o', 'pcrs', '-F', 'values']
    run(
      'quote',
      '-c',
      `${scheme}.ak`,
      '-l',
      'sha256:0,1,2,7,17+sha1:3,23',
      '-q',
      '00112233',
      '-g',
      hash,
      '--scheme',
      scheme,
      ...outputs,
    )
    flush()
    return { scheme, message: hexOf('message'), signature: hexOf('signature'), pcrValues: hexOf('pcrs') }
  })
}

/** @param {string} type @param {() => void} make */
function statement(type, make) {
  make()
  flush()
  return { type, scheme: 'ecdsa', message: hexOf('message'), signature: hexOf('signature') }
}

function recordStatements() {
  const signer = ['-c', 'ecdsa.ak']
  run('createprimary', '-C', 'o', '-c', 'primary', '--creation-data', 'cd', '-t', 'ticket', '-d', 'creation')
  flush()
  run('nvdefine', '0x1500001', '-s', '8', '-a', 'ownerread|ownerwrite|authread')
  writeFileSync(join(directory, 'content'), 'trusted!')
  run('nvwrite', '0x1500001', '-C', 'o', '-i', 'content')
  const nv = [
    '0x1500001',
    '-C',
    'ecdsa.ak',
    '-c',
    'o',
    '-g',
    'sha256',
    '-o',
    'signature',
    '--attestation',
    'message',
  ]
  return [
    statement('certify', () =>
      run('certify', '-c', 'primary', '-C', 'ecdsa.ak', '-g', 'sha256', '-o', 'message', '-s', 'signature'),
    ),
    statement('creation', () =>
      run(
        'certifycreation',
        ...['-C', 'ecdsa.ak', '-c', 'primary', '-d', 'creation', '-t', 'ticket', '-g', 'sha256'],
        ...['-o', 'signature', '--attestation', 'message', '-s', 'ecdsa', '-f', 'tss', '-q', 'cafe'],
      ),
    ),
    statement('time', () =>
      run('gettime', ...signer, '-q', 'aa', '--attestation', 'message', '-o', 'signature', '-g', 'sha256'),
    ),
    statement('nv', () => run('nvcertify', ...nv, '--size', '8', '--offset', '0')),
    statement('sessionAudit', () => {
      run('startauthsession', '-S', 'session', '--audit-session')
      run('getrandom', '4', '-S', 'session', '-o', 'random')
      run(
        'getsessionauditdigest',
        ...signer,
        '-m',
        'message',
        '-s',
        'signature',
        '-g',
        'sha256',
        '-S',
        'session',
      )
    }),
    statement('commandAudit', () => {
      run('setcommandauditstatus', 'TPM2_CC_Unseal')
      run('getcommandauditdigest', ...signer, '-m', 'message', '-s', 'signature', '-g', 'sha256')
    }),
  ]
}

/** Opened and made by the TPM for the keys above. */
function recordCredentials() {
  writeFileSync(join(directory, 'secret'), 'a secret of thirty-two bytes ...')
  return schemes.slice(1).map(([algorithm, scheme]) => {
    const { privateKey, name } = softwareKey(algorithm)
    run(
      'makecredential',
      '-T',
      'none',
      '-G',
      algorithm,
      '-u',
      `${algorithm}.pem`,
      '-s',
      'secret',
      '-n',
      name,
      '-o',
      'c',
    )
    return { scheme, privateKey, name, secret: hexOf('secret'), blob: hexOf('c') }
  })
}

/** An endorsement key outside a TPM, throw-away. @param {'rsa' | 'ecc'} algorithm */
function softwareKey(algorithm) {
  const options =
    algorithm === 'rsa'
      ? ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
      : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const key = join(directory, `${algorithm}.key`)
  execFileSync('openssl', ['genpkey', '-algorithm', ...options, '-out', key], { stdio: 'ignore' })
  execFileSync('openssl', ['pkey', '-in', key, '-pubout', '-out', join(directory, `${algorithm}.pem`)])
  return { privateKey: readFileSync(key, 'utf8'), name: `000b${'5a'.repeat(32)}` }
}

try {
  const recording = {
    madeBy: 'packages/core/test/tpm2/vectors/record.mjs',
    versions: tools.versions(),
    keys: recordKeys(),
    quotes: recordQuotes(),
    statements: recordStatements(),
    credentials: recordCredentials(),
  }
  writeFileSync(new URL('tpm2-tools.json', import.meta.url), `${JSON.stringify(recording, null, 2)}\n`)
} finally {
  await tools.close()
}
