import { beforeEach, describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.js'
import { decode } from '../../src/codec/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { encryptTo, sealDirect, thumbprint } from '../../src/jose/index.js'
import {
  type AttestResult,
  type ChallengeDocument,
  documentHead,
  qualifyingData,
} from '../../src/protocol/index.js'
import { createProofVerifier } from '../../src/token/index.js'
import { pcrDigest, tpmsAttest } from '../../src/tpm2/index.js'
import { createTrustedHost, type TrustedHost } from '../../src/trusted-host/index.js'
import { rejectionOf } from '../jose/thrown.js'
import { type FakeClock, fakeClock, makeKey, mapGuard, random } from '../token/fixtures.js'
import {
  asContext,
  challenge,
  endorsementKey,
  nonce,
  plaintext,
  refusedToken,
  responseError,
  type ScriptedClient,
  type ScriptedTpm,
  scriptedClient,
  scriptedTpm,
} from './scripted.js'

const wrapped = sealDirect(
  new Uint8Array(32),
  new Uint8Array(12),
  { typ: 'trusthold-key', v: 1, provider: 'finance', kid: 'k' },
  plaintext,
)

let clock: FakeClock
let tpm: ScriptedTpm
let client: ScriptedClient
let host: TrustedHost
const seconds = (count: number) => {
  clock.time += count * 1_000
}
const legs = () => client.attestations.map(({ document }) => document.kind)

beforeEach(() => {
  clock = fakeClock()
  tpm = scriptedTpm()
  client = scriptedClient(clock)
  host = createTrustedHost({ authority: client, tpm, clock, random })
})

describe('attest', () => {
  it('goes both legs, quotes over the challenge, and shows what the TPM says', async () => {
    const attested = await host.attest()
    expect(attested.documents).toHaveLength(1)
    expect(attested.saved).toEqual(Uint8Array.of(9, 1))
    const [hello, evidence] = client.attestations.map(({ document }) => document)
    if (hello?.kind !== 'hello' || evidence?.kind !== 'evidence') throw new Error('other legs')
    expect(hello.attestationKey).toEqual(Uint8Array.of(4))
    expect(tpm.qualifyingData).toEqual(
      qualifyingData({
        nonce,
        activationSecret: new Uint8Array(32).fill(6),
        bindingKeyThumbprint: hello.bindingKeyThumbprint,
      }),
    )
    expect(evidence).toMatchObject({
      state: Uint8Array.of(3),
      eventLog: Uint8Array.of(5),
    })
    expect(decode(tpmsAttest, evidence.message).type).toBe('quote')
    expect(evidence.pcrs).toEqual([
      { bank: 'sha256', values: [0, 7].map((pcr) => ({ pcr, digest: new Uint8Array(32).fill(pcr) })) },
    ])
    for (const { request } of client.attestations) {
      expect(request.identity).toEqual({
        endorsementKey: endorsementKey.publicArea,
        certificate: endorsementKey.certificate,
      })
      expect(request.types).toEqual(['KMS_AUTH_JWT'])
    }
    expect(tpm.open.size).toBe(0)
  })

  it('is carried out once for all that ask at the same time', async () => {
    const all = await Promise.all([host.attest(), host.attest(), host.token(), host.token()])
    expect(legs()).toEqual(['hello', 'evidence'])
    expect(all[0]).toBe(all[1])
    await host.attest()
    expect(legs()).toHaveLength(4)
  })

  it('that fails fails for all that wait, and is tried anew by the next', async () => {
    tpm.failures.set('quote', responseError)
    const outcomes = await Promise.allSettled([host.attest(), host.token(), host.generateKey('finance')])
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason === responseError)).toEqual([
      true,
      true,
      true,
    ])
    tpm.failures.clear()
    expect(await host.token()).toContain('.')
  })

  it('that one caller gives up goes on for the others', async () => {
    const controller = new AbortController()
    client.answers.push(() => {
      controller.abort()
      throw new TrustholdError('TRANSPORT_ABORTED', { endpoint: 'x' })
    })
    const first = host.attest({ signal: controller.signal })
    const [second, third] = [host.attest(), host.token()]
    const gaveUpToo = host.attest({ signal: controller.signal })
    expect((await rejectionOf(first)).code).toBe('TRANSPORT_ABORTED')
    expect((await rejectionOf(gaveUpToo)).code).toBe('TRANSPORT_ABORTED')
    expect((await second).documents).toHaveLength(1)
    expect(await third).toContain('.')
    expect(legs()).toEqual(['hello', 'hello', 'evidence'])
  })

  it('passes the signal on in both legs', async () => {
    const { signal } = new AbortController()
    await host.attest({ signal })
    expect(client.attestations.map((one) => one.signal)).toEqual([signal, signal])
  })

  const steps = ['activate', 'quote', 'readPcrs', 'eventLog']
  it.each(steps)('leaves no key in the TPM when %s fails', async (step) => {
    const failure = new TrustholdError('TPM_RESPONSE', { command: step, responseCode: 1, name: 'X' })
    tpm.failures.set(step, failure)
    expect(await rejectionOf(host.attest())).toBe(failure)
    expect(tpm.steps).toContain('create')
    expect(tpm.open.size).toBe(0)
    expect(host.savedAttestationKey()).toBeUndefined()
  })

  const notAttested = (contexts: Uint8Array[]): AttestResult => ({ attested: false, contexts })
  it.each<[string, number, () => AttestResult, string]>([
    [
      'a refusal at once',
      0,
      () => {
        throw new TrustholdError('ATTESTATION_REFUSED', { checks: [] })
      },
      'ATTESTATION_REFUSED',
    ],
    [
      'a refusal',
      1,
      () => {
        throw new TrustholdError('ATTESTATION_REFUSED', { checks: [] })
      },
      'ATTESTATION_REFUSED',
    ],
    ['nothing', 0, () => notAttested([]), 'SERVICE_ERROR'],
    ['tokens without a challenge', 0, () => ({ attested: true, documents: [], checks: [] }), 'SERVICE_ERROR'],
    ['garbage', 0, () => notAttested([Uint8Array.of(1)]), 'CODEC_UNDERFLOW'],
    [
      'our own hello',
      0,
      () =>
        notAttested(
          asContext({
            ...documentHead,
            kind: 'hello',
            attestationKey: Uint8Array.of(1),
            bindingKeyThumbprint: nonce,
          }),
        ),
      'SERVICE_ERROR',
    ],
    ['a challenge once more', 1, () => notAttested(asContext(challenge)), 'SERVICE_ERROR'],
    ['no token', 1, () => ({ attested: true, documents: [], checks: [] }), 'SERVICE_ERROR'],
    [
      'a reporting token only',
      1,
      () => ({ attested: true, documents: [{ type: 'REPORTING_JWT', token: 'a.b.c' }], checks: [] }),
      'SERVICE_ERROR',
    ],
    [
      'a token that is none',
      1,
      () => ({ attested: true, documents: [{ type: 'KMS_AUTH_JWT', token: 'a.b.c' }], checks: [] }),
      'JOSE_INVALID',
    ],
  ])(
    'leaves no key in the TPM and no token when the authority answers with %s in leg %i',
    async (_, leg, answer, code) => {
      if (leg === 1) client.answers.push(() => notAttested(asContext(challenge)))
      client.answers.push(answer)
      expect((await rejectionOf(host.attest())).code).toBe(code)
      expect(tpm.open.size).toBe(0)
      const before = client.attestations.length
      await host.token()
      expect(client.attestations.length).toBe(before + 2)
    },
  )

  describe('logs of the operating system', () => {
    const asked = (pcrs: readonly number[]) => {
      client.answers.push(() =>
        notAttested(
          asContext({ ...(challenge as ChallengeDocument), selection: [{ bank: 'sha256', pcrs }] }),
        ),
      )
    }
    const evidence = () => client.attestations.at(-1)?.document
    beforeEach(() => {
      tpm.values = new Map(Array.from({ length: 24 }, (_, pcr) => [pcr, new Uint8Array(32).fill(pcr)]))
      tpm.logs = { ima: Uint8Array.of(1, 2), systemd: Uint8Array.of(3) }
    })

    it('are shown when their PCRs are asked for, and only then', async () => {
      asked([0, 10, 11])
      await host.attest()
      expect(evidence()).toMatchObject({
        kind: 'evidence-with-logs',
        imaLog: Uint8Array.of(1, 2),
        systemdLog: Uint8Array.of(3),
      })
      asked([0, 10])
      await host.attest()
      expect(evidence()).toMatchObject({ imaLog: Uint8Array.of(1, 2), systemdLog: new Uint8Array() })
      asked([15])
      await host.attest()
      expect(evidence()).toMatchObject({ imaLog: new Uint8Array(), systemdLog: Uint8Array.of(3) })
      await host.attest()
      expect(evidence()).toMatchObject({ kind: 'evidence' })
    })

    it('that there are none of leave the document as every service reads it', async () => {
      tpm.logs = {}
      asked([10, 11])
      await host.attest()
      expect(evidence()?.kind).toBe('evidence')
    })

    it('of IMA are read after the quote, so that every quoted entry is in them', async () => {
      asked([10])
      await host.attest()
      expect(tpm.steps.slice(-3)).toEqual(['quote', 'readPcrs', 'imaLog'])
    })

    it('of systemd that grow while the PCRs are quoted are read again', async () => {
      asked([11])
      const { systemdLog } = tpm
      let reads = 0
      tpm.systemdLog = async () => {
        await systemdLog()
        return Uint8Array.of(...Array.from({ length: Math.min(++reads, 4) }, () => 3))
      }
      await host.attest()
      expect(evidence()).toMatchObject({ systemdLog: Uint8Array.of(3, 3, 3, 3) })
      expect(tpm.steps.filter((step) => step === 'quote')).toHaveLength(3)
    })
  })

  /** Measures something after each of the first quotes. */
  const measuring = (times: number) => {
    const { readPcrs } = tpm
    let left = times
    tpm.readPcrs = (selection) => {
      if (left-- > 0)
        tpm.values = new Map([...tpm.values].map(([pcr]) => [pcr, new Uint8Array(32).fill(left)]))
      return readPcrs(selection)
    }
  }

  it('quotes again when something was measured before the values were read', async () => {
    measuring(3)
    await host.attest()
    expect(tpm.steps.filter((step) => step === 'quote')).toHaveLength(4)
    const { document } = client.attestations.at(-1) ?? {}
    if (document?.kind !== 'evidence') throw new Error('no evidence')
    const attest = decode(tpmsAttest, document.message)
    if (attest.type !== 'quote') throw new Error('no quote')
    const digests = document.pcrs.flatMap(({ values }) => values.map(({ digest }) => digest))
    expect(pcrDigest('sha256', digests)).toEqual(attest.attested.pcrDigest)
  })

  it('gives up on PCRs that never come to rest, and leaves no key', async () => {
    measuring(1_000)
    expect((await rejectionOf(host.attest())).code).toBe('TPM_NOT_AVAILABLE')
    expect(tpm.open.size).toBe(0)
  })

  it('shows the CA certificates of the TPM beside the certificate, sixteen at most', async () => {
    tpm.chain = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i))
    await host.attest()
    expect(client.attestations[0]?.request.identity.intermediates).toEqual(tpm.chain.slice(0, 16))
    tpm.endorsementKeys = async () => [{ kind: 'rsa-2048', template: 'L-1', publicArea: Uint8Array.of(1) }]
    await host.attest()
    expect(client.attestations.at(-1)?.request.identity).toEqual({ endorsementKey: Uint8Array.of(1) })
  })

  it('needs an endorsement key', async () => {
    tpm.failures.set('none', undefined)
    expect((await rejectionOf(host.attest())).code).toBe('TPM_NOT_AVAILABLE')
    expect(client.attestations).toEqual([])
  })
})

describe('the attestation key', () => {
  it('of the first time is used again', async () => {
    await host.attest()
    await host.attest()
    expect(tpm.opened).toEqual([{ endorsementKey }, { endorsementKey, saved: Uint8Array.of(9, 1) }])
    expect(host.savedAttestationKey()).toEqual(Uint8Array.of(9, 1))
  })

  it('of an earlier run is used, and replaced when the TPM does not know it', async () => {
    const savedAttestationKey = Uint8Array.of(42)
    host = createTrustedHost({ authority: client, tpm, clock, random, savedAttestationKey })
    expect(host.savedAttestationKey()).toEqual(savedAttestationKey)
    tpm.failures.set('load', responseError)
    await host.attest()
    expect(tpm.steps.filter((step) => ['load', 'create'].includes(step))).toEqual(['load', 'create'])
    expect(host.savedAttestationKey()).toEqual(Uint8Array.of(9, 2))
    expect(tpm.open.size).toBe(0)
  })

  it('is not replaced for other reasons', async () => {
    host = createTrustedHost({
      authority: client,
      tpm,
      clock,
      random,
      savedAttestationKey: Uint8Array.of(42),
    })
    const failure = new TrustholdError('TRANSPORT_FAILED', {
      endpoint: '/dev/tpmrm0',
      phase: 'write',
      reason: 'x',
    })
    tpm.failures.set('load', failure)
    expect(await rejectionOf(host.attest())).toBe(failure)
    expect(tpm.steps).not.toContain('create')
    expect(host.savedAttestationKey()).toEqual(Uint8Array.of(42))
  })

  it('of an attestation that was refused is not kept', async () => {
    client.answers.push(() => {
      throw new TrustholdError('ATTESTATION_REFUSED', { checks: [] })
    })
    await rejectionOf(host.attest())
    expect(host.savedAttestationKey()).toBeUndefined()
  })
})

describe('the token', () => {
  it('is kept for three quarters of its life, to the millisecond', async () => {
    const first = await host.token()
    seconds(450)
    clock.time -= 1
    expect(await host.token()).toBe(first)
    clock.time += 1
    const second = await host.token()
    expect(second).not.toBe(first)
    seconds(449)
    expect(await host.token()).toBe(second)
  })

  it('is bound to a key of this host alone', async () => {
    const bindingOf = () => {
      const { document } = client.attestations.at(-2) as (typeof client.attestations)[number]
      return document.kind === 'hello' ? toHex(document.bindingKeyThumbprint) : ''
    }
    await host.attest()
    const first = bindingOf()
    await host.attest()
    expect(bindingOf()).toBe(first)
    await createTrustedHost({ authority: client, tpm, clock, random }).attest()
    expect(bindingOf()).not.toBe(first)
  })
})

describe('keys', () => {
  it('are asked for with a token and a proof for this very request', async () => {
    const { key, wrapped: form } = await host.generateKey('finance')
    expect(form).toBe('wrapped')
    expect(key.copy()).toEqual(plaintext)
    const opened = await host.decrypt(wrapped)
    expect(opened.copy()).toEqual(plaintext)
    expect(client.keyRequests.map(({ request }) => request)).toEqual([
      { provider: 'finance', length: 32, delivery: 'jwe' },
      { provider: 'finance', wrapped, delivery: 'jwe' },
    ])
    const verifier = createProofVerifier({ replay: mapGuard(), clock })
    const hello = client.attestations[0]?.document
    if (hello?.kind !== 'hello') throw new Error('no hello')
    const boundTo = Buffer.from(hello.bindingKeyThumbprint).toString('base64url')
    for (const { credentials } of client.keyRequests) {
      const target = { method: 'POST', url: client.keyOperationUrl, token: credentials.token }
      expect(thumbprint(await verifier.verify(credentials.proof, target, boundTo))).toBe(boundTo)
    }
    expect(legs()).toEqual(['hello', 'evidence'])
  })

  it('come bare when that is asked for', async () => {
    client.deliver = async () => ({ delivery: 'tls', plaintext: Uint8Array.of(1, 2, 3) })
    const { key } = await host.generateKey('finance', { delivery: 'tls', length: 16 })
    expect(key.copy()).toEqual(Uint8Array.of(1, 2, 3))
    expect(client.keyRequests[0]?.request).toEqual({ provider: 'finance', length: 16, delivery: 'tls' })
  })

  it('are refused in another form than was asked for', async () => {
    client.deliver = async () => ({ delivery: 'tls', plaintext: Uint8Array.of(1) })
    expect((await rejectionOf(host.generateKey('finance'))).code).toBe('SERVICE_ERROR')
    expect((await rejectionOf(host.decrypt(wrapped))).code).toBe('SERVICE_ERROR')
    const again = scriptedClient(clock)
    const other = createTrustedHost({ authority: again, tpm, clock, random })
    expect((await rejectionOf(other.generateKey('finance', { delivery: 'tls' }))).code).toBe('SERVICE_ERROR')
  })

  it.each([
    ['of another provider', { provider: 'marketing' }],
    ['for another host', { kid: 'x'.repeat(43) }],
    ['of another type', { typ: 'trusthold-key' }],
  ])('delivered as %s are refused', async (_, change) => {
    client.deliver = async (jwk, provider) => ({
      delivery: 'jwe',
      jwe: await encryptTo(
        jwk,
        { typ: 'trusthold-delivery', kid: thumbprint(jwk), provider, ...change },
        plaintext,
      ),
    })
    expect((await rejectionOf(host.generateKey('finance'))).code).toBe('JOSE_INVALID')
  })

  it('encrypted to another key are refused', async () => {
    const stranger = makeKey()
    client.deliver = async (jwk, provider) => ({
      delivery: 'jwe',
      jwe: await encryptTo(
        stranger.jwk,
        { typ: 'trusthold-delivery', kid: thumbprint(jwk), provider },
        plaintext,
      ),
    })
    expect((await rejectionOf(host.generateKey('finance'))).code).toBe('JOSE_INVALID')
  })

  it.each([
    ['nothing', ''],
    ['no JWE', 'a.b.c.d.e'],
    ['no provider', sealDirect(new Uint8Array(32), new Uint8Array(12), { kid: 'k' }, plaintext)],
    [
      'a provider that is a number',
      sealDirect(new Uint8Array(32), new Uint8Array(12), { provider: 1 }, plaintext),
    ],
    ['too much', `${wrapped}${'A'.repeat(4_096)}`],
  ])('wrapped as %s are refused before anything is asked', async (_, text) => {
    expect((await rejectionOf(host.decrypt(text))).code).toBe('WRAPPED_KEY_INVALID')
    expect([client.attestations.length, client.keyRequests.length, tpm.steps.length]).toEqual([0, 0, 0])
  })
})

describe('a token that the service no longer takes', () => {
  it('is renewed, and the call made once more', async () => {
    client.keyFailures.push(refusedToken())
    const { key } = await host.generateKey('finance')
    expect(key.copy()).toEqual(plaintext)
    expect(legs()).toHaveLength(4)
    const [first, second] = client.keyRequests.map(({ credentials }) => credentials)
    expect(first?.token).not.toBe(second?.token)
    expect(first?.proof).not.toBe(second?.proof)
  })

  it('is renewed once only', async () => {
    client.keyFailures.push(refusedToken(), refusedToken(), refusedToken())
    expect((await rejectionOf(host.decrypt(wrapped))).context).toMatchObject({ serviceCode: 'TOKEN_INVALID' })
    expect(client.keyRequests).toHaveLength(2)
  })

  it('is renewed once for calls that were refused at the same time', async () => {
    await host.token()
    client.keyFailures.push(refusedToken(), refusedToken())
    await Promise.all([host.generateKey('finance'), host.generateKey('finance')])
    expect(legs()).toHaveLength(4)
    // One that is refused late must not throw away what another renewed.
    let answer: (error: unknown) => void = () => undefined
    const late = new Promise<never>((_, reject) => (answer = reject))
    const deliver = client.deliver
    client.deliver = () => late
    const waiting = host.generateKey('finance')
    await new Promise(setImmediate)
    client.deliver = deliver
    client.keyFailures.push(refusedToken())
    await host.generateKey('finance')
    expect(legs()).toHaveLength(6)
    answer(refusedToken())
    await waiting
    expect(legs()).toHaveLength(6)
  })

  it.each([
    ['PROOF_INVALID', refusedToken('PROOF_INVALID')],
    ['PROVIDER_NOT_FOUND', refusedToken('PROVIDER_NOT_FOUND')],
    ['none', refusedToken('none')],
    [
      'a broken connection',
      new TrustholdError('TRANSPORT_FAILED', { endpoint: 'x', phase: 'read', reason: 'x' }),
    ],
    ['our own TOKEN_INVALID', new TrustholdError('TOKEN_INVALID', { check: 'x', reason: 'x' })],
  ])('is not renewed for %s', async (_, failure) => {
    client.keyFailures.push(failure)
    expect(await rejectionOf(host.generateKey('finance'))).toBe(failure)
    expect([client.keyRequests.length, legs().length]).toEqual([1, 2])
  })
})

describe('close', () => {
  it('leaves a client that was passed in, and the TPM, open', async () => {
    await host.close()
    expect(client.closed).toBe(0)
  })

  it('closes a client that was made here', async () => {
    const own = createTrustedHost({ authority: 'https://127.0.0.1:1', tpm, clock, random })
    await own.close()
    expect((await rejectionOf(own.attest())).code).toBe('TRANSPORT_CLOSED')
    expect(tpm.open.size).toBe(0)
  })
})
