import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { loadBoot } from '../../../../test/recordings/load.js'
import { concatBytes, exportJwk, fromBase64url } from '../../src/bytes/index.js'
import { encode } from '../../src/codec/index.js'
import {
  checkAttestationKey,
  type PcrValues,
  prepareAttestationKey,
  type QuoteEvidence,
  type QuoteFacts,
  type QuoteVerdict,
  verifyQuote,
} from '../../src/evidence/index.js'
import { parseEventLog, replayEventLog } from '../../src/measured-boot/index.js'
import { eventLog } from '../../src/testing/index.js'
import {
  akTemplates,
  ekTemplates,
  pcrDigest,
  type TpmaObject,
  type TpmsAttest,
  type TpmtPublic,
  toPcrSelection,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
} from '../../src/tpm2/index.js'
import { thrownBy } from '../jose/thrown.js'
import {
  attestOver,
  evidenceOf,
  nonce,
  pcrs,
  type QuoteAttest,
  selectionOf,
  sha256,
  signerName,
  signMessage,
  softwareKey,
} from './software-quote.js'

const failedChecks = (evidence: QuoteEvidence) => {
  const verdict = verifyQuote(evidence)
  return verdict.trusted ? [] : verdict.failures.map(({ check }) => check)
}
const honest = attestOver(pcrs)
const lie = (change: Partial<QuoteAttest>) => ({ ...honest, ...change }) as TpmsAttest
const quoting = (change: Partial<QuoteAttest['attested']>) =>
  lie({ attested: { ...honest.attested, ...change } })

it('an honest quote of a software key holds, and gives its facts', () => {
  const verdict = verifyQuote(evidenceOf(honest))
  expect(verdict).toMatchObject({
    trusted: true,
    facts: { clock: 1_000n, resetCount: 2, restartCount: 3, safe: true, firmwareVersion: 4n, pcrs },
  })
})

describe('one check alone fails when, well signed,', () => {
  const certify: TpmsAttest = {
    ...honest,
    type: 'certify',
    attested: { name: signerName, qualifiedName: signerName },
  }
  const time: TpmsAttest = {
    ...honest,
    type: 'time',
    attested: { time: { time: 1n, clockInfo: honest.clockInfo }, firmwareVersion: 4n },
  }
  const nv: TpmsAttest = {
    ...honest,
    type: 'nv',
    attested: { indexName: signerName, offset: 0, nvContents: encode(tpmsAttest, honest) },
  }
  const bytes = encode(tpmsAttest, honest)
  const bank = (name: string, ...numbers: number[]) =>
    toPcrSelection([{ bank: name, pcrs: numbers }])[0] as never
  const rows: [string, TpmsAttest | Uint8Array, string[]][] = [
    ['it certifies a key', certify, ['quote.type']],
    ['it tells the time', time, ['quote.type']],
    ['it certifies NV memory that holds a quote', nv, ['quote.type']],
    ['the TPM did not make it', bytes.with(0, 0xfe), ['quote.structure']],
    ['the magic is zero', Uint8Array.of(0, 0, 0, 0, ...bytes.subarray(4)), ['quote.structure']],
    ['its type is none', bytes.with(5, 0x1b), ['quote.structure']],
    ['a byte comes behind it', Uint8Array.of(...bytes, 0), ['quote.structure']],
    ['it names another key', lie({ qualifiedSigner: signerName.with(33, 8) }), ['quote.signer']],
    ['it names no key', lie({ qualifiedSigner: new Uint8Array() }), ['quote.signer']],
    ['the nonce is another', lie({ extraData: nonce.with(31, 6) }), ['quote.nonce']],
    ['the nonce is cut', lie({ extraData: nonce.subarray(1) }), ['quote.nonce']],
    ['the nonce has a byte more', lie({ extraData: Uint8Array.of(...nonce, 0) }), ['quote.nonce']],
    ['the nonce is missing', lie({ extraData: new Uint8Array() }), ['quote.nonce']],
    ['a PCR is missing', quoting({ pcrSelect: [bank('sha256', 0, 1)] }), ['quote.selection']],
    ['a PCR is too many', quoting({ pcrSelect: [bank('sha256', 0, 1, 2, 7)] }), ['quote.selection']],
    ['it covers another bank', quoting({ pcrSelect: [bank('sha1', 0, 1, 7)] }), ['quote.selection']],
    [
      'it covers a second bank',
      quoting({ pcrSelect: [bank('sha256', 0, 1, 7), bank('sha1', 0)] }),
      ['quote.selection'],
    ],
    [
      'a bank is there twice',
      quoting({ pcrSelect: [bank('sha256', 0, 1, 7), bank('sha256', 0, 1, 7)] }),
      ['quote.selection'],
    ],
    [
      'a second bank is empty',
      quoting({ pcrSelect: [bank('sha256', 0, 1, 7), bank('sha1')] }),
      ['quote.selection'],
    ],
    ['it covers no PCR', quoting({ pcrSelect: [bank('sha256')] }), ['quote.selection']],
    ['it covers no bank', quoting({ pcrSelect: [] }), ['quote.selection']],
    ['the digest is another', quoting({ pcrDigest: new Uint8Array(32) }), ['quote.pcr-digest']],
    [
      'the digest is cut',
      quoting({ pcrDigest: honest.attested.pcrDigest.subarray(1) }),
      ['quote.pcr-digest'],
    ],
    ['the digest is missing', quoting({ pcrDigest: new Uint8Array() }), ['quote.pcr-digest']],
    ['the digest is of another algorithm', attestOver(pcrs, 'sha384'), ['quote.pcr-digest']],
  ]
  it.each(rows)('%s', (_, statement, checks) => {
    expect(failedChecks(evidenceOf(statement))).toEqual(checks)
  })

  it.each([
    ['a bank is there twice', [bank('sha256', 0, 1, 7), bank('sha256', 0, 1, 7)]],
    ['it covers no PCR', [bank('sha256')]],
    ['it covers no bank', []],
    ['a second bank is empty', [bank('sha256', 0, 1, 7), bank('sha1')]],
  ])('%s, also when no selection was asked for', (_, pcrSelect) => {
    const { selection: _ignored, pcrs: _values, ...open } = evidenceOf(quoting({ pcrSelect }))
    expect(failedChecks(open)).toEqual(['quote.selection'])
  })

  it('a selection that differs only in the width of its bit map is the same', () => {
    const pcrSelect = toPcrSelection(selectionOf(pcrs), 4)
    expect(verifyQuote(evidenceOf(quoting({ pcrSelect }))).trusted).toBe(true)
  })
})

it('a quote without qualifying data answers no challenge, also when none is asked for', () => {
  const empty = new Uint8Array()
  expect(failedChecks(evidenceOf(lie({ extraData: empty }), { nonce: empty }))).toEqual(['quote.nonce'])
})

describe('the values', () => {
  it('may not be cut otherwise than at the ends of PCRs: a value must not move to another place', () => {
    const [{ values }] = pcrs as [PcrValues]
    const [a, b, c] = [...values.values()] as [Uint8Array, Uint8Array, Uint8Array]
    const cuts: Uint8Array[][] = [
      [new Uint8Array(), a, concatBytes(b, c)],
      [concatBytes(a, b), new Uint8Array(), c],
      [a.subarray(0, 31), concatBytes(a.subarray(31), b), c],
    ]
    for (const cut of cuts) {
      const moved = [
        { bank: 'sha256', values: new Map([0, 1, 7].map((pcr, i) => [pcr, cut[i] as Uint8Array])) },
      ]
      expect(failedChecks(evidenceOf(honest, { pcrs: moved }))).toEqual(['quote.pcr-digest'])
    }
  })

  it('of two banks may not be exchanged', () => {
    const one = { bank: 'sha256', values: new Map([[0, new Uint8Array(32).fill(1)]]) }
    const two = { bank: 'sha1', values: new Map([[0, new Uint8Array(20).fill(2)]]) }
    const statement = attestOver([one, two])
    const selection = selectionOf([one, two])
    expect(verifyQuote(evidenceOf(statement, { selection, pcrs: [one, two] })).trusted).toBe(true)
    expect(failedChecks(evidenceOf(statement, { selection, pcrs: [two, one] }))).toEqual(['quote.pcr-digest'])
    const relabelled = [
      { ...one, bank: 'sha1' },
      { ...two, bank: 'sha256' },
    ]
    expect(failedChecks(evidenceOf(statement, { selection, pcrs: relabelled }))).toEqual(['quote.pcr-digest'])
  })

  it('of an unknown bank are refused, not thrown over', () => {
    for (const bank of ['md5', '', '__proto__', 'SHA256']) {
      expect(failedChecks(evidenceOf(honest, { pcrs: [{ ...(pcrs[0] as PcrValues), bank }] }))).toEqual([
        'quote.pcr-digest',
      ])
    }
  })

  it('come from the log when none are given, and then rest on the quote alone', () => {
    const { eventLog } = loadBoot('boot-secure')
    const replayed = replayEventLog(parseEventLog(eventLog), 'sha256')
    const logged = [
      { bank: 'sha256', values: new Map([0, 4, 7].map((pcr) => [pcr, replayed.get(pcr) as Uint8Array])) },
    ]
    const { pcrs: _, ...good } = evidenceOf(attestOver(logged), { selection: selectionOf(logged), eventLog })
    const verdict = verifyQuote(good)
    expect(verdict).toMatchObject({ trusted: true, facts: { pcrs: logged } })
    const { pcrs: _values, ...bad } = evidenceOf(honest, { eventLog })
    expect(failedChecks(bad)).toEqual(['quote.pcr-digest'])
  })

  it('are not explained by a log that has no digests of their bank', () => {
    const { eventLog } = loadBoot('boot-secure')
    const other = [{ bank: 'sha3_256', values: new Map([[0, new Uint8Array(32)]]) }]
    const evidence = evidenceOf(attestOver(other), { selection: selectionOf(other), pcrs: other, eventLog })
    expect(failedChecks(evidence)).toEqual(['event-log.replay'])
    const { pcrs: _, ...without } = evidence
    expect(failedChecks(without)).toContain('event-log.replay')
  })
})

describe('signatures', () => {
  const message = encode(tpmsAttest, honest)
  const withSignature = (signature: Uint8Array, change: Partial<QuoteEvidence> = {}) =>
    evidenceOf(message, { signature, ...change })

  it('over SHA-1 are refused, unless they are allowed', () => {
    const old = attestOver(pcrs, 'sha1')
    const bytes = encode(tpmsAttest, old)
    const change = { signature: signMessage(bytes, 'sha1'), attestationKey: softwareKey.publicKey }
    expect(failedChecks(evidenceOf(bytes, change))).toEqual(['quote.signature'])
    expect(failedChecks(evidenceOf(bytes, { ...change, allowSha1: false }))).toEqual(['quote.signature'])
    expect(verifyQuote(evidenceOf(bytes, { ...change, allowSha1: true })).trusted).toBe(true)
  })

  it('over SHA-1 of a key for SHA-256 are refused also when SHA-1 is allowed', () => {
    const bytes = encode(tpmsAttest, attestOver(pcrs, 'sha1'))
    expect(
      failedChecks(evidenceOf(bytes, { signature: signMessage(bytes, 'sha1'), allowSha1: true })),
    ).toEqual(['quote.signature'])
  })

  it('of a hash that is not the key\u2019s are refused', () => {
    const bytes = encode(tpmsAttest, attestOver(pcrs, 'sha384'))
    const signature = signMessage(bytes, 'sha384')
    expect(failedChecks(evidenceOf(bytes, { signature }))).toEqual(['quote.signature'])
    expect(verifyQuote(evidenceOf(bytes, { signature, attestationKey: softwareKey.publicKey })).trusted).toBe(
      true,
    )
  })

  it('that are none, MACs or of schemes unknown here are refused', () => {
    const zero = new Uint8Array(32)
    const signatures = [
      encode(tpmtSignature, { sigAlg: 'null' }),
      encode(tpmtSignature, { sigAlg: 'hmac', hmac: { hashAlg: 'sha256', digest: sha256(message) } }),
      encode(tpmtSignature, { sigAlg: 'ecdaa', hash: 'sha256', signatureR: zero, signatureS: zero }),
      encode(tpmtSignature, { sigAlg: 'sm2', hash: 'sha256', signatureR: zero, signatureS: zero }),
      encode(tpmtSignature, { sigAlg: 'ecdsa', hash: 'sha256', signatureR: zero, signatureS: zero }),
      encode(tpmtSignature, { sigAlg: 'rsassa', hash: 'sha256', sig: new Uint8Array(256) }),
    ]
    for (const signature of signatures) {
      for (const attestationKey of [softwareKey.publicArea, softwareKey.publicKey]) {
        expect(failedChecks(withSignature(signature, { attestationKey }))).toEqual(['quote.signature'])
      }
    }
  })

  it('do not verify with keys of other kinds, nor throw', () => {
    const keys: KeyObject[] = [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
      generateKeyPairSync('ed25519').publicKey,
      generateKeyPairSync('x25519').publicKey,
      createSecretKey(new Uint8Array(32)),
      softwareKey.privateKey,
    ]
    for (const attestationKey of keys) {
      expect(failedChecks(evidenceOf(honest, { attestationKey }))).toEqual(['quote.signature'])
    }
  })
})

describe('the attestation key', () => {
  const change = (attributes: Partial<TpmaObject>, more: object = {}) =>
    ({
      ...softwareKey.area,
      objectAttributes: { ...softwareKey.area.objectAttributes, ...attributes },
      ...more,
    }) as TpmtPublic
  const ecc = softwareKey.area as Extract<TpmtPublic, { type: 'ecc' }>

  it.each(['rsa-2048', 'ecc-p256'] as const)('of the template %s is one', (name) => {
    expect(checkAttestationKey(akTemplates[name]).outcome).toBe('pass')
  })

  it.each(['rsassa', 'rsapss'] as const)('may sign with %s', (scheme) => {
    const rsa = akTemplates['rsa-2048']
    const area = {
      ...rsa,
      parameters: { ...rsa.parameters, scheme: { scheme, hashAlg: 'sha256' } },
    } as TpmtPublic
    expect(checkAttestationKey(area).outcome).toBe('pass')
  })

  it.each(['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'] as const)(
    'is none without %s',
    (name) => {
      const check = checkAttestationKey(change({ [name]: false }))
      expect(check).toEqual({
        id: 'attestation-key.attributes',
        outcome: 'fail',
        reason: `expected the attributes ${name} to be set`,
      })
    },
  )

  it('is none that also decrypts, is no key pair, has no name, a weak one, or no scheme', () => {
    const parameters = { ...ecc.parameters, scheme: { scheme: 'null' } }
    for (const area of [
      change({ decrypt: true }),
      change({}, { nameAlg: 'null' }),
      change({}, { nameAlg: 'sha1' }),
      change({}, { type: 'keyedhash' }),
      change({}, { type: 'symcipher' }),
      change({}, { parameters }),
      { ...ekTemplates['L-1'].publicArea },
    ] as TpmtPublic[]) {
      expect(checkAttestationKey(area).outcome).toBe('fail')
    }
  })

  it('is refused with a typed error when it is malformed or weak', () => {
    const weak = exportJwk(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)
    const rsa = akTemplates['rsa-2048']
    const short = {
      ...rsa,
      parameters: { ...rsa.parameters, keyBits: 1024 },
      unique: fromBase64url(weak.n as string),
    }
    const off = { ...ecc, unique: { x: ecc.unique.x, y: ecc.unique.x } }
    const none = { ...ecc, unique: { x: new Uint8Array(), y: new Uint8Array() } }
    for (const area of [short, off, none]) {
      const publicArea = encode(tpmtPublic, area)
      expect(thrownBy(() => prepareAttestationKey(publicArea)).code).toBe('TPM_KEY_INVALID')
      expect(failedChecks(evidenceOf(honest, { attestationKey: publicArea }))).toEqual(['quote.structure'])
    }
    expect(thrownBy(() => prepareAttestationKey(new Uint8Array())).code).toBe('CODEC_UNDERFLOW')
  })
})

describe('the verdict', () => {
  it('gives facts only to who looked whether it is trusted', () => {
    expectTypeOf<QuoteVerdict>().not.toHaveProperty('facts')
    expectTypeOf<Extract<QuoteVerdict, { trusted: true }>['facts']>().toEqualTypeOf<QuoteFacts>()
    expectTypeOf<Extract<QuoteVerdict, { trusted: false }>>().not.toHaveProperty('facts')
    expectTypeOf<Extract<QuoteVerdict, { trusted: true }>>().not.toHaveProperty('failures')
    expect(verifyQuote(evidenceOf(honest, { nonce: new Uint8Array(32) }))).not.toHaveProperty('facts')
  })

  it('names all that failed, not the first only', () => {
    const wrong = lie({ qualifiedSigner: new Uint8Array(), extraData: new Uint8Array() })
    expect(failedChecks(evidenceOf(wrong, { selection: [] }))).toEqual([
      'quote.signer',
      'quote.nonce',
      'quote.selection',
    ])
  })

  it('is never trusted, and never an error, for any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(
        bytes,
        bytes,
        bytes,
        fc.option(bytes, { nil: undefined }),
        (message, signature, attestationKey, eventLog) => {
          const verdict = verifyQuote({
            message,
            signature,
            attestationKey,
            nonce,
            ...(eventLog === undefined ? {} : { eventLog }),
          })
          expect(verdict.trusted).toBe(false)
        },
      ),
    )
  })

  it('is never an error for any log or values under a good quote, and trusted only with its own values', () => {
    const values = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 4 })
    const banks = fc.array(
      fc.record({ bank: fc.constantFrom('sha256', 'sha1', 'x'), values: values.map((v) => new Map(v)) }),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(banks, fc.uint8Array(), (given, eventLog) => {
        expect(verifyQuote(evidenceOf(honest, { pcrs: given })).trusted).toBe(false)
        expect(verifyQuote(evidenceOf(honest, { eventLog })).trusted).toBe(false)
      }),
    )
  })

  it('is about quotes whose digest is over what is given', () => {
    expect(honest.attested.pcrDigest).toEqual(
      pcrDigest('sha256', [...(pcrs[0] as PcrValues).values.values()]),
    )
  })
})

it('counters are only known to be shifted, or not, for a key whose place was judged', () => {
  const obfuscated = (hierarchy?: 'endorsement' | 'owner', judged = true) => {
    const { qualifiedNames, ...evidence } = evidenceOf(honest, { qualifiedNames: [signerName] })
    const verdict = verifyQuote({
      ...evidence,
      ...(hierarchy === undefined ? {} : { hierarchy }),
      ...(judged && qualifiedNames !== undefined ? { qualifiedNames } : {}),
    })
    return verdict.trusted ? verdict.facts.obfuscated : 'refused'
  }
  expect(obfuscated('endorsement')).toBe(false)
  expect(obfuscated('owner')).toBe(true)
  expect(obfuscated()).toBeUndefined()
  expect(obfuscated('endorsement', false)).toBeUndefined()
})

it('a log is not judged by values that the quote does not prove', () => {
  const others = [{ bank: 'sha256', values: new Map([0, 1, 7].map((pcr) => [pcr, new Uint8Array(32)])) }]
  const { bytes } = eventLog().specId().separator(0).build()
  const verdict = verifyQuote(evidenceOf(honest, { pcrs: others, eventLog: bytes }))
  expect(verdict.trusted ? [] : verdict.failures.map(({ check }) => check)).toEqual(['quote.pcr-digest'])
  expect(verdict.checks.map(({ id }) => id)).not.toContain('event-log.replay')
})

describe('PCR values are for exactly the signed selection', () => {
  const [bank] = pcrs as [PcrValues]
  const given = (values: readonly (readonly [number, Uint8Array])[]): readonly PcrValues[] => [
    { ...bank, values: new Map(values) },
  ]
  const entries = [...bank.values]
  const refusal = (values: readonly PcrValues[]) => {
    const verdict = verifyQuote(evidenceOf(honest, { pcrs: values }))
    return verdict.trusted ? undefined : verdict.failures.map(({ check, reason }) => `${check}: ${reason}`)[0]
  }

  it.each<[string, readonly PcrValues[]]>([
    ['one of them under another number', given(entries.map(([pcr, value]) => [pcr === 7 ? 16 : pcr, value]))],
    ['all under other numbers', given(entries.map(([pcr, value]) => [pcr + 1, value]))],
    ['the last one missing', given(entries.slice(0, -1))],
    ['the first one missing', given(entries.slice(1))],
    ['one more', given([...entries, [16, new Uint8Array(32)]])],
    ['in another order', given([...entries].reverse())],
    ['another bank', [{ ...bank, bank: 'sha384' }]],
    ['the bank twice', [bank, bank]],
    ['none', []],
  ])('%s', (_, values) => {
    expect(refusal(values)).toMatch(
      /^quote\.pcr-digest: PCR values are given for .*, the quote covers sha256:0,1,7$/,
    )
  })
})

it('an error that is no refusal of ours is no verdict either', () => {
  class Broken extends Uint8Array {
    override get buffer(): ArrayBuffer {
      throw new RangeError('a flaw of the program')
    }
  }
  const broken = evidenceOf(honest, { eventLog: new Broken(100) })
  expect(() => verifyQuote(broken)).toThrow(RangeError)
  expect(() => verifyQuote(evidenceOf(honest, { message: new Broken(100) }))).toThrow(RangeError)
})
