import { createHash, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exportJwk, toBase64url, utf8 } from '../../src/bytes/index.js'
import { createProof, createProofVerifier, type ProofTarget } from '../../src/token/index.js'
import { checkOf, reasonOf, rejectionOf, thrownBy } from '../jose/thrown.js'
import { fakeClock, makeKey, mapGuard, random, signJws, start } from './fixtures.js'

const host = makeKey()
const stranger = makeKey()
const token = 'header.payload.signature'
const url = 'https://authority.example:8443/api/esx/kms/key-operation'
const target: ProofTarget = { method: 'POST', url, token }
const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: host.jwk }
const ath = createHash('sha256').update(token).digest('base64url')
const claims = { jti: 'proof-0001', htm: 'POST', htu: url, iat: start, ath }

const setUp = (windowSeconds?: number) => {
  const clock = fakeClock()
  const replay = mapGuard()
  const verifier = createProofVerifier({
    clock,
    replay,
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
  })
  return { clock, replay, verifier }
}
const make = (change: object = {}, head: object = {}, key = host) =>
  signJws(key.privateKey, { ...header, ...head }, { ...claims, ...change })
const accepted = async (proof: string, to = target) =>
  (await setUp().verifier.verify(proof, to, host.thumbprint)).x === host.jwk.x
const checkFor = async (proof: string, to = target) => {
  const { verifier, replay } = setUp()
  const error = await rejectionOf(verifier.verify(proof, to, host.thumbprint))
  expect(error.code).toBe('PROOF_INVALID')
  // What is refused uses nothing up.
  expect(replay.claims.size).toBe(0)
  return checkOf(error)
}

describe('a good proof', () => {
  it('gives the key that made it', async () => {
    expect(await setUp().verifier.verify(make(), target, host.thumbprint)).toEqual(host.jwk)
  })

  it('is made by createProof, a new one each time', async () => {
    const { clock, verifier, replay } = setUp()
    for (let i = 0; i < 3; i++) {
      const proof = createProof(host.privateKey, target, { clock, random })
      expect(await verifier.verify(proof, target, host.thumbprint)).toEqual(host.jwk)
    }
    expect(replay.claims.size).toBe(3)
  })

  it('names no query and no fragment, and shows no private part', () => {
    const { clock } = setUp()
    const proof = createProof(
      host.privateKey,
      { ...target, url: `${url}?action=decrypt#x` },
      { clock, random },
    )
    const [head, body] = proof.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(JSON.parse(head as string)).toEqual(header)
    expect(JSON.parse(body as string)).toMatchObject({ htu: url, htm: 'POST', ath, iat: start })
  })
})

describe('each check refuses by itself', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  it.each<[string, string, string]>([
    ['no text', '', 'proof.format'],
    ['two proofs in one header', `${make()}, ${make()}`, 'proof.format'],
    ['the typ of a token', make({}, { typ: 'eat+jwt' }), 'proof.format'],
    ['alg none', make({}, { alg: 'none' }), 'proof.format'],
    ['alg RS256', make({}, { alg: 'RS256' }), 'proof.format'],
    ['a critical extension', make({}, { crit: ['nonce'] }), 'proof.format'],
    ['a proof that is too long', make({ pad: 'x'.repeat(4_096) }), 'proof.format'],
    ['no key', make({}, { jwk: undefined }), 'proof.key'],
    ['a private key', make({}, { jwk: { ...host.jwk, d: host.jwk.x } }), 'proof.key'],
    ['an RSA key', make({}, { jwk: exportJwk(rsa.publicKey) }), 'proof.key'],
    ['a key by reference', make({}, { jwk: undefined, kid: host.thumbprint }), 'proof.key'],
    ['a stranger\u2019s key', make({}, { jwk: stranger.jwk }, stranger), 'proof.key'],
    ['our key, signed by a stranger', make({}, {}, stranger), 'proof.signature'],
    ['another method', make({ htm: 'GET' }), 'proof.target'],
    ['the method in another case', make({ htm: 'post' }), 'proof.target'],
    ['no method', make({ htm: undefined }), 'proof.target'],
    ['another host', make({ htu: url.replace('authority', 'other') }), 'proof.target'],
    ['a host that starts alike', make({ htu: url.replace('.example:', '.example.evil:') }), 'proof.target'],
    ['another port', make({ htu: url.replace('8443', '8444') }), 'proof.target'],
    ['no port', make({ htu: url.replace(':8443', '') }), 'proof.target'],
    ['another scheme', make({ htu: url.replace('https', 'http') }), 'proof.target'],
    ['another path', make({ htu: `${url}s` }), 'proof.target'],
    ['a path in another case', make({ htu: url.replace('/api', '/API') }), 'proof.target'],
    ['a path with a slash more', make({ htu: `${url}/` }), 'proof.target'],
    ['a path only', make({ htu: '/api/esx/kms/key-operation' }), 'proof.target'],
    ['no address', make({ htu: undefined }), 'proof.target'],
    ['a list of addresses', make({ htu: [url] }), 'proof.target'],
    ['another token', make({ ath: createHash('sha256').update('x').digest('base64url') }), 'proof.token'],
    ['the hash in hexadecimal', make({ ath: Buffer.from(ath, 'base64url').toString('hex') }), 'proof.token'],
    ['no token', make({ ath: undefined }), 'proof.token'],
    ['no time', make({ iat: undefined }), 'proof.time'],
    ['a time that is a text', make({ iat: String(start) }), 'proof.time'],
    ['a time in milliseconds', make({ iat: start * 1_000 }), 'proof.time'],
    ['no id', make({ jti: undefined }), 'proof.format'],
    ['an id of 7 characters', make({ jti: '1234567' }), 'proof.format'],
    ['an id of 257 characters', make({ jti: 'x'.repeat(257) }), 'proof.format'],
    ['an id that is a number', make({ jti: 12_345_678 }), 'proof.format'],
  ])('%s', async (_, proof, check) => {
    expect(await checkFor(proof)).toBe(check)
  })

  it('a key that is no point of the curve, bound to by a token', async () => {
    const off = { ...host.jwk, y: host.jwk.x }
    const { verifier } = setUp()
    const thumb = createHash('sha256')
      .update(`{"crv":"P-256","kty":"EC","x":"${off.x}","y":"${off.y}"}`)
      .digest('base64url')
    expect(checkOf(await rejectionOf(verifier.verify(make({}, { jwk: off }), target, thumb)))).toBe(
      'proof.key',
    )
  })

  it.each(['', '[]', 'null', 'no json', '{"jti":"a","jti":"b"}'])(
    'a signed payload that is %j',
    async (payload) => {
      expect(await checkFor(signJws(host.privateKey, header, payload))).toBe('proof.format')
    },
  )

  it('an infinite time', async () => {
    const payload = JSON.stringify({ ...claims, iat: 0 }).replace('"iat":0', '"iat":1e999')
    expect(await checkFor(signJws(host.privateKey, header, payload))).toBe('proof.time')
  })

  it('a good proof for another request', async () => {
    const cases: [Partial<ProofTarget>, string][] = [
      [{ method: 'GET' }, 'proof.target'],
      [{ url: `${url}/other` }, 'proof.target'],
      [{ url: 'no address' }, 'proof.target'],
      [{ token: `${token}x` }, 'proof.token'],
    ]
    for (const [change, check] of cases) expect(await checkFor(make(), { ...target, ...change })).toBe(check)
  })
})

describe('the address', () => {
  it.each([
    ['a query', `${url}?action=generate-key`],
    ['a fragment', `${url}#fragment`],
    ['a host in another case', url.replace('authority.example', 'Authority.EXAMPLE')],
    ['a scheme in another case', url.replace('https', 'HTTPS')],
    ['dot segments', url.replace('/esx', '/x/../esx')],
  ])('may differ in %s', async (_, htu) => {
    expect(await accepted(make({ htu }))).toBe(true)
    expect(await accepted(make(), { ...target, url: htu })).toBe(true)
  })

  it('may name the default port', async () => {
    const plain = 'https://authority.example/api'
    const named = 'https://authority.example:443/api'
    expect(await accepted(make({ htu: named }), { ...target, url: plain })).toBe(true)
    expect(await accepted(make({ htu: plain }), { ...target, url: named })).toBe(true)
  })
})

describe('the window, to the millisecond', () => {
  it.each([
    [0, true],
    [60_000, true],
    [60_001, false],
    [-60_000, true],
    [-60_001, false],
  ])('a clock that is off by %i ms: %s', async (milliseconds, ok) => {
    const { clock, verifier } = setUp()
    clock.time += milliseconds
    const verified = verifier.verify(make(), target, host.thumbprint)
    if (ok) expect(await verified).toEqual(host.jwk)
    else expect(checkOf(await rejectionOf(verified))).toBe('proof.time')
  })

  it.each([0, 301, -1, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a window of %d seconds',
    (seconds) => {
      expect(thrownBy(() => setUp(seconds)).code).toBe('CONFIGURATION_INVALID')
    },
  )

  it.each([1, 60, 300])(
    'claims an id for as long as a proof of %i seconds can be accepted',
    async (window) => {
      const { clock, verifier, replay } = setUp(window)
      // Made by a clock that is as far ahead as is allowed, and so accepted for longest.
      const proof = make({ iat: start + window })
      await verifier.verify(proof, target, host.thumbprint)
      const [expiresAt] = [...replay.claims.values()] as [number]
      expect(Number.isSafeInteger(expiresAt)).toBe(true)
      replay.claims.clear()
      clock.time = expiresAt + 1
      expect(checkOf(await rejectionOf(verifier.verify(proof, target, host.thumbprint)))).toBe('proof.time')
    },
  )
})

describe('a proof is good once', () => {
  it('whoever verifies it', async () => {
    const { clock, replay, verifier } = setUp()
    const other = createProofVerifier({ clock, replay })
    await verifier.verify(make(), target, host.thumbprint)
    for (const again of [verifier, other]) {
      const error = await rejectionOf(again.verify(make(), target, host.thumbprint))
      expect([checkOf(error), reasonOf(error)]).toEqual(['proof.unused', 'it was used before'])
    }
  })

  it('also when it is signed anew', async () => {
    const { clock, verifier } = setUp()
    await verifier.verify(make(), target, host.thumbprint)
    clock.time += 1_000
    const error = await rejectionOf(verifier.verify(make({ iat: start + 1 }), target, host.thumbprint))
    expect(checkOf(error)).toBe('proof.unused')
  })

  it('of many at once exactly one is accepted', async () => {
    const { verifier } = setUp()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => verifier.verify(make(), target, host.thumbprint)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('but hosts do not use up each other\u2019s ids', async () => {
    const { verifier } = setUp()
    await verifier.verify(make(), target, host.thumbprint)
    const theirs = make({}, { jwk: stranger.jwk }, stranger)
    expect(await verifier.verify(theirs, target, stranger.thumbprint)).toEqual(stranger.jwk)
  })

  it('and ids of any letters stay apart and within what a guard takes', async () => {
    const { verifier, replay } = setUp()
    for (const jti of [
      'x'.repeat(256),
      `${'x'.repeat(255)}y`,
      '\u0000'.repeat(8),
      '../../../..',
      '😀'.repeat(8),
    ]) {
      await verifier.verify(make({ jti }), target, host.thumbprint)
    }
    expect(replay.claims.size).toBe(5)
    for (const id of replay.claims.keys()) expect(id).toMatch(/^dpop:[\w-]{43}:[\w-]{43}$/)
  })

  it('and is never accepted when it cannot be told', async () => {
    const { verifier, replay } = setUp()
    replay.broken = true
    const error = await rejectionOf(verifier.verify(make(), target, host.thumbprint))
    expect([error.code, error.retryable]).toEqual(['STORE_UNAVAILABLE', true])
    replay.broken = false
    expect(await verifier.verify(make(), target, host.thumbprint)).toEqual(host.jwk)
  })
})

describe('imported keys', () => {
  it('are not mixed up after more hosts than are remembered', async () => {
    const { verifier } = setUp()
    const hosts = Array.from({ length: 4_100 }, () => makeKey())
    for (const [i, key] of hosts.entries()) {
      const proof = make({ jti: `proof-${i + 10_000}` }, { jwk: key.jwk }, key)
      expect(await verifier.verify(proof, target, key.thumbprint)).toEqual(key.jwk)
    }
    for (const key of [hosts[0], hosts.at(-1)] as (typeof host)[]) {
      expect(
        await verifier.verify(make({ jti: 'once-more' }, { jwk: key.jwk }, key), target, key.thumbprint),
      ).toEqual(key.jwk)
      const forged = make({ jti: 'and-again' }, { jwk: key.jwk }, stranger)
      expect(checkOf(await rejectionOf(verifier.verify(forged, target, key.thumbprint)))).toBe(
        'proof.signature',
      )
    }
  }, 30_000)

  it('and a header that was seen before is no proof for another token, nor with another signature', async () => {
    const { verifier } = setUp()
    const again = (jti: string, signer = host) => make({ jti }, { jwk: host.jwk }, signer)
    await verifier.verify(again('first-time'), target, host.thumbprint)
    expect(await verifier.verify(again('second-time'), target, host.thumbprint)).toEqual(host.jwk)
    const elsewhere = verifier.verify(again('third-time'), target, stranger.thumbprint)
    expect(checkOf(await rejectionOf(elsewhere))).toBe('proof.key')
    const forged = verifier.verify(again('fourth-time', stranger), target, host.thumbprint)
    expect(checkOf(await rejectionOf(forged))).toBe('proof.signature')
  })
})

describe('any text', () => {
  const { verifier } = setUp()
  const good = make()

  it('is refused with PROOF_INVALID', async () => {
    const part = fc.oneof(fc.string(), fc.uint8Array().map(toBase64url), fc.constantFrom(...good.split('.')))
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), async (parts) => {
        fc.pre(parts.join('.') !== good)
        const error = await rejectionOf(verifier.verify(parts.join('.'), target, host.thumbprint))
        expect(error.code).toBe('PROOF_INVALID')
      }),
    )
  })

  it('as signed payload, with any members, is refused with PROOF_INVALID', async () => {
    const odd = fc.dictionary(
      fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath'),
      fc.jsonValue({ maxDepth: 1 }),
      {
        minKeys: 1,
      },
    )
    await fc.assert(
      fc.asyncProperty(odd, async (members) => {
        fc.pre(!(Object.keys(members).length === 1 && typeof members['jti'] === 'string'))
        fc.pre(!Object.entries(members).every(([name, value]) => value === claims[name as 'jti']))
        const proof = make(members)
        const error = await rejectionOf(verifier.verify(proof, target, host.thumbprint))
        expect(error.code).toBe('PROOF_INVALID')
      }),
    )
  })

  it('that is deeply nested is refused with PROOF_INVALID', async () => {
    const deep = toBase64url(utf8(`{"a":${'['.repeat(1_400)}${']'.repeat(1_400)}}`))
    expect((await rejectionOf(verifier.verify(`${deep}..`, target, host.thumbprint))).code).toBe(
      'PROOF_INVALID',
    )
  })
})
