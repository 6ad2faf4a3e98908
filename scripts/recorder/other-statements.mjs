/**
 * Statements about keys, NV memory, time and audits.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { publicArea } from './attestation.mjs'
import { versatile } from './signers.mjs'

/**
 * @typedef {import('./statements.mjs').Desk} Desk
 * @typedef {import('./signers.mjs').Signer} Signer
 */

/** What keys and NV memory are certified: the names of a key's files, and an index. */
const subject = { object: 'subject.tpmt', creationData: 'subject-creation.bin' }
const nvIndex = '0x1500001'

/** @param {Desk} desk */
export async function takeOtherStatements(desk) {
  const { tools, files } = desk
  await tools.tool(
    'tpm2_createprimary',
    ...['-C', 'o', '-c', 'subject.ctx', '--creation-data', 'creation', '-t', 'ticket', '-d', 'creation-hash'],
  )
  await tools.tool('tpm2_readpublic', '-c', 'subject.ctx', '-o', 'subject.pub', '-f', 'tss')
  files.set(subject.object, publicArea(await tools.read('subject.pub')))
  files.set(subject.creationData, await tools.read('creation'))
  await writeFile(tools.at('content'), 'trusted!')
  await tools.tool('tpm2_nvdefine', nvIndex, '-C', 'o', '-s', '8', '-a', 'ownerread|ownerwrite|authread')
  await tools.tool('tpm2_nvwrite', nvIndex, '-C', 'o', '-i', 'content')
  for (const signer of versatile) {
    for (const take of [certify, certifyCreation, getTime, certifyNv]) await take(desk, signer)
    // The tools for audits ask every RSA key for RSASSA, whatever they are told.
    if (signer.scheme === 'rsapss') continue
    await auditSession(desk, signer)
    await auditCommands(desk, signer)
  }
}

/** @param {Signer} signer */
const how = ({ hash, scheme }) => ['-g', hash, '--scheme', scheme]

/** @param {Desk} desk @param {Signer} signer */
async function certify({ tools, keep }, signer) {
  const keys = ['-c', 'subject.ctx', '-C', `${signer.name}.ctx`]
  await tools.tool('tpm2_certify', ...keys, ...how(signer), '-o', 'message', '-s', 'signature', '-f', 'tss')
  // What tpm2_certify always sends.
  await keep('certify', signer, '00ff55aa', subject)
}

/** @param {Desk} desk @param {Signer} signer */
async function certifyCreation({ tools, keep }, signer) {
  const nonce = randomBytes(16).toString('hex')
  const creation = ['-c', 'subject.ctx', '-d', 'creation-hash', '-t', 'ticket']
  const output = ['-q', nonce, '--attestation', 'message', '-o', 'signature', '-f', 'tss']
  const keys = ['-C', `${signer.name}.ctx`, ...creation]
  await tools.tool('tpm2_certifycreation', ...keys, ...how(signer), ...output)
  await keep('creation', signer, nonce, subject)
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
async function auditSession(desk, signer) {
  const { tool } = desk.tools
  await tool('tpm2_startauthsession', '-S', 'session', '--audit-session')
  const random = await tool('tpm2_getrandom', '4', '-S', 'session', '--hex')
  await takeAudit(desk, signer, random, 'sessionAudit', ['tpm2_getsessionauditdigest', '-S', 'session'])
  await tool('tpm2_flushcontext', 'session')
}

/** An audit of all GetRandom, of which there is one. @param {Desk} desk @param {Signer} signer */
async function auditCommands(desk, signer) {
  const { tool } = desk.tools
  await tool('tpm2_setcommandauditstatus', 'TPM2_CC_GetRandom')
  // That was audited as well; asking for the digest starts a new one.
  await tool(
    'tpm2_getcommandauditdigest',
    '-c',
    `${signer.name}.ctx`,
    '-g',
    signer.hash,
    '-m',
    'm',
    '-s',
    's',
  )
  const random = await tool('tpm2_getrandom', '4', '--hex')
  await takeAudit(desk, signer, random, 'commandAudit', ['tpm2_getcommandauditdigest'])
  await tool('tpm2_setcommandauditstatus', 'TPM2_CC_GetRandom', '--clear-list')
}

/**
 * @param {Desk} desk @param {Signer} signer
 * @param {Buffer} random what the audited command printed
 * @param {string} type @param {readonly [tool: string, ...options: string[]]} command
 */
async function takeAudit({ tools, keep }, signer, random, type, [tool, ...options]) {
  const nonce = randomBytes(16).toString('hex')
  const output = ['-q', nonce, '-m', 'message', '-s', 'signature', '-f', 'tss']
  await tools.tool(tool, '-c', `${signer.name}.ctx`, '-g', signer.hash, ...options, ...output)
  await keep(type, signer, nonce, { random: random.toString().trim() })
}
