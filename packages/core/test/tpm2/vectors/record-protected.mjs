/**
 * Records `protected.json`: what tpm2-tools and a software TPM (swtpm) protect for keys outside of a TPM: credentials for
 * keys with longer names, and duplicates. Run with `node packages/core/test/tpm2/vectors/record-protected.mjs`; needs
 * swtpm and tpm2-tools.
 * @module
 */
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { openTools } from './tools.mjs'

const tools = await openTools()
const { run, flush, hexOf, write } = tools

/** Public areas of endorsement keys, as files named after their templates. */
function createEndorsementKeys() {
  const kinds = /** @type {const} */ ([
    ['L-1', 'rsa'],
    ['L-2', 'ecc'],
    ['H-3', 'ecc_nist_p384'],
    ['H-4', 'ecc_nist_p521'],
    ['H-6', 'rsa3072'],
  ])
  for (const [template, algorithm] of kinds) {
    run('createek', '-G', algorithm, '-c', 'ek', '-u', `${template}.pub`)
    flush()
  }
}

/**
 * The public area of a throw-away key outside of a TPM: that of a key that the TPM made, with another key in it.
 * @param {string} file TPM2B_PUBLIC
 * @param {import('node:crypto').KeyObject} publicKey
 * @returns {Buffer} TPM2B_PUBLIC
 */
function publicAreaOf(file, publicKey) {
  const area = Buffer.from(hexOf(file), 'hex')
  const jwk = publicKey.export({ format: 'jwk' })
  const part = (/** @type {string | undefined} */ text) => Buffer.from(text ?? '', 'base64url')
  if (jwk.kty === 'RSA') return Buffer.concat([area.subarray(0, -part(jwk.n).length), part(jwk.n)])
  const [x, y] = [part(jwk.x), part(jwk.y)]
  const size = Buffer.of(0, x.length)
  return Buffer.concat([area.subarray(0, -2 * (x.length + 2)), size, x, size, y])
}

/** Made by tpm2_makecredential without a TPM, for keys with longer names than SHA-256. */
function recordCredentials() {
  const secret = 'a secret of forty-eight bytes, in all its length'
  write('secret', secret)
  const keys = /** @type {const} */ ([
    ['H-3', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['H-4', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['H-6', () => generateKeyPairSync('rsa', { modulusLength: 3072 })],
  ])
  return keys.map(([template, generate]) => {
    const { publicKey, privateKey } = generate()
    const area = publicAreaOf(`${template}.pub`, publicKey)
    write('ek.pub', area)
    const name = `000c${'5a'.repeat(48)}`
    run('makecredential', '-T', 'none', '-u', 'ek.pub', '-s', 'secret', '-n', name, '-o', 'credential')
    return {
      template,
      endorsementPublic: area.toString('hex').slice(4),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      name,
      secret: hexOf('secret'),
      blob: hexOf('credential'),
    }
  })
}

/** Sealed data that the TPM duplicated for keys outside of it, without and with an inner wrapper. */
function recordDuplicates() {
  run('startauthsession', '-S', 'session')
  run('policycommandcode', '-S', 'session', '-L', 'policy', 'TPM2_CC_Duplicate')
  flush()
  run('createprimary', '-C', 'o', '-c', 'primary')
  flush()
  const parents = /** @type {const} */ ([
    ['L-1', 'null', 'userwithauth', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['L-2', 'null', 'userwithauth', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['H-4', 'null', 'userwithauth', () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['L-2', 'aes', 'encryptedduplication', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ])
  return parents.map(([template, wrapper, attributes, generate]) => {
    const { publicKey, privateKey } = generate()
    const parent = publicAreaOf(`${template}.pub`, publicKey)
    write('new-parent.pub', parent)
    write('data', 'sealed in a TPM')
    const files = ['-u', 'object.pub', '-r', 'object.priv']
    run('create', '-C', 'primary', '-i', 'data', '-L', 'policy', '-a', attributes, '-p', 'secret', ...files)
    flush()
    run('load', '-C', 'primary', ...files, '-c', 'object')
    flush()
    run('loadexternal', '-C', 'n', '-u', 'new-parent.pub', '-c', 'new-parent')
    flush()
    run('startauthsession', '--policy-session', '-S', 'session')
    run('policycommandcode', '-S', 'session', 'TPM2_CC_Duplicate')
    write('inner', Buffer.alloc(16, 0x1e))
    const inner = wrapper === 'null' ? [] : ['-i', 'inner']
    const outputs = ['-r', 'dup.priv', '-s', 'dup.seed']
    run(
      'duplicate',
      '-C',
      'new-parent',
      '-c',
      'object',
      '-p',
      'session:session',
      '-G',
      wrapper,
      ...inner,
      ...outputs,
    )
    flush()
    return {
      template,
      parentPublic: parent.toString('hex').slice(4),
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      objectPublic: hexOf('object.pub'),
      duplicate: hexOf('dup.priv'),
      seed: hexOf('dup.seed'),
      ...(wrapper === 'null' ? {} : { innerKey: hexOf('inner') }),
      data: hexOf('data'),
    }
  })
}

try {
  createEndorsementKeys()
  const recording = {
    madeBy: 'packages/core/test/tpm2/vectors/record-protected.mjs',
    versions: tools.versions(),
    credentials: recordCredentials(),
    duplicates: recordDuplicates(),
  }
  writeFileSync(new URL('protected.json', import.meta.url), `${JSON.stringify(recording, null, 2)}\n`)
} finally {
  await tools.close()
}
