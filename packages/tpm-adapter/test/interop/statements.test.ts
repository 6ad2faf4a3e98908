import { fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import {
  type AttestType,
  computeName,
  computeQualifiedName,
  digestOf,
  type HashAlgorithm,
  publicKeyOf,
  type TpmsAttest,
  type TpmtPublic,
  tpm2bPublic,
  tpmsAttest,
  tpmsCreationData,
  tpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { beforeAll, describe, expect, test } from 'vitest'
import { startTools } from '../tpm2-tools.js'

const { tools } = await startTools()
beforeAll(() => {
  tools.run('nvdefine', '0x1500001', '-s', '8', '-a', 'ownerread|ownerwrite|authread')
  tools.write('content', utf8('trusted!'))
  tools.run('nvwrite', '0x1500001', '-C', 'o', '-i', 'content')
})

interface Signer {
  readonly publicArea: TpmtPublic
  readonly qualifiedName: string
}

/** An attestation key, in the file `ak`. */
function createSigner(algorithm: string, scheme: string, hash: string): Signer {
  tools.run('createek', '-G', algorithm.startsWith('rsa') ? 'rsa' : 'ecc', '-c', 'ek')
  tools.flush()
  const names = ['-u', 'ak.pub', '-q', 'ak.qname']
  tools.run('createak', '-C', 'ek', '-c', 'ak', '-G', algorithm, '-g', hash, '-s', scheme, ...names)
  tools.flush()
  return {
    publicArea: decode(tpm2bPublic, tools.read('ak.pub')),
    qualifiedName: toHex(tools.read('ak.qname')),
  }
}

describe.each([
  ['rsa', 'rsassa', 'sha256'],
  ['rsa', 'rsapss', 'sha384'],
  ['ecc', 'ecdsa', 'sha256'],
  ['ecc384', 'ecdsa', 'sha384'],
  ['ecc521', 'ecdsa', 'sha512'],
] as const)('statements by %s, %s over %s', (algorithm, scheme, hash) => {
  let signer: Signer
  beforeAll(() => {
    signer = createSigner(algorithm, scheme, hash)
  })

  /** The statement in the files: parsed, written back as it was, signed by the signer and by nobody else. */
  function read<T extends AttestType>(type: T): Extract<TpmsAttest, { type: T }> {
    tools.flush()
    const message = tools.read('message')
    const attest = decode(tpmsAttest, message)
    expect(encode(tpmsAttest, attest)).toEqual(message)
    const bytes = tools.read('signature')
    const signature = decode(tpmtSignature, bytes)
    expect(encode(tpmtSignature, signature)).toEqual(bytes)
    const { publicArea, qualifiedName } = signer
    const options = { key: publicKeyOf(publicArea), publicArea, signature }
    expect(verifySignature({ ...options, message })).toBe(true)
    for (const at of [0, 5, message.length - 1]) {
      const changed = message.with(at, (message[at] as number) ^ 1)
      expect(verifySignature({ ...options, message: changed })).toBe(false)
    }
    expect(toHex(attest.qualifiedSigner)).toBe(qualifiedName)
    expect(attest.type).toBe(type)
    return attest as Extract<TpmsAttest, { type: T }>
  }
  const by = ['-g', hash, '-q', 'cafe', '--scheme', scheme]
  const outputs = ['-o', 'signature', '--attestation', 'message']

  test('certify names the object', () => {
    tools.run('createprimary', '-C', 'o', '-c', 'primary')
    tools.flush()
    tools.run('readpublic', '-c', 'primary', '-o', 'primary.pub', '-n', 'name', '-q', 'qname')
    tools.flush()
    tools.run(
      'certify',
      '-c',
      'primary',
      '-C',
      'ak',
      '-g',
      hash,
      '--scheme',
      scheme,
      '-o',
      'message',
      '-s',
      'signature',
    )
    const { attested } = read('certify')
    const name = computeName(decode(tpm2bPublic, tools.read('primary.pub')))
    expect(toHex(attested.name)).toBe(toHex(name))
    expect(toHex(attested.qualifiedName)).toBe(toHex(tools.read('qname')))
    expect(toHex(computeQualifiedName(fromHex('40000001'), name))).toBe(toHex(attested.qualifiedName))
  })

  test('creation has the digest of the creation data', () => {
    const created = ['--creation-data', 'cd', '-t', 'ticket', '-d', 'creation']
    tools.run(
      'createprimary',
      '-C',
      'o',
      '-g',
      'sha384',
      '-G',
      'ecc',
      '-c',
      'primary',
      '-l',
      'sha256:7',
      ...created,
    )
    tools.flush()
    const files = ['-C', 'ak', '-c', 'primary', '-d', 'creation', '-t', 'ticket', '-f', 'tss']
    tools.run('certifycreation', ...files, ...by, ...outputs)
    const { attested, extraData } = read('creation')
    const data = tools.read('cd').subarray(2)
    expect(toHex(attested.creationHash)).toBe(toHex(digestOf('sha384', data)))
    const creation = decode(tpmsCreationData, data)
    expect(encode(tpmsCreationData, creation)).toEqual(data)
    expect(creation.pcrSelect).toEqual([{ hash: 'sha256', sizeofSelect: 3, pcrs: [7] }])
    expect(toHex(creation.parentName)).toBe('40000001')
    expect(toHex(extraData)).toBe('cafe')
  })

  test('time is the time that the statement is made at', () => {
    tools.run('gettime', '-c', 'ak', ...by, ...outputs)
    const { attested, clockInfo, firmwareVersion } = read('time')
    expect(attested.time.clockInfo).toEqual(clockInfo)
    expect(attested.firmwareVersion).toBe(firmwareVersion)
    expect(attested.time.time).toBeGreaterThan(0n)
  })

  test('NV content is what was written', () => {
    tools.run(
      'nvcertify',
      '0x1500001',
      '-C',
      'ak',
      '-c',
      'o',
      '--size',
      '4',
      '--offset',
      '2',
      ...by,
      ...outputs,
    )
    const { attested } = read('nv')
    expect(attested.offset).toBe(2)
    expect(attested.nvContents).toEqual(utf8('uste'))
    const [, name] = /name: (\w+)/.exec(tools.run('nvreadpublic', '0x1500001')) ?? []
    expect(toHex(attested.indexName)).toBe(name)
  })

  test('a quote is over the values that were read', () => {
    const files = ['-m', 'message', '-s', 'signature', '-o', 'values', '-F', 'values']
    tools.run('quote', '-c', 'ak', '-l', 'sha384:0,7', ...by, ...files)
    const { attested } = read('quote')
    expect(toHex(attested.pcrDigest)).toBe(toHex(digestOf(hash as HashAlgorithm, tools.read('values'))))
  })

  // tpm2_getsessionauditdigest asks for RSASSA, whatever it is told.
  const audited = scheme === 'rsapss' ? [] : ['a session audit and a command audit']
  test.each(audited)('%s', () => {
    tools.run('startauthsession', '-S', 'session', '--audit-session')
    tools.run('getrandom', '4', '-S', 'session', '-o', 'random')
    const files = ['-m', 'message', '-s', 'signature', ...by]
    tools.run('getsessionauditdigest', '-c', 'ak', '-S', 'session', ...files)
    expect(read('sessionAudit').attested.sessionDigest).toHaveLength(32)
    tools.run('setcommandauditstatus', 'TPM2_CC_Unseal')
    tools.run('getcommandauditdigest', '-c', 'ak', ...files)
    const { attested } = read('commandAudit')
    expect(attested.commandDigest).toHaveLength(attested.auditDigest.length || 32)
    expect(attested.auditCounter).toBeGreaterThanOrEqual(0n)
  })
})
