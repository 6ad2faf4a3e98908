/**
 * Records `objects.json`: what a software TPM (swtpm) and tpm2-tools make of objects of every kind, their names, NV
 * indices, tickets, capabilities and policies. Run with `node packages/core/test/tpm2/vectors/record-objects.mjs`; needs
 * swtpm and tpm2-tools.
 * @module
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { openTools } from './tools.mjs'

const tools = await openTools()
const { run, send, flush, hexOf, contentOf, write } = tools

/** @param {number} value @param {number} bytes */
const number = (value, bytes) => value.toString(16).padStart(bytes * 2, '0')
/** @param {number} code @param {string} rest of the command, without sessions */
const command = (code, rest) => send(`8001${number(10 + rest.length / 2, 4)}${number(code, 4)}${rest}`)
/** @param {string} response @returns {string} its parameters */
function parametersOf(response) {
  if (response.slice(12, 20) !== '00000000') throw new Error(`the TPM answered ${response}`)
  return response.slice(20)
}

/** Name and qualified name of an object. @param {string} context */
function namesOf(context) {
  run('readpublic', '-c', context, '-n', 'name', '-q', 'qname')
  flush()
  return { name: hexOf('name'), qualifiedName: hexOf('qname') }
}

/** Public areas of endorsement keys that the tools make by the profile. */
function recordEndorsementKeys() {
  const kinds = /** @type {const} */ ([
    ['L-1', 'rsa'],
    ['L-2', 'ecc'],
    ['H-3', 'ecc_nist_p384'],
    ['H-4', 'ecc_nist_p521'],
    ['H-6', 'rsa3072'],
  ])
  return kinds.map(([template, algorithm]) => {
    run('createek', '-G', algorithm, '-c', 'ek', '-u', `${template}.pub`)
    flush()
    return { template, public: contentOf(`${template}.pub`), ...namesOf('ek') }
  })
}

const own = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth'

/** Objects of every type and scheme that the TPM makes. */
function recordPublicAreas() {
  const kinds = /** @type {const} */ ([
    ['rsa2048:rsassa-sha256', 'sha256', 'sign'],
    ['rsa2048:rsaes', 'sha1', 'decrypt'],
    ['rsa3072:oaep-sha512', 'sha384', 'decrypt'],
    ['rsa2048:null', 'sha512', 'sign|decrypt'],
    ['ecc:ecdsa-sha256', 'sha256', 'sign'],
    ['ecc:ecdaa4-sha256', 'sha256', 'sign'],
    ['ecc:ecschnorr-sha384', 'sha384', 'sign'],
    ['ecc521:ecdh-sha512', 'sha512', 'decrypt'],
    ['ecc_nist_p224:ecdsa-sha256', 'sha1', 'sign'],
    ['ecc_sm2_p256:sm2-sha256', 'sha256', 'sign'],
    ['hmac:sha384', 'sha384', 'sign'],
    ['xor:sha256', 'sha512', 'decrypt'],
    ['aes128cfb', 'sha256', 'sign|decrypt'],
    ['camellia128cfb', 'sha256', 'sign|decrypt'],
    ['aes256ctr', 'sha384', 'sign|decrypt'],
  ])
  run('createprimary', '-C', 'o', '-c', 'primary')
  flush()
  const { qualifiedName: parentQualifiedName } = namesOf('primary')
  const files = ['-u', 'object.pub', '-r', 'object.priv']
  return kinds.map(([kind, hash, use]) => {
    run('create', '-C', 'primary', '-G', kind, '-g', hash, '-a', `${own}|${use}`, ...files)
    flush()
    run('load', '-C', 'primary', ...files, '-c', 'object')
    flush()
    return { kind, public: contentOf('object.pub'), parentQualifiedName, ...namesOf('object') }
  })
}

const nvIndices = /** @type {const} */ ([
  [0x150_0001, 'sha256', ['-s', '8', '-a', 'ownerread|ownerwrite|authread|no_da']],
  [0x150_0002, 'sha1', ['-a', 'ownerread|ownerwrite|nt=counter']],
  [0x150_0003, 'sha384', ['-a', 'ownerread|policywrite|nt=bits|orderly', '-L', 'nv.policy']],
  [0x150_0004, 'sha512', ['-a', 'authread|authwrite|nt=extend|clear_stclear']],
  [0x150_0005, 'sha256', ['-s', '8', '-a', 'ownerwrite|ownerread|authread|no_da|nt=pinfail']],
  [0x150_0006, 'sha256', ['-s', '8', '-a', 'ownerwrite|ownerread|policyread|nt=pinpass', '-L', 'nv.policy']],
  [0x150_0007, 'sha256', ['-s', '4', '-a', 'ownerwrite|ownerread|writedefine|write_stclear|read_stclear']],
])

function recordNvIndices() {
  for (const [index, hash, options] of nvIndices) {
    if (/** @type {readonly string[]} */ (options).includes('nv.policy')) {
      run('startauthsession', '-S', 'session', '-g', hash)
      run('policyauthvalue', '-S', 'session', '-L', 'nv.policy')
      flush()
    }
    run('nvdefine', `0x${number(index, 4)}`, '-g', hash, ...options)
  }
  write('content', 'trusted!')
  run('nvwrite', '0x1500001', '-C', 'o', '-i', 'content')
  run('nvincrement', '0x1500002', '-C', 'o')
  run('nvreadlock', '0x1500007', '-C', 'o')
  run('nvwritelock', '0x1500007', '-C', 'o')
  return nvIndices.map(([index]) => {
    const answer = parametersOf(command(0x169, number(index, 4)))
    const size = Number.parseInt(answer.slice(0, 4), 16) * 2
    return { public: answer.slice(4, 4 + size), name: answer.slice(8 + size) }
  })
}

const noPassword = '400000090000000000'

/** TPM2_NV_Certify of nothing, which certifies the digest of the content; no tool asks for it. */
function recordNvDigest() {
  run('createek', '-G', 'ecc', '-c', 'ek')
  flush()
  run(
    'createak',
    '-C',
    'ek',
    '-c',
    'ak',
    '-u',
    'ak.pub',
    '-q',
    'ak.qname',
    '-G',
    'ecc',
    '-g',
    'sha256',
    '-s',
    'ecdsa',
  )
  flush()
  run('readpublic', '-c', 'ak')
  const handles = `8000000040000001${number(0x150_0001, 4)}`
  const rest = `${handles}00000012${noPassword}${noPassword}0000001000000000`
  const answer = send(`8002${number(10 + rest.length / 2, 4)}00000184${rest}`)
  flush()
  const body = parametersOf(answer).slice(8)
  const size = 4 + Number.parseInt(body.slice(0, 4), 16) * 2
  return {
    message: body.slice(4, size),
    // Two empty authorisations follow.
    signature: body.slice(size, body.length - 20),
    public: contentOf('ak.pub'),
    signer: hexOf('ak.qname'),
    nvContent: hexOf('content'),
  }
}

function recordCreation() {
  const outputs = ['--creation-data', 'cd', '-d', 'creation', '-t', 'ticket']
  run('createprimary', '-C', 'o', '-g', 'sha384', '-G', 'ecc', '-c', 'parent')
  flush()
  const parent = namesOf('parent')
  const files = ['-u', 'object.pub', '-r', 'object.priv']
  run(
    'create',
    '-C',
    'parent',
    '-g',
    'sha512',
    '-G',
    'ecc',
    '-l',
    'sha256:0,7+sha1:1',
    '-q',
    'cafe',
    ...files,
    ...outputs,
  )
  flush()
  return {
    nameAlg: 'sha512',
    data: contentOf('cd'),
    hash: contentOf('creation'),
    ticket: hexOf('ticket'),
    parentName: parent.name,
    parentQualifiedName: parent.qualifiedName,
  }
}

function recordTickets() {
  write('message', 'to be hashed')
  run('hash', '-C', 'o', '-g', 'sha256', '-t', 'hashcheck', '-o', 'digest', 'message')
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  write('key.pem', publicKey.export({ type: 'spki', format: 'pem' }))
  run('loadexternal', '-C', 'o', '-G', 'ecc', '-u', 'key.pem', '-c', 'key', '-n', 'key.name')
  flush()
  write('signature', sign('sha256', Buffer.from('to be hashed'), privateKey))
  const signed = ['-c', 'key', '-g', 'sha256', '-s', 'signature', '-f', 'ecdsa']
  run('verifysignature', ...signed, '-m', 'message', '-t', 'verified')
  flush()
  const ticket = ['--ticket', 'auth', '--timeout', 'timeout', '-t', '-1000000']
  run('startauthsession', '-S', 'session', '--policy-session')
  run('policysecret', '-S', 'session', '-c', 'o', '-x', ...ticket)
  const authSecret = hexOf('auth')
  flush()
  // Without a nonce: expiration, no cpHash, no reference.
  write('signature', sign('sha256', Buffer.from('fff0bdc0', 'hex'), privateKey))
  run('startauthsession', '-S', 'session', '--policy-session')
  run('policysigned', '-S', 'session', ...signed, ...ticket)
  const authSigned = hexOf('auth')
  flush()
  return { hashcheck: hexOf('hashcheck'), verified: hexOf('verified'), authSecret, authSigned }
}

/** TPM2_ContextSave of an object and of a session. */
function recordContexts() {
  run('createprimary', '-C', 'o', '-G', 'ecc', '-c', 'parent')
  flush()
  run('readpublic', '-c', 'parent')
  const object = parametersOf(command(0x162, '80000000'))
  flush()
  const nonce = `0010${'00'.repeat(16)}`
  const started = parametersOf(command(0x176, `4000000740000007${nonce}000000001000 0b`.replace(' ', '')))
  const session = parametersOf(command(0x162, started.slice(0, 8)))
  flush()
  return [object, session]
}

function recordCapabilities() {
  const first = /** @type {const} */ ([
    ['algs', 0x0, 0],
    ['handles', 0x1, 0x0100_0000],
    ['handles', 0x1, 0x8100_0000],
    ['handles', 0x1, 0x4000_0000],
    ['commands', 0x2, 0],
    ['ppCommands', 0x3, 0],
    ['auditCommands', 0x4, 0],
    ['pcrs', 0x5, 0],
    ['tpmProperties', 0x6, 0x100],
    ['tpmProperties', 0x6, 0x200],
    ['pcrProperties', 0x7, 0],
    ['eccCurves', 0x8, 0],
    ['authPolicies', 0x9, 0x4000_0001],
    ['act', 0xa, 0x4000_0110],
  ])
  return first.map(([capability, code, property]) => {
    const answer = parametersOf(
      command(0x17a, [code, property, 0x100].map((each) => number(each, 4)).join('')),
    )
    return { capability, data: answer.slice(2) }
  })
}

/** An authority's key of which only the public half is used. @param {string} name */
function recordPolicies(name) {
  const hash = 'sha256'
  write('name', Buffer.from(name, 'hex'))
  write('digest', Buffer.alloc(32, 7))
  write('sized-digest', Buffer.concat([Buffer.of(0, 32), Buffer.alloc(32, 7)]))
  write('operand', '345')
  write('zero', Buffer.alloc(32))
  write('other', Buffer.alloc(32, 9))
  const nv = '0x1500001'
  const calls = /** @type {const} */ ({
    secret: ['policysecret', '-c', 'e'],
    secretWithReference: ['policysecret', '-c', 'o', '-q', 'cafe'],
    authorize: ['policyauthorize', '-i', 'zero', '-n', 'name', '-q', 'cafe'],
    authorizeNv: ['policyauthorizenv', '-C', 'o', nv],
    authValue: ['policyauthvalue'],
    password: ['policypassword'],
    commandCode: ['policycommandcode', 'TPM2_CC_Duplicate'],
    nvWritten: ['policynvwritten', 's'],
    locality: ['policylocality', '9'],
    cpHash: ['policycphash', '--cphash', 'sized-digest'],
    nameHash: ['policynamehash', '-n', 'digest'],
    template: ['policytemplate', '--template-hash', 'digest'],
    duplicationSelect: ['policyduplicationselect', '-n', 'name', '-N', 'name', '--include-object'],
    newParent: ['policyduplicationselect', '-N', 'name'],
    nv: ['policynv', '-C', 'o', '-i', 'operand', '--offset', '2', nv, 'uge'],
    counterTimer: ['policycountertimer', '--ule', 'resets=5'],
    pcr: ['policypcr', '-l', 'sha256:0,7+sha1:16'],
    or: ['policyor', '-l', 'sha256:digest,other'],
  })
  return Object.entries(calls).map(([policy, [tool, ...args]]) => {
    run('startauthsession', '-S', 'session', '-g', hash)
    run(tool, '-S', 'session', '-L', 'policy', ...args)
    flush()
    return { policy, digest: hexOf('policy') }
  })
}

try {
  const endorsementKeys = recordEndorsementKeys()
  const publicAreas = recordPublicAreas()
  const recording = {
    madeBy: 'packages/core/test/tpm2/vectors/record-objects.mjs',
    versions: tools.versions(),
    endorsementKeys,
    publicAreas,
    nvIndices: recordNvIndices(),
    nvDigest: recordNvDigest(),
    creation: recordCreation(),
    tickets: recordTickets(),
    contexts: recordContexts(),
    capabilities: recordCapabilities(),
    policies: { name: publicAreas[0]?.name, digests: recordPolicies(publicAreas[0]?.name ?? '') },
  }
  writeFileSync(new URL('objects.json', import.meta.url), `${JSON.stringify(recording, null, 2)}\n`)
} finally {
  await tools.close()
}
