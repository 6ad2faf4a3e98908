/**
 * Takes from a running TPM what a verifier gets to see, with tpm2-tools: endorsement keys and certificates,
 * attestation keys, quotes.
 * @module
 */
import { createHash, createPublicKey, randomBytes, randomInt, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './processes.mjs'
import { banks, startSwtpmForTools } from './swtpm.mjs'

/** Banks that are quoted. */
const quotedBanks = /** @type {const} */ (['sha256', 'sha384'])
const attestationKeys = /** @type {const} */ ([
  { kind: 'rsa-2048', algorithm: 'rsa', scheme: 'rsassa' },
  { kind: 'ecc-p256', algorithm: 'ecc', scheme: 'ecdsa' },
])
const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr)

/**
 * @typedef {Record<string, Record<string, string>>} Pcrs values in hexadecimal by bank and index
 * @typedef {Map<string, Uint8Array>} Files contents by file name
 * @typedef {Awaited<ReturnType<typeof startSwtpmForTools>>} Swtpm
 * @typedef {{ key: string, bank: string, pcrs: readonly number[], message: string, signature: string }} QuoteEntry
 */

/** Size-prefixed TPM2B_PUBLIC to the TPMT_PUBLIC inside. @param {Buffer} sized */
export function publicArea(sized) {
  if (sized.readUInt16BE(0) !== sized.length - 2) throw new Error('not a TPM2B_PUBLIC')
  return sized.subarray(2)
}

/**
 * @param {string} directory for tpm2-tools' files
 * @param {string} tcti
 */
function openTools(directory, tcti) {
  const at = (/** @type {string} */ name) => join(directory, name)
  const tool = async (/** @type {string} */ name, /** @type {readonly string[]} */ ...args) => {
    const output = await run(name, args, { cwd: directory, env: { TPM2TOOLS_TCTI: tcti } })
    // Without a resource manager every tool leaves its keys in the TPM; three fill it.
    if (name !== 'tpm2_flushcontext')
      await run('tpm2_flushcontext', ['-t'], { env: { TPM2TOOLS_TCTI: tcti } })
    return output
  }
  return { at, tool, read: (/** @type {string} */ name) => readFile(at(name)) }
}

/** @typedef {ReturnType<typeof openTools>} Tools */

/** @param {Tools} tools @returns {Promise<Pcrs>} every PCR of every bank */
export async function readPcrs({ tool, read }) {
  /** @type {Pcrs} */
  const pcrs = {}
  for (const bank of banks) {
    await tool('tpm2_pcrread', `${bank}:all`, '-o', 'values.bin')
    const values = await read('values.bin')
    const size = values.length / allPcrs.length
    pcrs[bank] = Object.fromEntries(
      allPcrs.map((pcr) => [pcr, values.subarray(pcr * size, (pcr + 1) * size).toString('hex')]),
    )
  }
  return pcrs
}

/**
 * Starts the TPM of a state directory and takes everything from it.
 * @template {object} [More={}]
 * @param {string} work
 * @param {string} stateDirectory
 * @param {{ root: string, issuer: string, issuerKey: string }} ca
 * @param {{
 *   resume: boolean, expected?: Pcrs, extend?: readonly number[],
 *   more?: (tools: Tools, swtpm: Swtpm, files: Files) => Promise<More>
 * }} options `resume`: the TPM goes on where it stopped; `expected`: what the PCRs must be; `extend`: PCRs to be
 *   extended first; `more`: what else to take
 */
export async function attest(work, stateDirectory, ca, { resume, expected, extend = [], more }) {
  const directory = join(work, 'tools')
  await mkdir(directory)
  const swtpm = await startSwtpmForTools(stateDirectory, join(directory, 'tpm.sock'), { resume })
  try {
    const tools = openTools(directory, swtpm.tcti)
    for (const pcr of extend) await tools.tool('tpm2_pcrevent', String(pcr), '/etc/debian_version')
    const pcrs = await readPcrs(tools)
    if (expected !== undefined && JSON.stringify(pcrs) !== JSON.stringify(expected))
      throw new Error('the TPM does not hold the PCRs that the kernel reported')
    /** @type {Files} */
    const files = new Map([['pcrs.json', Buffer.from(`${JSON.stringify(pcrs, undefined, 1)}\n`)]])
    await takeEndorsementKeys(tools, ca, files)
    const quotes = await takeQuotes(tools, pcrs, files)
    return { files, quotes, more: await more?.(tools, swtpm, files) }
  } finally {
    await swtpm.close()
  }
}

/**
 * Endorsement keys: the vendor's RSA-2048 and ECC P-384 key with the certificates in the TPM, and the standard ECC
 * P-256 key (EK profile template L-2), for which the vendor's CA signs one more certificate.
 * @param {Tools} tools
 * @param {{ root: string, issuer: string, issuerKey: string }} ca
 * @param {Files} files
 */
async function takeEndorsementKeys(tools, ca, files) {
  const { at, tool, read } = tools
  await tool('tpm2_readpublic', '-c', '0x81010001', '-o', 'ek-rsa.pub', '-f', 'tss')
  await tool('tpm2_readpublic', '-c', '0x81010016', '-o', 'ek-p384.pub', '-f', 'tss')
  await tool('tpm2_createek', '-G', 'ecc', '-c', 'ek-ecc.ctx', '-u', 'ek-p256.pub')
  await tool('tpm2_readpublic', '-c', 'ek-ecc.ctx', '-o', 'ek-p256.pem', '-f', 'pem')
  files.set('ek-rsa-2048.tpmt', publicArea(await read('ek-rsa.pub')))
  files.set('ek-ecc-p384.tpmt', publicArea(await read('ek-p384.pub')))
  files.set('ek-ecc-p256.tpmt', publicArea(await read('ek-p256.pub')))
  files.set('ek-rsa-2048.der', await tool('tpm2_nvread', '0x01c00002', '-C', 'o'))
  files.set('ek-ecc-p384.der', await tool('tpm2_nvread', '0x01c00016', '-C', 'o'))
  await certifyEccKey(at('ek-p256.pem'), at('ek-p256-cert.pem'), ca)
  for (const [from, to] of [
    [at('ek-p256-cert.pem'), 'ek-ecc-p256.der'],
    [ca.root, 'ca-root.der'],
    [ca.issuer, 'ca-issuer.der'],
  ]) {
    files.set(String(to), new X509Certificate(await readFile(String(from))).raw)
  }
}

/**
 * @param {string} keyFile PEM
 * @param {string} certificateFile is written, PEM
 * @param {{ issuer: string, issuerKey: string }} ca
 */
async function certifyEccKey(keyFile, certificateFile, { issuer, issuerKey }) {
  const { x, y } = createPublicKey(await readFile(keyFile)).export({ format: 'jwk' })
  const hex = (/** @type {string | undefined} */ text) => Buffer.from(text ?? '', 'base64url').toString('hex')
  await run('swtpm_cert', [
    ...['--tpm2', '--type', 'ek', '--decryption', '--subject', 'CN=recorder:vm'],
    ...['--ecc-curveid', 'secp256r1', '--ecc-x', hex(x), '--ecc-y', hex(y)],
    ...['--tpm-manufacturer', 'id:00001014', '--tpm-model', 'swtpm', '--tpm-version', 'id:20191023'],
    ...['--tpm-spec-family', '2.0', '--tpm-spec-level', '0', '--tpm-spec-revision', '164'],
    ...[
      '--signkey',
      issuerKey,
      '--issuercert',
      issuer,
      '--days',
      '3650',
      '--serial',
      String(randomInt(2 ** 32)),
    ],
    ...['--out-cert', certificateFile],
  ])
}

/**
 * Makes an attestation key of each kind and quotes all PCRs of each bank with it. Each quote is checked by
 * tpm2_checkquote, and its PCR digest against the given values.
 * @param {Tools} tools
 * @param {Pcrs} pcrs what the PCRs must be
 * @param {Files} files
 * @returns {Promise<QuoteEntry[]>}
 */
async function takeQuotes(tools, pcrs, files) {
  const { tool, read } = tools
  const nonce = randomBytes(32)
  files.set('nonce.bin', nonce)
  await tool('tpm2_createek', '-G', 'rsa', '-c', 'ek-rsa.ctx')
  /** @type {QuoteEntry[]} */
  const quotes = []
  for (const { kind, algorithm, scheme } of attestationKeys) {
    await tool(
      'tpm2_createak',
      ...['-C', `ek-${algorithm}.ctx`, '-c', 'ak.ctx', '-G', algorithm, '-g', 'sha256', '-s', scheme],
      ...['-u', 'ak.pub', '-f', 'tss'],
    )
    files.set(`ak-${kind}.tpmt`, publicArea(await read('ak.pub')))
    await tool('tpm2_readpublic', '-c', 'ak.ctx', '-o', 'ak.pem', '-f', 'pem')
    for (const bank of quotedBanks) {
      await tool(
        'tpm2_quote',
        ...['-c', 'ak.ctx', '-l', `${bank}:${allPcrs.join(',')}`, '-q', nonce.toString('hex')],
        ...['-m', 'quote.msg', '-s', 'quote.sig', '-f', 'tss', '-o', 'quote.pcrs', '-g', 'sha256'],
      )
      await tool(
        'tpm2_checkquote',
        ...[
          '-u',
          'ak.pem',
          '-m',
          'quote.msg',
          '-s',
          'quote.sig',
          '-f',
          'quote.pcrs',
          '-q',
          nonce.toString('hex'),
        ],
      )
      const message = await read('quote.msg')
      checkPcrDigest(message, pcrs[bank] ?? {})
      const entry = {
        key: kind,
        bank,
        pcrs: allPcrs,
        message: `quote-${kind}-${bank}.attest`,
        signature: `quote-${kind}-${bank}.sig`,
      }
      files.set(entry.message, message)
      files.set(entry.signature, await read('quote.sig'))
      quotes.push(entry)
    }
  }
  return quotes
}

/** TPMS_ATTEST of a quote ends with its PCR digest. @param {Buffer} message @param {Record<string, string>} values */
function checkPcrDigest(message, values) {
  const expected = createHash('sha256')
  for (const pcr of allPcrs) expected.update(values[pcr] ?? '', 'hex')
  if (!message.subarray(-32).equals(expected.digest()))
    throw new Error('the quote is not over the expected PCRs')
}
