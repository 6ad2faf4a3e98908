import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { exportJwk, fromHex, toHex, utf8 } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  akTemplates,
  type Credential,
  computeName,
  type EccPublic,
  ekTemplates,
  makeCredential,
  openCredential,
  type RsaPublic,
  tpm2bEncryptedSecret,
  tpm2bIdObject,
  tpmtPublic,
} from '../../src/tpm2/index.js'
import { codeOf } from '../codec/expectations.js'
import { recorded, recordedProtected } from './recorded.js'
import { eccEk, eccSample, rsaEk, rsaSample, type SampleKey } from './samples.js'

const objectName = computeName(akTemplates['ecc-p256'])
const secret = utf8('thirty-two bytes of secret value')
const high = (name: 'H-3' | 'H-4' | 'H-6') => ekTemplates[name].publicArea

const rsa = rsaSample(2048, rsaEk)
const ecc = eccSample('P-256', eccEk)
const strangers = { rsa: rsaSample(), ecc: eccSample() }
const keys: readonly [string, SampleKey<RsaPublic | EccPublic>, number][] = [
  ['RSA-2048, SHA-256', rsa, 32],
  ['RSA-3072, SHA-384, AES-256', rsaSample(3072, high('H-6') as RsaPublic), 48],
  ['P-256, SHA-256', ecc, 32],
  ['P-384, SHA-384, AES-256', eccSample('P-384', high('H-3') as EccPublic), 48],
  ['P-521, SHA-512, AES-256', eccSample('P-521', high('H-4') as EccPublic), 64],
]

describe.each(keys)(
  'a credential for %s',
  (_name, { publicArea: endorsementKey, privateKey }, digestSize) => {
    const open = (credential: Partial<Credential> & { objectName?: Uint8Array; privateKey?: KeyObject }) =>
      openCredential({ privateKey, endorsementKey, objectName, ...made, ...credential })
    const made = makeCredential({ endorsementKey, objectName, secret })
    const refused = codeOf('TPM_CREDENTIAL_INVALID')

    it('opens, whatever the length of the secret', () => {
      expect(open({})).toEqual(secret)
      for (const length of [1, digestSize - 1, digestSize]) {
        const value = new Uint8Array(length).fill(length)
        expect(open(makeCredential({ endorsementKey, objectName, secret: value }))).toEqual(value)
      }
    })

    it('is another one each time', () => {
      const again = makeCredential({ endorsementKey, objectName, secret })
      expect(again.credentialBlob).not.toEqual(made.credentialBlob)
      expect(again.encryptedSecret).not.toEqual(made.encryptedSecret)
    })

    it('does not open for another object or with another key', () => {
      const otherName = objectName.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
      expect(() => open({ objectName: otherName })).toThrow(refused)
      expect(() => open({ privateKey: strangers.rsa.privateKey })).toThrow(refused)
      expect(() => open({ privateKey: strangers.ecc.privateKey })).toThrow(refused)
    })

    it('does not open with any byte changed, cut or added, and always says the same', () => {
      const messages = new Set<string>()
      const attempt = (credential: Partial<Credential>): void => {
        try {
          open(credential)
          throw new Error('opened')
        } catch (error) {
          messages.add((error as Error).message)
        }
      }
      for (const part of ['credentialBlob', 'encryptedSecret'] as const) {
        const bytes = made[part]
        const step = Math.max(1, Math.floor(bytes.length / 40))
        for (let i = 0; i < bytes.length; i += step) {
          attempt({ [part]: bytes.map((byte, at) => (at === i ? byte ^ 0x10 : byte)) })
          attempt({ [part]: bytes.subarray(0, i) })
        }
        attempt({ [part]: Uint8Array.of(...bytes, 0) })
        attempt({ [part]: new Uint8Array(bytes.length) })
      }
      expect(messages.size).toBe(1)
      expect([...messages][0]).toContain('does not open')
    })

    it('is refused for a secret that is empty or too long, and for a name that is none', () => {
      for (const length of [0, digestSize + 1]) {
        const wrong = { endorsementKey, objectName, secret: new Uint8Array(length) }
        expect(() => makeCredential(wrong)).toThrow(codeOf('ARGUMENT_INVALID', { name: 'secret' }))
      }
      const wrong = { endorsementKey, objectName: objectName.subarray(1), secret }
      expect(() => makeCredential(wrong)).toThrow(codeOf('TPM_KEY_INVALID', { path: 'name' }))
    })
  },
)

describe('endorsement keys that cannot receive credentials', () => {
  const make = (endorsementKey: RsaPublic | EccPublic) =>
    makeCredential({ endorsementKey, objectName, secret })
  const attributes = rsa.publicArea.objectAttributes
  const { parameters } = rsa.publicArea

  it.each<[string, RsaPublic, string]>([
    [
      'are not restricted',
      { ...rsa.publicArea, objectAttributes: { ...attributes, restricted: false } },
      'TPM_KEY_INVALID',
    ],
    [
      'do not decrypt',
      { ...rsa.publicArea, objectAttributes: { ...attributes, decrypt: false } },
      'TPM_KEY_INVALID',
    ],
    ['also sign', { ...rsa.publicArea, objectAttributes: { ...attributes, sign: true } }, 'TPM_KEY_INVALID'],
    [
      'have no cipher',
      { ...rsa.publicArea, parameters: { ...parameters, symmetric: { algorithm: 'null' } } },
      'TPM_KEY_INVALID',
    ],
    [
      'use another mode',
      {
        ...rsa.publicArea,
        parameters: { ...parameters, symmetric: { algorithm: 'aes', keyBits: 128, mode: 'cbc' } },
      },
      'TPM_KEY_INVALID',
    ],
    [
      'use another cipher',
      {
        ...rsa.publicArea,
        parameters: { ...parameters, symmetric: { algorithm: 'sm4', keyBits: 128, mode: 'cfb' } },
      },
      'TPM_ALGORITHM_UNSUPPORTED',
    ],
    [
      'use another key length',
      {
        ...rsa.publicArea,
        parameters: { ...parameters, symmetric: { algorithm: 'aes', keyBits: 64, mode: 'cfb' } },
      },
      'TPM_ALGORITHM_UNSUPPORTED',
    ],
    ['have SHA-1 names', { ...rsa.publicArea, nameAlg: 'sha1' }, 'TPM_ALGORITHM_UNSUPPORTED'],
    ['have no name', { ...rsa.publicArea, nameAlg: 'null' }, 'TPM_ALGORITHM_UNSUPPORTED'],
    ['are weak', rsaSample(1024, rsaEk).publicArea, 'TPM_KEY_INVALID'],
  ])('are refused when they %s', (_what, key, code) => {
    expect(() => make(key)).toThrow(codeOf(code))
  })

  it('are refused when their point is none', () => {
    expect(() =>
      make({ ...ecc.publicArea, unique: { x: new Uint8Array(32), y: new Uint8Array(32) } }),
    ).toThrow(codeOf('TPM_KEY_INVALID'))
  })
})

describe('points that lack leading zeros', () => {
  it('make no difference, on either side', () => {
    for (;;) {
      const key = eccSample('P-256', eccEk)
      const { x, y } = key.publicArea.unique
      if (x[0] !== 0) continue
      const stripped = { ...key.publicArea, unique: { x: x.subarray(1), y } }
      const made = makeCredential({ endorsementKey: stripped, objectName, secret })
      const { privateKey } = key
      expect(openCredential({ privateKey, endorsementKey: key.publicArea, objectName, ...made })).toEqual(
        secret,
      )
      expect(openCredential({ privateKey, endorsementKey: stripped, objectName, ...made })).toEqual(secret)
      return
    }
  })
})

describe('randomness', () => {
  it('comes from the source that is given', () => {
    const counting = (): { bytes: (length: number) => Uint8Array; asked: number[] } => {
      const asked: number[] = []
      const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(asked.push(length))
      return { asked, bytes }
    }
    const [one, two] = [counting(), counting()]
    const first = makeCredential({ endorsementKey: ecc.publicArea, objectName, secret, random: one })
    const second = makeCredential({ endorsementKey: ecc.publicArea, objectName, secret, random: two })
    expect(first).toEqual(second)
    expect(one.asked).toEqual([32])
    const seeded = makeCredential({ endorsementKey: rsa.publicArea, objectName, secret, random: counting() })
    const again = makeCredential({ endorsementKey: rsa.publicArea, objectName, secret, random: counting() })
    expect(seeded.credentialBlob).toEqual(again.credentialBlob)
  })

  it('is drawn again when it gives no scalar, but not forever', () => {
    const draws = [new Uint8Array(32), new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(7)]
    const random = { bytes: () => (draws.shift() as Uint8Array).slice() }
    const made = makeCredential({ endorsementKey: ecc.publicArea, objectName, secret, random })
    expect(draws).toEqual([])
    const { privateKey, publicArea: endorsementKey } = ecc
    expect(openCredential({ privateKey, endorsementKey, objectName, ...made })).toEqual(secret)
    const zeros = { bytes: (length: number) => new Uint8Array(length) }
    expect(() => makeCredential({ endorsementKey, objectName, secret, random: zeros })).toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'random' }),
    )
  })
})

describe('what tpm2_makecredential made', () => {
  /** File of tpm2-tools: magic and version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET. */
  function partsOf(file: Uint8Array): Credential {
    expect(toHex(file.subarray(0, 8))).toBe('badcc0de00000001')
    const length = 2 + ((file[8] as number) << 8) + (file[9] as number)
    return { credentialBlob: file.slice(8, 8 + length), encryptedSecret: file.slice(8 + length) }
  }

  it.each(recorded.credentials)('opens', (recording) => {
    const privateKey = createPrivateKey(recording.privateKey)
    const jwk = exportJwk(createPublicKey(privateKey))
    const part = (text?: string) => new Uint8Array(Buffer.from(text ?? '', 'base64url'))
    const endorsementKey =
      jwk.kty === 'RSA'
        ? { ...rsaEk, unique: part(jwk.n) }
        : { ...eccEk, unique: { x: part(jwk.x), y: part(jwk.y) } }
    const credential = partsOf(fromHex(recording.blob))
    const opened = openCredential({
      privateKey,
      endorsementKey,
      objectName: fromHex(recording.name),
      ...credential,
    })
    expect(toHex(opened)).toBe(recording.secret)
    const { credentialBlob, encryptedSecret } = credential
    expect(encode(tpm2bIdObject, decode(tpm2bIdObject, credentialBlob))).toEqual(credentialBlob)
    expect(encode(tpm2bEncryptedSecret, decode(tpm2bEncryptedSecret, encryptedSecret))).toEqual(
      encryptedSecret,
    )
  })

  it.each(recordedProtected.credentials)('opens for $template, with longer names', (recording) => {
    const opened = openCredential({
      privateKey: createPrivateKey(recording.privateKey),
      endorsementKey: decode(tpmtPublic, fromHex(recording.endorsementPublic)),
      objectName: fromHex(recording.name),
      ...partsOf(fromHex(recording.blob)),
    })
    expect(toHex(opened)).toBe(recording.secret)
  })
})
