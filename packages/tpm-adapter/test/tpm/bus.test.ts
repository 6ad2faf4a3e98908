import { constants, createECDH, publicEncrypt, randomBytes } from 'node:crypto'
import { SecretBytes, utf8 } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { TrustholdError } from '@trusthold/core/errors'
import type { EndorsementKey, Tpm, TpmTransport } from '@trusthold/core/ports'
import {
  computeName,
  makeCredential,
  makeDuplicate,
  publicKeyOf,
  sealedObject,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, loadedHandles, type OpenTpmOptions, openTpm } from '../../src/index.js'
import { createSoftwareTpm } from '../../src/software-tpm/index.js'
import { codeOf } from '../code-of.js'
import { createTools } from '../tpm2-tools.js'

let peer: Swtpm
let inner: TpmTransport
let traffic: Uint8Array[]
/** What somebody on the bus makes of a response, by the command's code. */
let tamper: (code: number, response: Uint8Array) => Uint8Array
beforeEach(async () => {
  peer = await startSwtpm()
  traffic = []
  tamper = (_code, response) => response
})
afterEach(async () => {
  await inner.close()
  await peer.stop()
})

/** A TPM behind a bus that is listened to. */
async function openOnBus(options: OpenTpmOptions = {}): Promise<Tpm> {
  inner = await connectSwtpmTcp({ port: peer.tcpPort })
  return await openTpm({
    ...options,
    transport: {
      async transmit(command, how) {
        traffic.push(Uint8Array.from(command))
        const response = await inner.transmit(command, how)
        traffic.push(Uint8Array.from(response))
        return tamper(new DataView(command.buffer, command.byteOffset).getUint32(6), response)
      },
      close: () => inner.close(),
    },
  })
}

const seen = (bytes: Uint8Array): boolean =>
  traffic.some((message) => Buffer.from(message).includes(Buffer.from(bytes)))

async function firstKey(tpm: Tpm): Promise<EndorsementKey> {
  const [key] = await tpm.endorsementKeys()
  if (key === undefined) throw new Error('no endorsement key')
  return key
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

function credentialFor(endorsementKey: EndorsementKey, publicArea: Uint8Array, secret: Uint8Array) {
  return makeCredential({
    endorsementKey: decode(tpmtPublic, endorsementKey.publicArea),
    objectName: computeName(publicArea),
    secret,
  })
}

const sealFor = (endorsementKey: EndorsementKey, data: Uint8Array, authValue?: Uint8Array) => ({
  parent: endorsementKey,
  ...makeDuplicate({
    object: sealedObject({ data, ...(authValue && { authValue }) }),
    newParent: decode(tpmtPublic, endorsementKey.publicArea),
  }),
})

describe('no secret crosses the bus in the clear', () => {
  test('of a credential, by any endorsement key', async () => {
    const tpm = await openOnBus()
    for (const endorsementKey of await tpm.endorsementKeys()) {
      const key = await tpm.openAttestationKey({ endorsementKey })
      const secret = random(32)
      const { credentialBlob, encryptedSecret } = credentialFor(endorsementKey, key.publicArea, secret)
      expect(await key.activateCredential(credentialBlob, encryptedSecret)).toEqual(secret)
      expect(seen(credentialBlob.subarray(34))).toBe(false)
      expect(seen(secret)).toBe(false)
    }
  })

  test('of sealed data', async () => {
    const tpm = await openOnBus()
    const data = random(32)
    const object = await tpm.importSealed(sealFor(await firstKey(tpm), data))
    using unsealed = await object.unseal()
    expect(unsealed.copy()).toEqual(data)
    expect(seen(data)).toBe(false)
  })

  test('of what was encrypted to a key, and of agreed secrets', async () => {
    const tpm = await openOnBus()
    const rsa = await tpm.openDecryptionKey({ kind: 'rsa-2048' })
    const secret = random(32)
    const key = publicKeyOf(decode(tpmtPublic, rsa.publicArea))
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    using plain = await rsa.rsaDecrypt(publicEncrypt({ key, padding, oaepHash: 'sha256' }, secret))
    expect(plain.copy()).toEqual(secret)
    const other = createECDH('prime256v1')
    const ecc = await tpm.openDecryptionKey()
    using shared = await ecc.ecdhZGen(new Uint8Array(other.generateKeys()))
    for (const bytes of [secret, shared.copy()]) expect(seen(bytes)).toBe(false)
  })
})

test.each<[string, number]>([
  ['activates a credential', 0x147],
  ['unseals data', 0x15e],
])('a response that was changed on the bus is refused when it %s', async (_what, code) => {
  const tpm = await openOnBus()
  const endorsementKey = await firstKey(tpm)
  const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
  const object = await tpm.importSealed(sealFor(endorsementKey, random(32)))
  // Behind header, parameter size and the buffer's own size.
  tamper = (sent, response) =>
    sent === code ? response.map((byte, i) => (i === 18 ? byte ^ 1 : byte)) : response
  const { credentialBlob, encryptedSecret } = credentialFor(endorsementKey, key.publicArea, random(32))
  await expect(
    code === 0x15e ? object.unseal() : key.activateCredential(credentialBlob, encryptedSecret),
  ).rejects.toThrow(codeOf('TPM_RESPONSE_FORGED'))
  tamper = (_code, response) => response
  await key.activateCredential(credentialBlob, encryptedSecret)
  expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
})

test('what could not be flushed after something else went wrong is flushed before the next call', async () => {
  const tpm = await openOnBus()
  const endorsementKey = await firstKey(tpm)
  const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
  const { transmit } = inner
  inner.transmit = (command, how) =>
    new DataView(command.buffer, command.byteOffset).getUint32(6) === 0x165
      ? Promise.resolve(Uint8Array.of(0x80, 1, 0, 0, 0, 10, 0, 0, 0x09, 0x07))
      : transmit(command, how)
  const forOther = credentialFor(endorsementKey, endorsementKey.publicArea, random(32))
  await expect(key.activateCredential(forOther.credentialBlob, forOther.encryptedSecret)).rejects.toThrow(
    codeOf('TPM_RESPONSE', { name: 'TPM_RC_INTEGRITY' }),
  )
  inner.transmit = transmit
  expect((await loadedHandles(inner)).transient).not.toEqual([])
  await tpm.readPcrs([{ bank: 'sha256', pcrs: [0] }])
  expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
})

test('who stands in with a salt of his own learns nothing and changes nothing', async () => {
  const tpm = await openOnBus()
  const endorsementKey = await firstKey(tpm)
  const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
  const { credentialBlob, encryptedSecret } = credentialFor(endorsementKey, key.publicArea, random(32))
  const { transmit } = inner
  inner.transmit = (command, how) => {
    const started = new DataView(command.buffer, command.byteOffset).getUint32(6) === 0x176
    // A salt that the endorsement key opens, but another one than ours: an earlier one, sent again.
    return transmit(started ? replaySalt(command) : command, how)
  }
  let earlier: Uint8Array | undefined
  const replaySalt = (command: Uint8Array): Uint8Array => {
    earlier ??= Uint8Array.from(command)
    return earlier
  }
  await key.activateCredential(credentialBlob, encryptedSecret)
  await expect(key.activateCredential(credentialBlob, encryptedSecret)).rejects.toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^TPM_RESPONSE/) }),
  )
  inner.transmit = transmit
})

test('no secret is entrusted to another TPM that takes the place of the first', async () => {
  const tpms = [createSoftwareTpm(), createSoftwareTpm()] as const
  const [first, second] = await Promise.all(tpms.map((each) => each.transport()))
  inner = first as TpmTransport
  const tpm = await openTpm({
    transport: {
      transmit: (command, how) => inner.transmit(command, how),
      close: async () => undefined,
    },
  })
  const other = createECDH('prime256v1')
  const point = new Uint8Array(other.generateKeys())
  using _secret = await (await tpm.openDecryptionKey()).ecdhZGen(point)
  await inner.close()
  await expect(tpm.readPcrs([{ bank: 'sha256', pcrs: [0] }])).rejects.toThrow(codeOf('TRANSPORT_CLOSED'))
  inner = {
    transmit: () =>
      Promise.reject(
        new TrustholdError('TRANSPORT_FAILED', { endpoint: 'TPM', phase: 'read', reason: 'gone' }),
      ),
    close: async () => undefined,
  }
  await expect(tpm.readPcrs([{ bank: 'sha256', pcrs: [0] }])).rejects.toThrow(codeOf('TRANSPORT_FAILED'))
  inner = second as TpmTransport
  const key = await tpm.openDecryptionKey()
  await expect(key.ecdhZGen(point)).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE'))
  // Whoever means it opens it anew.
  const anew = await openTpm({ transport: inner })
  using _other = await (await anew.openDecryptionKey()).ecdhZGen(point)
  await Promise.all(tpms.map((each) => each.close()))
})

describe('hierarchies with passwords', () => {
  const password = utf8('correct horse')
  const changeAuth = (...args: readonly string[]): void => {
    const tools = createTools(peer.tcti)
    tools.run('changeauth', ...args)
    tools.remove()
  }

  test('are used with them, and they never cross the bus', async () => {
    const ownersPassword = utf8('battery staple')
    changeAuth('-c', 'e', 'correct horse')
    changeAuth('-c', 'o', 'battery staple')
    const passwords = { endorsement: SecretBytes.from(password), owner: SecretBytes.from(ownersPassword) }
    const tpm = await openOnBus({ passwords })
    for (const endorsementKey of await tpm.endorsementKeys()) {
      const key = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
      const secret = random(32)
      const { credentialBlob, encryptedSecret } = credentialFor(endorsementKey, key.publicArea, secret)
      expect(await key.activateCredential(credentialBlob, encryptedSecret)).toEqual(secret)
      await key.certifyTime(random(8))
    }
    const endorsementKey = await firstKey(tpm)
    const persistentHandle = 0x8100_8f01
    const key = await tpm.openAttestationKey({ endorsementKey, persistentHandle, parent: 'storage-root-key' })
    await key.remove()
    for (const bytes of [password, ownersPassword]) expect(seen(bytes)).toBe(false)
    expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
  })

  test('are not used without them, or with others', async () => {
    changeAuth('-c', 'e', 'correct horse')
    for (const passwords of [{}, { endorsement: SecretBytes.from(utf8('wrong')) }]) {
      const tpm = await openOnBus({ passwords })
      await expect(tpm.endorsementKeys()).rejects.toThrow(codeOf('TPM_RESPONSE', { name: 'TPM_RC_BAD_AUTH' }))
      expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
      await inner.close()
    }
  })
})

test('a TPM that has locked itself says so', async () => {
  const tpm = await openOnBus()
  const object = await tpm.importSealed(sealFor(await firstKey(tpm), random(16), utf8('a password')))
  const codes: string[] = []
  for (let attempt = 0; attempt < 8 && codes.at(-1) !== 'TPM_LOCKED_OUT'; attempt++) {
    codes.push(await object.unseal().then(String, (error: unknown) => (error as TrustholdError).code))
  }
  expect(codes).toContain('TPM_RESPONSE')
  expect(codes.at(-1)).toBe('TPM_LOCKED_OUT')
  expect(await loadedHandles(inner)).toEqual({ transient: [], loadedSessions: [], savedSessions: [] })
  const tools = createTools(peer.tcti)
  await inner.close()
  tools.run('dictionarylockout', '--clear-lockout')
  tools.remove()
})
