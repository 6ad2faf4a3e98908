import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toBase64url, utf8 } from '../../src/bytes/index.js'
import type { PublicJwk } from '../../src/ports/index.js'
import {
  createLocalSigner,
  createTokenVerifier,
  generateSigningKey,
  issueToken,
  maxTokenLength,
  tokenKinds,
  tokenProfiles,
  tokenType,
} from '../../src/token/index.js'
import { checkOf, reasonOf, thrownBy } from '../jose/thrown.js'
import { fakeClock, goodClaims, group, issuer, makeKey, pkcs8, signJws, start } from './fixtures.js'

const signing = makeKey()
const stranger = makeKey()
const host = makeKey()
const claims = goodClaims(host.thumbprint)
const header = { alg: 'ES256', typ: tokenType, kid: signing.thumbprint }
const publicJwk = (key: typeof signing): PublicJwk => ({
  ...key.jwk,
  kid: key.thumbprint,
  alg: 'ES256',
  use: 'sig',
})

const setUp = (options: Partial<Parameters<typeof createTokenVerifier>[0]> = {}) => {
  const clock = fakeClock()
  const keys = [publicJwk(signing)]
  const verifier = createTokenVerifier({ issuer, group, keys: () => keys, clock, ...options })
  return { clock, keys, verifier }
}
const make = (change: object = {}, head: object = {}, key = signing) =>
  signJws(key.privateKey, { ...header, ...head }, { ...claims, ...change })
const refusal = (token: string, clock = fakeClock()) =>
  thrownBy(() => setUp({ clock }).verifier.verify(token, 'KMS_AUTH_JWT'))
const checkFor = (token: string) => {
  const error = refusal(token)
  expect(error.code).toBe('TOKEN_INVALID')
  return checkOf(error)
}

describe('a good token', () => {
  it('gives its claims', () => {
    expect(setUp().verifier.verify(make(), 'KMS_AUTH_JWT')).toEqual(claims)
  })

  it('is issued by issueToken, under every kid of the signer', async () => {
    const secrets = [generateSigningKey(), generateSigningKey()]
    const signer = createLocalSigner(secrets)
    const { verifier } = setUp({ keys: () => signer.publicKeys() })
    expect(verifier.verify(await issueToken(signer, claims), 'KMS_AUTH_JWT')).toEqual(claims)
    const [, older] = signer.publicKeys()
    const old = createLocalSigner([...secrets].reverse())
    expect(old.current().kid).toBe(older?.kid)
    expect(verifier.verify(await issueToken(old, claims), 'KMS_AUTH_JWT')).toEqual(claims)
  })

  it('of each kind passes as that kind only', () => {
    for (const kind of tokenKinds) {
      const token = make({ eat_profile: tokenProfiles[kind] })
      const { verifier } = setUp()
      for (const asked of tokenKinds) {
        if (asked === kind) expect(verifier.verify(token, asked).sub).toBe(claims.sub)
        else expect(checkOf(thrownBy(() => verifier.verify(token, asked)))).toBe('token.profile')
      }
    }
  })
})

describe('each check refuses by itself', () => {
  it.each<[string, string, string]>([
    ['no text', '', 'token.format'],
    ['another typ', make({}, { typ: 'JWT' }), 'token.format'],
    ['the typ of a proof', make({}, { typ: 'dpop+jwt' }), 'token.format'],
    ['alg none', make({}, { alg: 'none' }), 'token.format'],
    [
      'alg none without signature',
      `${make({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
      'token.format',
    ],
    ['a critical extension', make({}, { crit: ['b64'], b64: false }), 'token.format'],
    ['no kid', make({}, { kid: undefined }), 'token.key'],
    ['a kid that is no text', make({}, { kid: [signing.thumbprint] }), 'token.key'],
    ['the kid of a stranger, who signed it', make({}, { kid: stranger.thumbprint }, stranger), 'token.key'],
    ['the kid of the issuer, signed by a stranger', make({}, {}, stranger), 'token.signature'],
    ['another profile', make({ eat_profile: 'tag:example.org,2026:x' }), 'token.profile'],
    ['no profile', make({ eat_profile: undefined }), 'token.profile'],
    ['a list of profiles', make({ eat_profile: [claims.eat_profile] }), 'token.profile'],
    ['the reporting profile', make({ eat_profile: tokenProfiles.REPORTING_JWT }), 'token.profile'],
    ['another issuer', make({ iss: 'trusthold:staging' }), 'token.issuer'],
    [
      'an issuer in other letters that look alike',
      make({ iss: 'trusthold:pr\u043eduction' }),
      'token.issuer',
    ],
    ['an issuer in another case', make({ iss: 'Trusthold:production' }), 'token.issuer'],
    ['an issuer with white space', make({ iss: `${issuer} ` }), 'token.issuer'],
    ['a list of issuers', make({ iss: [issuer] }), 'token.issuer'],
    ['no issuer', make({ iss: undefined }), 'token.issuer'],
    ['another group', make({ aud: 'staging' }), 'token.audience'],
    ['several groups', make({ aud: [group, 'staging'] }), 'token.audience'],
    ['no group', make({ aud: undefined }), 'token.audience'],
    ['a group that starts alike', make({ aud: `${group}2` }), 'token.audience'],
    ['no subject', make({ sub: undefined }), 'token.format'],
    ['no id', make({ jti: undefined }), 'token.format'],
    ['an id that is a number', make({ jti: 1 }), 'token.format'],
    ['no end', make({ exp: undefined }), 'token.time'],
    ['no start', make({ nbf: undefined }), 'token.time'],
    ['no time of issue', make({ iat: undefined }), 'token.time'],
    ['an end that is a text', make({ exp: '9999999999' }), 'token.time'],
    ['an end that is null', make({ exp: null }), 'token.time'],
    ['an expired end', make({ exp: start }), 'token.time'],
    ['a start that is too far ahead', make({ nbf: start + 6 }), 'token.time'],
    ['a time of issue that is too far ahead', make({ iat: start + 6 }), 'token.time'],
    ['no binding', make({ cnf: undefined }), 'token.binding'],
    ['an empty binding', make({ cnf: {} }), 'token.binding'],
    ['a binding by another means', make({ cnf: { 'x5t#S256': host.thumbprint } }), 'token.binding'],
    ['a binding that is no text', make({ cnf: { jkt: [host.thumbprint] } }), 'token.binding'],
    ['a cut binding', make({ cnf: { jkt: host.thumbprint.slice(1) } }), 'token.binding'],
    ['a binding that is null', make({ cnf: null }), 'token.binding'],
  ])('%s', (_, token, check) => {
    expect(checkFor(token)).toBe(check)
  })

  it('a claim that is there twice', () => {
    const text = JSON.stringify(claims).replace('{', '{"aud":"staging",')
    const error = refusal(signJws(signing.privateKey, header, text))
    expect([checkOf(error), reasonOf(error)]).toEqual(['token.format', 'it has a member name twice'])
  })

  it.each(['', '[]', 'null', 'not json', '"text"'])('a signed payload that is %j', (text) => {
    expect(checkFor(signJws(signing.privateKey, header, text))).toBe('token.format')
  })

  it.each(['exp', 'nbf', 'iat'])('an infinite %s', (name) => {
    const text = JSON.stringify({ ...claims, [name]: 0 }).replace(
      `"${name}":0`,
      `"${name}":${name === 'exp' ? '' : '-'}1e999`,
    )
    expect(checkFor(signJws(signing.privateKey, header, text))).toBe('token.time')
  })

  it('a token that is too long', () => {
    const long = make({ pad: 'x'.repeat(maxTokenLength) })
    expect(reasonOf(refusal(long))).toBe(`it is longer than ${maxTokenLength} characters`)
  })

  it('a header nested too deeply', () => {
    const deep = toBase64url(utf8(`{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`))
    expect(checkFor(`${deep}..`)).toBe('token.format')
  })
})

describe('time, to the millisecond', () => {
  const at = (milliseconds: number, change: object = {}, skew?: number) => {
    const clock = fakeClock()
    clock.time = start * 1_000 + milliseconds
    const { verifier } = setUp({ clock, ...(skew === undefined ? {} : { clockSkewSeconds: skew }) })
    try {
      verifier.verify(make(change), 'KMS_AUTH_JWT')
      return 'accepted'
    } catch {
      return reasonOf(thrownBy(() => verifier.verify(make(change), 'KMS_AUTH_JWT')))
    }
  }

  it.each([
    [599_999, 'accepted'],
    [600_000, 'it has expired'],
    [600_001, 'it has expired'],
  ])('has no allowance at the end: after %i ms %s', (milliseconds, outcome) => {
    expect(at(milliseconds)).toBe(outcome)
    expect(at(milliseconds, {}, 60)).toBe(outcome)
  })

  it.each([
    [5, -5_000, 'accepted'],
    [5, -5_001, 'it is not valid yet'],
    [0, 0, 'accepted'],
    [0, -1, 'it is not valid yet'],
    [60, -60_000, 'accepted'],
    [60, -60_001, 'it is not valid yet'],
  ])('allows a skew of %i s at the start: at %i ms %s', (skew, milliseconds, outcome) => {
    expect(at(milliseconds, {}, skew)).toBe(outcome)
    expect(at(milliseconds, { iat: 0 }, skew)).toBe(outcome)
    expect(at(milliseconds, { nbf: 0 }, skew)).toBe(outcome)
  })

  it.each([-1, 60.001, Number.NaN, Number.POSITIVE_INFINITY])('refuses a skew of %d', (clockSkewSeconds) => {
    expect(thrownBy(() => setUp({ clockSkewSeconds })).code).toBe('CONFIGURATION_INVALID')
  })
})

describe('keys', () => {
  it.each([
    ['jwk', { jwk: stranger.jwk }],
    ['jku', { jku: 'https://attacker.example/keys' }],
    ['x5u', { x5u: 'https://attacker.example/cert' }],
    ['x5c', { x5c: ['MIIB'] }],
  ])('that come in the header as %s are no source of trust', (_, extra) => {
    expect(checkFor(make({}, { ...extra }, stranger))).toBe('token.signature')
    expect(checkFor(make({}, { ...extra, kid: undefined }, stranger))).toBe('token.key')
    expect(checkFor(make({}, { ...extra, kid: stranger.thumbprint }, stranger))).toBe('token.key')
  })

  it('are asked anew, so that a removed one is refused and an added one accepted at once', () => {
    const { keys, verifier } = setUp()
    const ours = make()
    const theirs = make({}, { kid: stranger.thumbprint }, stranger)
    expect(verifier.verify(ours, 'KMS_AUTH_JWT').jti).toBe('token-1')
    keys.splice(0, 1, publicJwk(stranger))
    expect(checkOf(thrownBy(() => verifier.verify(ours, 'KMS_AUTH_JWT')))).toBe('token.key')
    expect(verifier.verify(theirs, 'KMS_AUTH_JWT').jti).toBe('token-1')
    keys.length = 0
    expect(checkOf(thrownBy(() => verifier.verify(theirs, 'KMS_AUTH_JWT')))).toBe('token.key')
  })

  it('both of a rotation are accepted, each for its own tokens', () => {
    const { keys, verifier } = setUp()
    keys.push(publicJwk(stranger))
    expect(verifier.verify(make({}, { kid: stranger.thumbprint }, stranger), 'KMS_AUTH_JWT').jti).toBe(
      'token-1',
    )
    const swapped = make({}, { kid: stranger.thumbprint })
    expect(checkOf(thrownBy(() => verifier.verify(swapped, 'KMS_AUTH_JWT')))).toBe('token.signature')
  })

  it.each<[string, PublicJwk]>([
    ['whose id is another key\u2019s', { ...publicJwk(stranger), kid: signing.thumbprint }],
    ['off the curve', { ...publicJwk(signing), y: signing.jwk.x }],
    ['of another curve', { ...publicJwk(signing), crv: 'P-384' }],
    [
      'of another type',
      { kty: 'RSA', kid: signing.thumbprint, alg: 'ES256', use: 'sig', n: 'AQAB', e: 'AQAB' },
    ],
    ['without coordinates', { kty: 'EC', crv: 'P-256', kid: signing.thumbprint, alg: 'ES256', use: 'sig' }],
  ])('of the issuer %s are refused with token.key', (_, jwk) => {
    const { verifier } = setUp({ keys: () => [jwk] })
    for (const key of [signing, stranger]) {
      expect(checkOf(thrownBy(() => verifier.verify(make({}, {}, key), 'KMS_AUTH_JWT')))).toBe('token.key')
    }
  })
})

describe('any text', () => {
  const { verifier } = setUp()
  const good = make()

  it('is refused with TOKEN_INVALID', () => {
    const part = fc.oneof(fc.string(), fc.uint8Array().map(toBase64url), fc.constantFrom(...good.split('.')))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        fc.pre(parts.join('.') !== good)
        expect(thrownBy(() => verifier.verify(parts.join('.'), 'KMS_AUTH_JWT')).code).toBe('TOKEN_INVALID')
      }),
    )
  })

  it('that differs from a good token in one character is refused', () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.constantFrom(...'ABCdef012-_. =+/'), (at, letter) => {
        const changed = good.slice(0, at) + letter + good.slice(at + 1)
        fc.pre(changed !== good)
        expect(thrownBy(() => verifier.verify(changed, 'KMS_AUTH_JWT')).code).toBe('TOKEN_INVALID')
      }),
    )
  })

  it('with any claims, signed by the issuer, is accepted only when they are right', () => {
    const members = fc.record(
      {
        iss: fc.constantFrom(issuer, 'x'),
        aud: fc.constantFrom<unknown>(group, [group]),
        exp: fc.integer({ min: start - 2, max: start + 2 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(
        members,
        fc.dictionary(fc.constantFrom('cnf', 'nbf', 'sub'), fc.jsonValue({ maxDepth: 1 })),
        (right, odd) => {
          const token = make({ ...right, ...odd })
          let accepted = true
          try {
            verifier.verify(token, 'KMS_AUTH_JWT')
          } catch {
            accepted = false
            expect(thrownBy(() => verifier.verify(token, 'KMS_AUTH_JWT')).code).toBe('TOKEN_INVALID')
          }
          if (accepted) expect(right).toMatchObject({ iss: issuer, aud: group })
          if (accepted) expect(right.exp).toBeGreaterThan(start)
          if (accepted) expect('cnf' in odd).toBe(false)
        },
      ),
    )
  })
})

describe('createLocalSigner', () => {
  it.each([
    ['no key', []],
    ['P-384', [pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)]],
    ['RSA', [pkcs8(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)]],
    ['Ed25519', [pkcs8(generateKeyPairSync('ed25519').privateKey)]],
  ])('refuses %s', (_, keys) => {
    expect(thrownBy(() => createLocalSigner(keys)).code).toBe('CONFIGURATION_INVALID')
  })

  it('names its keys by thumbprint and shows no private part', async () => {
    const signer = createLocalSigner([pkcs8(signing.privateKey), generateSigningKey()])
    expect(signer.current()).toEqual({ kid: signing.thumbprint, alg: 'ES256' })
    expect(signer.publicKeys()[0]).toEqual(publicJwk(signing))
    for (const jwk of signer.publicKeys()) expect(jwk).not.toHaveProperty('d')
  })

  it('signs only with keys that it has', async () => {
    const signer = createLocalSigner([generateSigningKey()])
    await expect(signer.sign(signing.thumbprint, utf8('x'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('keeps working when the secret that it was made of is wiped', async () => {
    const secret = generateSigningKey()
    const signer = createLocalSigner([secret])
    secret.wipe()
    const { verifier } = setUp({ keys: () => signer.publicKeys() })
    expect(verifier.verify(await issueToken(signer, claims), 'KMS_AUTH_JWT')).toEqual(claims)
  })
})
