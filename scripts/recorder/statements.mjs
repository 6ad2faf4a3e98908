/**
 * What else a TPM states under its signature than quotes of one bank: quotes by every signature scheme, over several
 * banks and after each way to restart, and statements about keys, NV memory, time and audits.
 *
 * The signers are primary keys of the endorsement hierarchy. Each signature is checked by the TPM itself, and that of
 * each quote by tpm2_checkquote too, but for RSAPSS, of which tpm2_checkquote 5.4 accepts none.
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { publicArea, readPcrs } from './attestation.mjs'
import { banks } from './swtpm.mjs'

/**
 * @typedef {import('./attestation.mjs').Tools} Tools
 * @typedef {import('./attestation.mjs').Swtpm} Swtpm
 * @typedef {import('./attestation.mjs').Files} Files
 * @typedef {import('./attestation.mjs').Pcrs} Pcrs
 * @typedef {{ bank: string, pcrs: readonly number[] }} BankSelection
 * @typedef {{ name: string, scheme: string, hash: string, publicArea: string }} SignerEntry
 * @typedef {{
 *   type: string, signer: string, message: string, signature: string, qualifyingData: string,
 *   about: Readonly<Record<string, unknown>>
 * }} StatementEntry `message`, `signature` name files; other bytes are hexadecimal; `about`: what is stated
 */

const attributes = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
const rsaHashes = ['sha256', 'sha384', 'sha512']
const signers = [
  ...rsaHashes.map((hash) => ({ kind: 'rsa-2048', algorithm: 'rsa2048', scheme: 'rsassa', hash })),
  ...rsaHashes.map((hash) => ({ kind: 'rsa-2048', algorithm: 'rsa2048', scheme: 'rsapss', hash })),
  { kind: 'rsa-3072', algorithm: 'rsa3072', scheme: 'rsassa', hash: 'sha384' },
  { kind: 'ecc-p256', algorithm: 'ecc256', scheme: 'ecdsa', hash: 'sha256' },
  { kind: 'ecc-p256', algorithm: 'ecc256', scheme: 'ecdsa', hash: 'sha512' },
  { kind: 'ecc-p384', algorithm: 'ecc384', scheme: 'ecdsa', hash: 'sha384' },
  { kind: 'ecc-p521', algorithm: 'ecc521', scheme: 'ecdsa', hash: 'sha512' },
].map((signer) => ({ ...signer, name: `${signer.kind}-${signer.scheme}-${signer.hash}` }))
/** @typedef {(typeof signers)[number]} Signer */

/** Signers of all kinds of statements, and of quotes over every selection. */
const versatile = ['rsa-2048-rsassa-sha256', 'rsa-2048-rsapss-sha384', 'ecc-p384-ecdsa-sha384']
/** Signer of the quotes between which the TPM restarts. */
const lasting = 'ecc-p256-ecdsa-sha256'

const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr)
/** @type {readonly BankSelection[]} */
const twoBanks = [
  { bank: 'sha1', pcrs: [0, 1, 2, 7] },
  { bank: 'sha256', pcrs: [0, 7, 16, 23] },
]
/** @type {readonly (readonly BankSelection[])[]} */
const selections = [
  ...banks.map((bank) => [{ bank, pcrs: allPcrs }]),
  banks.map((bank) => ({ bank, pcrs: [16, 0] })),
]

/** Ways to restart, by what `tpm2_shutdown` and `tpm2_startup` are told. */
const restarts = [
  { after: 'resume', shutdown: [], startup: [] },
  { after: 'restart', shutdown: [], startup: ['-c'] },
  { after: 'reset', shutdown: ['-c'], startup: ['-c'] },
  { after: 'power-loss', shutdown: undefined, startup: ['-c'] },
]

/**
 * @param {Tools} tools
 * @param {Swtpm} swtpm
 * @param {Files} files
 * @returns {Promise<{ signers: SignerEntry[], statements: StatementEntry[] }>}
 */
export async function takeStatements(tools, swtpm, files) {
  const entries = []
  const desk = openDesk(tools, files)
  for (const signer of signers) {
    await tools.tool(
      'tpm2_createprimary',
      ...['-C', 'e', '-G', `${signer.algorithm}:${signer.scheme}-${signer.hash}:null`, '-g', 'sha256'],
      ...['-a', attributes, '-c', `${signer.name}.ctx`],
    )
    await tools.tool('tpm2_readpublic', '-c', `${signer.name}.ctx`, '-o', 'signer.pub', '-f', 'tss')
    await tools.tool('tpm2_readpublic', '-c', `${signer.name}.ctx`, '-o', `${signer.name}.pem`, '-f', 'pem')
    const file = `signer-${signer.name}.tpmt`
    files.set(file, publicArea(await tools.read('signer.pub')))
    entries.push({ name: signer.name, scheme: signer.scheme, hash: signer.hash, publicArea: file })
  }
  await takeQuotes(desk)
  await takeOthers(desk)
  await takeQuotesAfterRestarts(desk, swtpm)
  return { signers: entries, statements: desk.statements }
}

/**
 * Where statements are made, checked and put down.
 * @param {Tools} tools @param {Files} files
 */
function openDesk(tools, files) {
  /** @type {StatementEntry[]} */
  const statements = []
  /**
   * @param {string} type @param {Signer} signer @param {string} qualifyingData
   * @param {Readonly<Record<string, unknown>>} about
   */
  const keep = async (type, signer, qualifyingData, about) => {
    const options = ['-c', `${signer.name}.ctx`, '-g', signer.hash, '-m', 'message', '-s', 'signature']
    await tools.tool('tpm2_verifysignature', ...options)
    const number = String(statements.length).padStart(2, '0')
    const message = `statement-${number}-${type}.attest`
    const signature = `statement-${number}-${type}.sig`
    files.set(message, await tools.read('message'))
    files.set(signature, await tools.read('signature'))
    statements.push({ type, signer: signer.name, message, signature, qualifyingData, about })
  }
  return { tools, files, statements, keep }
}
/** @typedef {ReturnType<typeof openDesk>} Desk */

/** @param {string} name @returns {Signer} */
function signerOf(name) {
  const signer = signers.find((one) => one.name === name)
  if (signer === undefined) throw new Error(`no signer ${name}`)
  return signer
}

/** @param {Desk} desk */
async function takeQuotes(desk) {
  const pcrs = await readPcrs(desk.tools)
  for (const signer of signers) await quote(desk, signer, twoBanks, pcrs, { pcrsFile: 'pcrs.json' })
  for (const name of versatile)
    for (const selection of selections)
      await quote(desk, signerOf(name), selection, pcrs, { pcrsFile: 'pcrs.json' })
}

/**
 * @param {Desk} desk @param {Signer} signer @param {readonly BankSelection[]} selection
 * @param {Pcrs} pcrs what the PCRs must be
 * @param {Readonly<Record<string, unknown>>} about
 */
async function quote({ tools, keep }, signer, selection, pcrs, about) {
  const nonce = randomBytes(20).toString('hex')
  const list = selection.map(({ bank, pcrs: indices }) => `${bank}:${indices.join(',')}`).join('+')
  await tools.tool(
    'tpm2_quote',
    ...['-c', `${signer.name}.ctx`, '-l', list, '-q', nonce, '-g', signer.hash, '--scheme', signer.scheme],
    ...['-m', 'message', '-s', 'signature', '-f', 'tss', '-o', 'values'],
  )
  if (signer.scheme !== 'rsapss') {
    const evidence = ['-m', 'message', '-s', 'signature', '-f', 'values', '-q', nonce]
    await tools.tool('tpm2_checkquote', '-u', `${signer.name}.pem`, ...evidence)
  }
  const digest = createHash(signer.hash)
  for (const { bank, pcrs: indices } of selection)
    for (const pcr of indices.toSorted((a, b) => a - b)) digest.update(pcrs[bank]?.[pcr] ?? '', 'hex')
  const expected = digest.digest()
  if (!(await tools.read('message')).subarray(-expected.length).equals(expected))
    throw new Error(`the quote by ${signer.name} is not over the expected PCRs`)
  await keep('quote', signer, nonce, { selection, ...about })
}

/**
 * @param {Desk} desk
 * @param {Swtpm} swtpm
 */
async function takeQuotesAfterRestarts(desk, swtpm) {
  const { tools, files } = desk
  for (const { after, shutdown, startup } of restarts) {
    await tools.tool('tpm2_pcrevent', '7', '/etc/debian_version')
    if (shutdown !== undefined) await tools.tool('tpm2_shutdown', ...shutdown)
    await swtpm.powerCycle()
    await tools.tool('tpm2_startup', ...startup)
    // Contexts do not outlive a reset; the key, made anew from the same seed, is the same.
    const signer = signerOf(lasting)
    const template = ['-G', `${signer.algorithm}:${signer.scheme}-${signer.hash}:null`, '-g', 'sha256']
    await tools.tool(
      'tpm2_createprimary',
      '-C',
      'e',
      ...template,
      '-a',
      attributes,
      '-c',
      `${signer.name}.ctx`,
    )
    const pcrs = await readPcrs(tools)
    const pcrsFile = `pcrs-after-${after}.json`
    files.set(pcrsFile, Buffer.from(`${JSON.stringify(pcrs, undefined, 1)}\n`))
    await quote(desk, signer, twoBanks, pcrs, { pcrsFile, after })
  }
}

/** @param {Desk} desk */
async function takeOthers(desk) {
  const { tools, files } = desk
  await tools.tool(
    'tpm2_createprimary',
    ...['-C', 'o', '-c', 'subject.ctx', '--creation-data', 'creation', '-t', 'ticket', '-d', 'creation-hash'],
  )
  await tools.tool('tpm2_readpublic', '-c', 'subject.ctx', '-o', 'subject.pub', '-f', 'tss')
  files.set('subject.tpmt', publicArea(await tools.read('subject.pub')))
  files.set('subject-creation.bin', await tools.read('creation'))
  await writeFile(tools.at('content'), 'trusted!')
  await tools.tool('tpm2_nvdefine', nvIndex, '-C', 'o', '-s', '8', '-a', 'ownerread|ownerwrite|authread')
  await tools.tool('tpm2_nvwrite', nvIndex, '-C', 'o', '-i', 'content')
  for (const name of versatile) {
    const signer = signerOf(name)
    for (const take of [certify, certifyCreation, getTime, certifyNv]) await take(desk, signer)
    // The tools for audits ask every RSA key for RSASSA, whatever they are told.
    if (signer.scheme === 'rsapss') continue
    await auditSession(desk, signer)
    await auditCommands(desk, signer)
  }
}

const nvIndex = '0x1500001'

/** @param {Signer} signer */
const how = ({ hash, scheme }) => ['-g', hash, '--scheme', scheme]

/** @param {Desk} desk @param {Signer} signer */
async function certify({ tools, keep }, signer) {
  const keys = ['-c', 'subject.ctx', '-C', `${signer.name}.ctx`]
  await tools.tool('tpm2_certify', ...keys, ...how(signer), '-o', 'message', '-s', 'signature', '-f', 'tss')
  // What tpm2_certify always sends.
  await keep('certify', signer, '00ff55aa', { object: 'subject.tpmt' })
}

/** @param {Desk} desk @param {Signer} signer */
async function certifyCreation({ tools, keep }, signer) {
  const nonce = randomBytes(16).toString('hex')
  await tools.tool(
    'tpm2_certifycreation',
    ...[
      '-C',
      `${signer.name}.ctx`,
      '-c',
      'subject.ctx',
      '-d',
      'creation-hash',
      '-t',
      'ticket',
      ...how(signer),
    ],
    ...['-q', nonce, '--attestation', 'message', '-o', 'signature', '-f', 'tss'],
  )
  await keep('creation', signer, nonce, { object: 'subject.tpmt', creationData: 'subject-creation.bin' })
}

/** @param {Desk} desk @param {Signer} signer */
async function getTime({ tools, keep }, signer) {
  const nonce = randomBytes(16).toString('hex')
  const output = ['-q', nonce, '--attestation', 'message', '-o', 'signature', '-f', 'tss']
  await tools.tool('tpm2_gettime', '-c', `${signer.name}.ctx`, ...how(signer), ...output)
  await keep('time', signer, nonce, {})
}

/** NV_Certify of contents, and of nothing, which is answered with a digest. @param {Desk} desk @param {Signer} signer */
async function certifyNv({ tools, keep }, signer) {
  for (const [type, size, offset] of /** @type {const} */ ([
    ['nv', 8, 0],
    ['nv', 5, 3],
    ['nvDigest', 0, 0],
  ])) {
    const nonce = randomBytes(16).toString('hex')
    await tools.tool(
      'tpm2_nvcertify',
      ...[nvIndex, '-C', `${signer.name}.ctx`, '-c', 'o', ...how(signer), '-q', nonce],
      ...['--size', String(size), '--offset', String(offset)],
      ...['--attestation', 'message', '-o', 'signature', '-f', 'tss'],
    )
    const contents = (await tools.read('content')).toString('hex')
    await keep(type, signer, nonce, { index: nvIndex, contents, size, offset })
  }
}

/** A session in which 4 random bytes are asked for. @param {Desk} desk @param {Signer} signer */
async function auditSession({ tools, keep }, signer) {
  const nonce = randomBytes(16).toString('hex')
  await tools.tool('tpm2_startauthsession', '-S', 'session', '--audit-session')
  const random = await tools.tool('tpm2_getrandom', '4', '-S', 'session', '--hex')
  const output = ['-q', nonce, '-m', 'message', '-s', 'signature', '-f', 'tss']
  await tools.tool(
    'tpm2_getsessionauditdigest',
    '-c',
    `${signer.name}.ctx`,
    '-g',
    signer.hash,
    '-S',
    'session',
    ...output,
  )
  await tools.tool('tpm2_flushcontext', 'session')
  await keep('sessionAudit', signer, nonce, { random: random.toString().trim() })
}

/** An audit of all GetRandom, of which there is one. @param {Desk} desk @param {Signer} signer */
async function auditCommands({ tools, keep }, signer) {
  const nonce = randomBytes(16).toString('hex')
  await tools.tool('tpm2_setcommandauditstatus', 'TPM2_CC_GetRandom')
  const random = await tools.tool('tpm2_getrandom', '4', '--hex')
  const output = ['-q', nonce, '-m', 'message', '-s', 'signature', '-f', 'tss']
  await tools.tool('tpm2_getcommandauditdigest', '-c', `${signer.name}.ctx`, '-g', signer.hash, ...output)
  await tools.tool('tpm2_setcommandauditstatus', 'TPM2_CC_GetRandom', '--clear-list')
  await keep('commandAudit', signer, nonce, { random: random.toString().trim() })
}
