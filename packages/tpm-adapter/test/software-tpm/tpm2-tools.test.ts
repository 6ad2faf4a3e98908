import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTpm2Tools, type Tpm2Tools } from '../../../../scripts/peers/tpm2-tools.mjs'
import {
  createSoftwareTpm,
  type ListeningTpm,
  listenSoftwareTpm,
  type SoftwareTpm,
} from '../../src/software-tpm/index.js'

const sha256 = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** A software TPM of its own for the tests of a block, and tools that reach it. */
function useTools(protocol: 'swtpm' | 'simulator'): {
  readonly tpm: SoftwareTpm
  readonly tools: Tpm2Tools
} {
  let tpm: SoftwareTpm | undefined
  let listening: ListeningTpm | undefined
  let tools: Tpm2Tools | undefined
  beforeAll(async () => {
    tpm = createSoftwareTpm()
    listening = await listenSoftwareTpm(tpm, { protocol })
    tools = createTpm2Tools(listening.tcti)
  })
  afterEach(() => tools?.flush())
  afterAll(async () => {
    tools?.remove()
    await listening?.close()
    await tpm?.close()
  })
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('not started')
    return value
  }
  return {
    get tpm() {
      return there(tpm)
    },
    get tools() {
      return there(tools)
    },
  }
}

describe.each(['swtpm', 'simulator'] as const)('tpm2-tools over the protocol of %s', (protocol) => {
  const at = useTools(protocol)

  test('read what it is', async () => {
    const fixed = await at.tools.run('getcap', 'properties-fixed')
    expect(fixed).toMatch(/TPM2_PT_MANUFACTURER:\s+raw: 0x54525354\s+value: "TRST"/)
    expect(fixed).toMatch(/TPM2_PT_VENDOR_STRING_1:\s+raw: 0x\w+\s+value: "SOFT"/)
    expect(await at.tools.run('getcap', 'properties-variable')).toContain('inLockout:                 0')
    expect(await at.tools.run('getcap', 'algorithms')).toContain('ecdsa:')
    expect(await at.tools.run('getcap', 'commands')).toContain('TPM2_CC_ActivateCredential:')
    expect(await at.tools.run('getcap', 'ecc-curves')).toContain('TPM2_ECC_NIST_P384: 0x4')
    expect(await at.tools.run('getcap', 'handles-nv-index')).toContain('- 0x1C00002')
    expect(await at.tools.run('getcap', 'pcrs')).toMatch(/sha512: \[ \]/)
    expect(await at.tools.run('getcap', 'handles-pcr')).toContain('- 0x17')
    await at.tools.run('selftest')
    await at.tools.run('gettestresult')
    expect((await at.tools.run('getrandom', '--hex', '16')).trim()).toMatch(/^[0-9a-f]{32}$/)
    expect(await at.tools.run('readclock')).toMatch(/reset_count: 1\n/)
    await at.tools.run('testparms', 'rsa2048')
    await at.tools.fail('testparms', 'rsa1024')
  })

  test('make endorsement keys that the certificates are of', async () => {
    await at.tools.run('getekcertificate', '-o', 'rsa.cert', '-o', 'ecc.cert')
    for (const [kind, ca] of [
      ['rsa', 0],
      ['ecc', 0],
    ] as const) {
      await at.tools.run('createek', '-c', `${kind}.ek`, '-G', kind, '-u', `${kind}.pem`, '-f', 'pem')
      const certificate = new X509Certificate(at.tools.read(`${kind}.cert`))
      const made = new TextDecoder().decode(at.tools.read(`${kind}.pem`))
      expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(made)
      const issuers = at.tpm.caCertificates.match(/-----BEGIN[\s\S]*?END CERTIFICATE-----\n/g) ?? []
      expect(issuers).toHaveLength(2)
      expect(certificate.verify(new X509Certificate(issuers[1 - ca] as string).publicKey)).toBe(true)
      await at.tools.run('flushcontext', '-t')
    }
    const chain = await at.tools.run('nvreadpublic', '0x1c00100')
    expect(chain).toContain('platformcreate')
  })

  test.each(['rsa', 'ecc'])('attest with keys of %s', async (kind) => {
    const scheme = kind === 'rsa' ? 'rsassa' : 'ecdsa'
    await at.tools.run('createek', '-c', '0x81010009', '-G', kind, '-u', 'ek.pub')
    await at.tools.run(
      ...([
        'createak',
        '-C',
        '0x81010009',
        '-c',
        'ak.ctx',
        '-G',
        kind,
        '-g',
        'sha256',
        '-s',
        scheme,
      ] as const),
      ...['-u', 'ak.pub', '-n', 'ak.name', '-r', 'ak.priv'],
    )
    await at.tools.flush()
    await at.tools.run('pcrextend', `23:sha256=${sha256('something')}`)
    await at.tools.run(
      ...(['quote', '-c', 'ak.ctx', '-l', 'sha1:0,1+sha256:0,23', '-q', 'c0ffee', '-m', 'message'] as const),
      ...['-s', 'signature', '-o', 'pcrs', '-g', 'sha256'],
    )
    const check = ['-u', 'ak.pub', '-m', 'message', '-s', 'signature', '-f', 'pcrs', '-g', 'sha256']
    await at.tools.run('checkquote', ...check, '-q', 'c0ffee')
    await at.tools.fail('checkquote', ...check, '-q', 'c0ffef')
    expect(await at.tools.run('print', '-t', 'TPMS_ATTEST', 'message')).toContain('extraData: c0ffee')

    at.tools.write('secret', 'the secret of the challenge')
    const name = Buffer.from(at.tools.read('ak.name')).toString('hex')
    await at.tools.run('makecredential', '-u', 'ek.pub', '-s', 'secret', '-n', name, '-o', 'blob')
    await at.tools.flush()
    const activate = ['-c', 'ak.ctx', '-C', '0x81010009', '-i', 'blob', '-o', 'opened', '-P', 'session:s.ctx']
    await at.tools.run('startauthsession', '--policy-session', '-S', 's.ctx')
    await at.tools.run('policysecret', '-S', 's.ctx', '-c', 'e')
    await at.tools.run('activatecredential', ...activate)
    expect(Buffer.from(at.tools.read('opened')).toString()).toBe('the secret of the challenge')
    await at.tools.run('flushcontext', 's.ctx')
    await at.tools.flush()

    await at.tools.run('startauthsession', '--policy-session', '-S', 's.ctx')
    await at.tools.fail('activatecredential', ...activate)
    await at.tools.run('evictcontrol', '-c', '0x81010009')
    await at.tools.run('pcrreset', '23')
  })
})

describe('tpm2-tools', () => {
  const at = useTools('swtpm')
  const attestType = (): string => Buffer.from(at.tools.read('attest').subarray(4, 6)).toString('hex')

  test('seal to PCRs, and to one of two policies', async () => {
    at.tools.write('data', 'sealed data')
    await at.tools.run('createprimary', '-C', 'o', '-c', 'primary.ctx', '-Q')
    await at.tools.run('startauthsession', '-S', 's.ctx')
    await at.tools.run('policypcr', '-S', 's.ctx', '-l', 'sha256:16', '-L', 'zero.policy')
    await at.tools.run('flushcontext', 's.ctx')
    await at.tools.run('createpolicy', '--policy-pcr', '-l', 'sha256:16', '-L', 'again.policy')
    expect(at.tools.read('again.policy')).toEqual(at.tools.read('zero.policy'))
    await at.tools.run('startauthsession', '-S', 's.ctx')
    await at.tools.run('policysecret', '-S', 's.ctx', '-c', 'o', '-L', 'owner.policy')
    await at.tools.run('flushcontext', 's.ctx')
    await at.tools.run('startauthsession', '-S', 's.ctx')
    await at.tools.run(
      'policyor',
      '-S',
      's.ctx',
      '-l',
      'sha256:zero.policy,owner.policy',
      '-L',
      'either.policy',
    )
    await at.tools.run('flushcontext', 's.ctx')

    await at.tools.run(
      ...(['create', '-C', 'primary.ctx', '-i', 'data', '-u', 'seal.pub', '-r', 'seal.priv'] as const),
      ...['-L', 'either.policy', '-a', 'fixedtpm|fixedparent'],
    )
    await at.tools.flush()
    await at.tools.run('load', '-C', 'primary.ctx', '-u', 'seal.pub', '-r', 'seal.priv', '-c', 'seal.ctx')
    await at.tools.flush()
    const open = async (
      step: readonly [string, ...string[]],
      how: 'run' | 'fail' = 'run',
    ): Promise<string> => {
      await at.tools.run('startauthsession', '--policy-session', '-S', 's.ctx')
      await at.tools.run(...step)
      const or = ['-S', 's.ctx', '-l', 'sha256:zero.policy,owner.policy']
      const outcome =
        how === 'run'
          ? await at.tools
              .run('policyor', ...or)
              .then(() => at.tools.run('unseal', '-c', 'seal.ctx', '-p', 'session:s.ctx'))
          : await at.tools.fail('policyor', ...or)
      await at.tools.flush()
      return outcome
    }
    const byPcr = ['policypcr', '-S', 's.ctx', '-l', 'sha256:16'] as const
    expect(await open(byPcr)).toBe('sealed data')
    await at.tools.run('pcrevent', '16', 'data')
    expect(await at.tools.run('pcrread', 'sha256:16')).toContain(
      sha256(new Uint8Array(32), Buffer.from(sha256('sealed data'), 'hex')).toUpperCase(),
    )
    expect(await open(byPcr, 'fail')).toContain('0x1C4')
    expect(await open(['policysecret', '-S', 's.ctx', '-c', 'o'])).toBe('sealed data')
    await at.tools.run('pcrreset', '16')
    expect(await open(byPcr)).toBe('sealed data')
  })

  test('unseal with a password over an encrypted, salted session', async () => {
    await at.tools.run('createprimary', '-C', 'o', '-G', 'ecc', '-c', 'primary.ctx', '-Q')
    at.tools.write('data', 'behind a password')
    await at.tools.run(
      ...(['create', '-C', 'primary.ctx', '-i', 'data', '-p', 'open sesame', '-u', 'seal.pub'] as const),
      ...['-r', 'seal.priv'],
    )
    await at.tools.flush()
    await at.tools.run('load', '-C', 'primary.ctx', '-u', 'seal.pub', '-r', 'seal.priv', '-c', 'seal.ctx')
    await at.tools.flush()
    expect(await at.tools.run('unseal', '-c', 'seal.ctx', '-p', 'open sesame')).toBe('behind a password')
    await at.tools.flush()
    expect(await at.tools.fail('unseal', '-c', 'seal.ctx', '-p', 'open')).toMatch(/0x98E/i)
    await at.tools.flush()
    await at.tools.run('startauthsession', '--hmac-session', '-S', 's.ctx', '-c', 'primary.ctx')
    await at.tools.flush()
    await at.tools.run('startauthsession', '--hmac-session', '-S', 's.ctx', '-c', 'primary.ctx')
    await at.tools.run('sessionconfig', 's.ctx', '--enable-encrypt')
    await at.tools.run('flushcontext', '-t')
    const opened = await at.tools.run('unseal', '-c', 'seal.ctx', '-p', 'session:s.ctx+open sesame')
    expect(opened).toBe('behind a password')
  })

  test('import a key that was made outside, and sign with it', async () => {
    at.tools.write('message', 'something to sign')
    await at.tools.run('createprimary', '-C', 'o', '-c', 'primary.ctx', '-Q')
    const { generateKeyPairSync } = await import('node:crypto')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    at.tools.write('key.pem', privateKey.export({ type: 'pkcs1', format: 'pem' }))
    await at.tools.run(
      'import',
      '-C',
      'primary.ctx',
      '-G',
      'rsa',
      '-i',
      'key.pem',
      '-u',
      'k.pub',
      '-r',
      'k.priv',
    )
    await at.tools.flush()
    await at.tools.run('load', '-C', 'primary.ctx', '-u', 'k.pub', '-r', 'k.priv', '-c', 'k.ctx')
    await at.tools.flush()
    for (const scheme of ['rsassa', 'rsapss']) {
      await at.tools.run('sign', '-c', 'k.ctx', '-g', 'sha256', '-s', scheme, '-o', 'signature', 'message')
      await at.tools.flush()
      await at.tools.run('verifysignature', '-c', 'k.ctx', '-g', 'sha256', '-m', 'message', '-s', 'signature')
      await at.tools.flush()
    }
    at.tools.write('message', 'something else')
    await at.tools.fail('verifysignature', '-c', 'k.ctx', '-g', 'sha256', '-m', 'message', '-s', 'signature')
  })

  test('sign on a curve, agree on a secret, encrypt and decrypt', async () => {
    at.tools.write('message', 'something short')
    await at.tools.run('createprimary', '-C', 'o', '-c', 'primary.ctx', '-Q')
    await at.tools.run(
      'create',
      '-C',
      'primary.ctx',
      '-G',
      'ecc384',
      '-u',
      'e.pub',
      '-r',
      'e.priv',
      '-c',
      'e.ctx',
    )
    await at.tools.flush()
    await at.tools.run('sign', '-c', 'e.ctx', '-g', 'sha384', '-o', 'signature', 'message')
    await at.tools.flush()
    await at.tools.run('verifysignature', '-c', 'e.ctx', '-g', 'sha384', '-m', 'message', '-s', 'signature')
    await at.tools.flush()
    await at.tools.run('ecdhkeygen', '-c', 'e.ctx', '-u', 'point', '-o', 'z1')
    await at.tools.flush()
    await at.tools.run('ecdhzgen', '-c', 'e.ctx', '-u', 'point', '-o', 'z2')
    await at.tools.flush()
    expect(at.tools.read('z2')).toEqual(at.tools.read('z1'))

    await at.tools.run(
      'create',
      '-C',
      'primary.ctx',
      '-G',
      'rsa2048',
      '-u',
      'r.pub',
      '-r',
      'r.priv',
      '-c',
      'r.ctx',
    )
    await at.tools.flush()
    for (const scheme of ['rsaes', 'oaep']) {
      await at.tools.run('rsaencrypt', '-c', 'r.ctx', '-s', scheme, '-o', 'cipher', 'message')
      await at.tools.flush()
      expect(await at.tools.run('rsadecrypt', '-c', 'r.ctx', '-s', scheme, 'cipher')).toBe('something short')
      await at.tools.flush()
    }
  })

  test('hash messages short and long', async () => {
    for (const length of [0, 100, 1024, 5000]) {
      at.tools.write('data', new Uint8Array(length).fill(0x42))
      await at.tools.run('hash', '-C', 'o', '-g', 'sha256', '-o', 'digest', '-t', 'ticket', 'data')
      expect(Buffer.from(at.tools.read('digest')).toString('hex')).toBe(sha256(at.tools.read('data')))
      await at.tools.run('flushcontext', '-t')
    }
  })

  test('write and read NV memory, locked to its password and attributes', async () => {
    at.tools.write('data', 'in NV memory')
    await at.tools.run(
      'nvdefine',
      '0x1500016',
      '-C',
      'o',
      '-s',
      '32',
      '-a',
      'ownerwrite|authread|no_da',
      '-p',
      'pass',
    )
    await at.tools.fail('nvread', '0x1500016', '-C', '0x1500016', '-P', 'pass', '-s', '12')
    await at.tools.run('nvwrite', '0x1500016', '-C', 'o', '-i', 'data')
    expect(await at.tools.run('nvread', '0x1500016', '-C', '0x1500016', '-P', 'pass', '-s', '12')).toBe(
      'in NV memory',
    )
    expect(await at.tools.fail('nvread', '0x1500016', '-C', '0x1500016', '-P', 'word', '-s', '12')).toMatch(
      /0x9A2/i,
    )
    await at.tools.fail('nvread', '0x1500016', '-C', 'o', '-s', '12')
    await at.tools.run('nvundefine', '0x1500016', '-C', 'o')
    await at.tools.run('nvdefine', '0x1500017', '-C', 'o', '-s', '8', '-a', 'ownerwrite|ownerread|nt=counter')
    await at.tools.run('nvincrement', '0x1500017', '-C', 'o')
    await at.tools.run('nvincrement', '0x1500017', '-C', 'o')
    expect(await at.tools.run('nvread', '0x1500017', '-C', 'o', '--print-yaml')).toContain('counter: 2')
    await at.tools.run('nvdefine', '0x1500018', '-C', 'o', '-a', 'ownerwrite|ownerread|nt=extend')
    await at.tools.run('nvextend', '0x1500018', '-C', 'o', '-i', 'data')
    await at.tools.run('nvread', '0x1500018', '-C', 'o', '-o', 'extended')
    expect(Buffer.from(at.tools.read('extended')).toString('hex')).toBe(
      sha256(new Uint8Array(32), 'in NV memory'),
    )
  })

  test('certify keys and NV memory', async () => {
    await at.tools.run('createprimary', '-C', 'e', '-c', 'primary.ctx', '-Q')
    await at.tools.run(
      ...([
        'create',
        '-C',
        'primary.ctx',
        '-G',
        'rsa2048:rsassa-sha256:null',
        '-u',
        's.pub',
        '-r',
        's.priv',
      ] as const),
      ...['-c', 's.ctx', '-a', 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'],
    )
    await at.tools.flush()
    await at.tools.run(
      'certify',
      '-c',
      'primary.ctx',
      '-C',
      's.ctx',
      '-g',
      'sha256',
      '-o',
      'attest',
      '-s',
      'signature',
    )
    expect(attestType()).toBe('8017')
    await at.tools.flush()
    await at.tools.run(
      'nvcertify',
      '-C',
      's.ctx',
      '-g',
      'sha256',
      '-o',
      'signature',
      '--attestation',
      'attest',
      '--size',
      '32',
      '-c',
      'o',
      '0x1c00002',
    )
    expect(attestType()).toBe('8014')
    await at.tools.flush()
    await at.tools.run('gettime', '-c', 's.ctx', '-o', 'signature', '--attestation', 'attest')
    expect(attestType()).toBe('8019')
  })

  test('change passwords, be locked out and let in again, and clear', async () => {
    await at.tools.run('dictionarylockout', '--clear-lockout')
    await at.tools.run('changeauth', '-c', 'o', 'owner')
    expect(await at.tools.fail('nvundefine', '0x1500017', '-C', 'o', '-P', 'nobody')).toMatch(/0x9A2/i)
    await at.tools.run('nvundefine', '0x1500017', '-C', 'o', '-P', 'owner')
    await at.tools.run('dictionarylockout', '--setup-parameters', '-n', '2', '-t', '1000', '-l', '1000')
    await at.tools.run('createprimary', '-C', 'o', '-P', 'owner', '-p', 'key', '-c', 'locked.ctx')
    await at.tools.flush()
    const create = ['-C', 'locked.ctx', '-u', 'x.pub', '-r', 'x.priv', '-P']
    for (let i = 0; i < 2; i++) expect(await at.tools.fail('create', ...create, 'no')).toMatch(/0x98E/i)
    expect(await at.tools.fail('create', ...create, 'key')).toMatch(/0x921/i)
    await at.tools.run('dictionarylockout', '--clear-lockout')
    await at.tools.flush()
    await at.tools.run('create', ...create, 'key')
    await at.tools.flush()
    await at.tools.run('clear', '-c', 'l')
    expect(await at.tools.fail('create', ...create, 'key')).toMatch(/0x/)
    await at.tools.run('createprimary', '-C', 'o', '-c', 'fresh.ctx')
    expect(await at.tools.run('getcap', 'handles-nv-index')).toContain('- 0x1C00002')
  })
})
