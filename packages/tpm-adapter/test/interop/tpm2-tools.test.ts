import { randomBytes } from 'node:crypto'
import { concatBytes, fromHex, toHex, utf8 } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import type { Tpm, TpmTransport } from '@trusthold/core/ports'
import {
  akTemplates,
  computeName,
  makeCredential,
  matchesTemplate,
  publicKeyOf,
  tpm2bPublic,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { connectSwtpmTcp, extendPcr, openTpm } from '../../src/index.js'
import { startTools } from '../tpm2-tools.js'

const { peer, tools } = await startTools()

/** swtpm serves one client at a time, so the tools run before or after, never meanwhile. */
async function withTpm<T>(work: (tpm: Tpm, transport: TpmTransport) => Promise<T>): Promise<T> {
  const transport = await connectSwtpmTcp({ port: peer.tcpPort })
  const tpm = await openTpm({ transport })
  try {
    return await work(tpm, transport)
  } finally {
    await tpm.close()
  }
}

/** Before the two structures of a credential in a file: magic and version. */
const credentialFile = fromHex('badcc0de00000001')
const secret = (): Uint8Array => new Uint8Array(randomBytes(32))

describe('credentials', () => {
  test.each([
    ['RSA-2048', 'rsa', '0x81010001', 'policy'],
    ['P-256', 'ecc', 'ek', 'policy'],
    ['P-384 with SHA-384 names and AES-256', 'ecc', '0x81010016', 'password'],
    ['P-521 with SHA-512 names and AES-256', 'ecc_nist_p521', 'ek', 'password'],
    ['RSA-3072 with SHA-384 names and AES-256', 'rsa3072', 'ek', 'password'],
  ])('that we make for %s are opened by tpm2_activatecredential', (_name, algorithm, key, authorization) => {
    const [ek, ak] = [`${algorithm}.${key}.ek`, `${algorithm}.${key}.ak`]
    if (key === 'ek') tools.run('createek', '-G', algorithm, '-c', ek, '-u', 'unused')
    tools.flush()
    const endorsement = key === 'ek' ? ek : key
    tools.run('createprimary', '-C', 'o', '-c', `${ak}.parent`)
    tools.flush()
    tools.run('create', '-C', `${ak}.parent`, '-G', 'ecc', '-u', 'ak.pub', '-r', 'ak.priv')
    tools.flush()
    tools.run('load', '-C', `${ak}.parent`, '-u', 'ak.pub', '-r', 'ak.priv', '-n', 'ak.name', '-c', ak)
    tools.flush()
    tools.run('readpublic', '-c', endorsement, '-o', 'ek.pub')
    tools.flush()

    const value = secret()
    const { credentialBlob, encryptedSecret } = makeCredential({
      endorsementKey: decode(tpm2bPublic, tools.read('ek.pub')),
      objectName: tools.read('ak.name'),
      secret: value,
    })
    tools.write('credential', concatBytes(credentialFile, credentialBlob, encryptedSecret))
    const files = ['-i', 'credential', '-o', 'opened']
    if (authorization === 'policy') {
      tools.run('startauthsession', '--policy-session', '-S', 'session')
      tools.run('policysecret', '-S', 'session', '-c', 'e')
      tools.run('activatecredential', '-c', ak, '-C', endorsement, ...files, '-P', 'session:session')
    } else {
      tools.run('activatecredential', '-c', ak, '-C', endorsement, ...files)
    }
    tools.flush()
    expect(tools.read('opened')).toEqual(value)
  })

  test.each(['rsa', 'ecc'])(
    'of tpm2_makecredential for %s are opened by our attestation key',
    async (algorithm) => {
      const value = secret()
      tools.run('createek', '-G', algorithm, '-c', 'ek', '-u', 'ek.pub')
      tools.flush()
      tools.write('secret', value)
      await withTpm(async (tpm) => {
        const endorsementKeys = await tpm.endorsementKeys()
        const endorsementKey = endorsementKeys.find(({ kind }) => kind.startsWith(algorithm))
        if (endorsementKey === undefined) throw new Error('no key')
        const ekFile = tools.read('ek.pub')
        expect(toHex(endorsementKey.publicArea)).toBe(toHex(ekFile.subarray(2)))
        const key = await tpm.openAttestationKey({ endorsementKey })
        const name = toHex(computeName(key.publicArea))
        tools.run('makecredential', '-T', 'none', '-u', 'ek.pub', '-s', 'secret', '-n', name, '-o', 'made')
        const made = tools.read('made').subarray(8)
        const blobLength = 2 + ((made[0] as number) << 8) + (made[1] as number)
        const opened = await key.activateCredential(made.subarray(0, blobLength), made.subarray(blobLength))
        expect(opened).toEqual(value)
      })
    },
  )
})

describe('attestation keys', () => {
  test.each([
    ['rsa', 'rsassa', 'rsa-2048'],
    ['ecc', 'ecdsa', 'ecc-p256'],
  ] as const)('of tpm2_createak (%s) are ours but for noDA', (algorithm, scheme, kind) => {
    tools.run('createek', '-G', algorithm, '-c', 'ek', '-u', 'ek.pub')
    tools.flush()
    const options = ['-G', algorithm, '-g', 'sha256', '-s', scheme]
    tools.run('createak', '-C', 'ek', '-c', 'ak', '-u', 'ak.pub', ...options)
    tools.flush()
    const made = decode(tpm2bPublic, tools.read('ak.pub'))
    const objectAttributes = { ...made.objectAttributes, noDA: true }
    expect(made.objectAttributes.noDA).toBe(false)
    expect(matchesTemplate({ ...made, objectAttributes }, akTemplates[kind])).toBe(true)
  })
})

describe('quotes', () => {
  test.each(['rsa-2048', 'ecc-p256'] as const)('of our %s keys pass tpm2_checkquote', async (kind) => {
    const nonce = secret()
    await withTpm(async (tpm) => {
      const [endorsementKey] = await tpm.endorsementKeys()
      if (endorsementKey === undefined) throw new Error('no key')
      const key = await tpm.openAttestationKey({ endorsementKey, kind })
      const { message, signature } = await key.quote(nonce, [{ bank: 'sha256', pcrs: [0, 7] }])
      const pem = publicKeyOf(decode(tpmtPublic, key.publicArea)).export({ type: 'spki', format: 'pem' })
      tools.write('ak.pem', utf8(pem.toString()))
      tools.write('message', message)
      tools.write('signature', signature)
    })
    const files = ['-u', 'ak.pem', '-m', 'message', '-s', 'signature', '-g', 'sha256']
    tools.run('checkquote', ...files, '-q', toHex(nonce))
    expect(() => tools.run('checkquote', ...files, '-q', toHex(secret()))).toThrow()
  })

  test.each([
    ['rsa', 'rsassa', 'sha256'],
    ['rsa', 'rsapss', 'sha256'],
    ['ecc', 'ecdsa', 'sha256'],
  ])('of tpm2_quote (%s, %s) verify', (algorithm, scheme, hash) => {
    tools.run('createek', '-G', algorithm, '-c', 'ek', '-u', 'ek.pub')
    tools.flush()
    tools.run('createak', '-C', 'ek', '-c', 'ak', '-u', 'ak.pub', '-G', algorithm, '-g', hash, '-s', scheme)
    tools.flush()
    const outputs = ['-m', 'message', '-s', 'signature', '-o', 'values']
    tools.run('quote', '-c', 'ak', '-l', 'sha384:all', '-q', '00', '-g', hash, '--scheme', scheme, ...outputs)
    tools.flush()
    const publicArea = decode(tpm2bPublic, tools.read('ak.pub'))
    const signature = decode(tpmtSignature, tools.read('signature'))
    const options = { key: publicKeyOf(publicArea), publicArea, signature, message: tools.read('message') }
    expect(verifySignature(options)).toBe(true)
  })
})

test('PCRs that we extend are those that tpm2_pcrread shows', async () => {
  const digest = fromHex('11'.repeat(32))
  const ours = await withTpm(async (tpm, transport) => {
    await extendPcr(transport, { pcr: 10, digests: [{ hashAlg: 'sha256', digest }] })
    const [bank] = await tpm.readPcrs([{ bank: 'sha256', pcrs: [9, 10] }])
    return toHex(bank?.values.get(10) as Uint8Array)
  })
  expect(tools.run('pcrread', 'sha256:10').toLowerCase()).toContain(`0x${ours}`)
})
