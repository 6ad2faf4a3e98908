import {
  policyAuthValue as authValueStep,
  computePolicyDigest,
  permanentHandles,
  srkTemplates,
} from '@trusthold/core/tpm2'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type CommandRunner,
  create,
  createPrimary,
  evictControl,
  flushContext,
  getRandom,
  hierarchyChangeAuth,
  passwordSession,
  policyAuthValue,
  policyPassword,
  type Session,
  unseal,
} from '../../src/commands/index.js'
import {
  encryptParameters,
  openSession,
  type SaltKey,
  type SessionOptions,
} from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'
import { useLiveTpm } from '../live-tpm.js'
import { crossed, plain, sealTemplate, withSealed } from './sealed.js'

describe.each(['swtpm', 'software TPM'] as const)('on %s', (kind) => {
  const tpm = useLiveTpm(kind)
  const password = Uint8Array.of(0x70, 0x61, 0x73, 0x73, 0x77, 0x6f, 0x72, 0x64)
  const salt = () => ({ handle: tpm.srk.handle, expected: tpm.srk.name })
  let rsaKey: SaltKey
  beforeAll(async () => {
    const [hierarchy, persistentHandle] = [permanentHandles.owner, 0x8100_0002]
    const session = passwordSession()
    const made = await createPrimary(tpm.runner, { hierarchy, session, template: srkTemplates['rsa-2048'] })
    await evictControl(tpm.runner, { hierarchy, session, object: made, persistentHandle })
    await flushContext(tpm.runner, made.handle)
    rsaKey = { handle: persistentHandle, expected: made.publicArea }
  })

  describe('a sealed object opens', () => {
    test.each<[string, () => Promise<SessionOptions>, boolean]>([
      ['neither salted nor bound', async () => ({}), true],
      ['salted to an elliptic-curve key by its name', async () => ({ salt: salt() }), false],
      [
        'salted by its public area',
        async () => ({ salt: { ...salt(), expected: tpm.srk.publicArea } }),
        false,
      ],
      ['salted to an RSA key', async () => ({ salt: rsaKey }), false],
      ['with SHA-384 and AES-256', async () => ({ salt: salt(), hash: 'sha384', keyBits: 256 }), false],
      ['with SHA-1', async () => ({ salt: salt(), hash: 'sha1' }), false],
      [
        'bound to a hierarchy',
        async () => ({ bind: { entity: permanentHandles.owner, authValue: new Uint8Array() } }),
        false,
      ],
    ])('to an HMAC session, %s', async (_what, options, visible) => {
      await withSealed(tpm, { authValue: password }, async (item) => {
        await using session = await openSession(tpm.runner, await options())
        tpm.traffic.length = 0
        for (let i = 0; i < 3; i++) {
          expect(await unseal(tpm.runner, { item, session: session.withAuth(password) })).toEqual(plain)
        }
        expect(crossed(tpm, plain)).toBe(visible)
        expect(crossed(tpm, password)).toBe(false)
      })
    })

    test('to a session that is bound to it, for which the password is in the key already', async () => {
      await withSealed(tpm, { authValue: password }, async (item) => {
        await using session = await openSession(tpm.runner, {
          salt: salt(),
          bind: { entity: item, authValue: password },
        })
        expect(await unseal(tpm.runner, { item, session: session.withAuth(password) })).toEqual(plain)
        await withSealed(tpm, { authValue: password }, async (other) => {
          expect(await unseal(tpm.runner, { item: other, session: session.withAuth(password) })).toEqual(
            plain,
          )
        })
        expect(crossed(tpm, plain)).toBe(false)
      })
    })

    test('with a password that ends in zeros, which TPMs leave away', async () => {
      const zeros = Uint8Array.of(1, 2, 0, 3, 0, 0)
      await withSealed(tpm, { authValue: zeros }, async (item) => {
        await using session = await openSession(tpm.runner, { salt: salt() })
        for (const authValue of [zeros, zeros.slice(0, 4)]) {
          expect(await unseal(tpm.runner, { item, session: session.withAuth(authValue) })).toEqual(plain)
        }
      })
    })

    test.each([false, true])(
      'by its password beside a session that encrypts (which authorises: %s)',
      async (hmac) => {
        await withSealed(tpm, { authValue: password }, async (item) => {
          await using encryption = await openSession(tpm.runner, { salt: salt() })
          await using authorization = await openSession(tpm.runner)
          // A session that only encrypts authorises nothing, so that its password is not in its key.
          const secure = encryptParameters(tpm.runner, encryption.withAuth(password))
          const session = hmac ? authorization.withAuth(password) : passwordSession(password)
          tpm.traffic.length = 0
          expect(await unseal(secure, { item, session })).toEqual(plain)
          expect(await unseal(secure, { item, session })).toEqual(plain)
          expect(crossed(tpm, plain)).toBe(false)
        })
      },
    )

    test.each(['none', 'salted'])(
      'under a policy with its password, by HMAC or in the clear (%s)',
      async (how) => {
        const authPolicy = computePolicyDigest('sha256', authValueStep)
        await withSealed(tpm, { authValue: password, authPolicy }, async (item) => {
          const options = how === 'salted' ? { salt: salt() } : {}
          await using session = await openSession(tpm.runner, { type: 'policy', ...options })
          tpm.traffic.length = 0
          await policyAuthValue(tpm.runner, session.handle)
          expect(await unseal(tpm.runner, { item, session: session.withAuth(password, 'hmac') })).toEqual(
            plain,
          )
          expect(crossed(tpm, password)).toBe(false)
          await policyPassword(tpm.runner, session.handle)
          expect(await unseal(tpm.runner, { item, session: session.withAuth(password, 'password') })).toEqual(
            plain,
          )
          expect(crossed(tpm, password)).toBe(true)
          expect(crossed(tpm, plain)).toBe(how === 'none')
        })
      },
    )
  })

  describe('secrets on their way in', () => {
    test('are encrypted', async () => {
      await using session = await openSession(tpm.runner, { salt: salt() })
      const input = { parent: tpm.srk, template: sealTemplate(), data: plain, authValue: password }
      await create(tpm.runner, { ...input, session })
      expect(crossed(tpm, plain)).toBe(false)
      expect(crossed(tpm, password)).toBe(false)
      await create(tpm.runner, { ...input, session: passwordSession() })
      expect(crossed(tpm, plain)).toBe(true)
    })

    test('are encrypted by the last session that can, with its nonce in the HMAC of the first', async () => {
      await withSealed(tpm, { authValue: password }, async (item) => {
        await using first = await openSession(tpm.runner, { salt: salt() })
        await using second = await openSession(tpm.runner, { salt: salt(), hash: 'sha384' })
        const beside: CommandRunner = {
          run: (command, input) =>
            tpm.runner.run(command, { ...input, sessions: [...(input.sessions ?? []), second] }),
        }
        for (let i = 0; i < 2; i++) {
          expect(await unseal(beside, { item, session: first.withAuth(password) })).toEqual(plain)
        }
        const input = { parent: tpm.srk, template: sealTemplate(), data: plain }
        await create(beside, { ...input, session: first })
        expect(crossed(tpm, plain)).toBe(false)
      })
    })

    test('a hierarchy gets a password, and loses it again', async () => {
      const hierarchy = permanentHandles.owner
      await using session = await openSession(tpm.runner, { salt: salt() })
      await hierarchyChangeAuth(tpm.runner, { hierarchy, session, newAuth: password })
      await using bound = await openSession(tpm.runner, { bind: { entity: hierarchy, authValue: password } })
      await hierarchyChangeAuth(tpm.runner, {
        hierarchy,
        session: bound.withAuth(password),
        newAuth: new Uint8Array(),
      })
      expect(crossed(tpm, password)).toBe(false)
    })
  })

  describe('random bytes', () => {
    test('come encrypted', async () => {
      await using session = await openSession(tpm.runner, { salt: salt() })
      const bytes = await getRandom(encryptParameters(tpm.runner, session), 100)
      expect(bytes).toHaveLength(100)
      expect(crossed(tpm, bytes.subarray(0, 16))).toBe(false)
    })
  })

  describe('a session that encrypts', () => {
    test('may authorise at the same time, and does not keep others from being opened', async () => {
      await using session = await openSession(tpm.runner, { salt: salt() })
      const secure = encryptParameters(tpm.runner, session)
      await create(secure, { parent: tpm.srk, session, template: sealTemplate(), data: plain })
      await using other = await openSession(secure, { salt: salt() })
      expect(other.handle).not.toBe(session.handle)
      expect(crossed(tpm, plain)).toBe(false)
    })

    test('goes on after a command that was not sent', async () => {
      await using session = await openSession(tpm.runner, { salt: salt() })
      const secure = encryptParameters(tpm.runner, session)
      const unnamed = create(secure, {
        parent: tpm.srk.handle,
        session: passwordSession(),
        template: sealTemplate(),
        data: plain,
      })
      await expect(unnamed).rejects.toThrow(codeOf('ARGUMENT_INVALID', { name: 'handle 0x81000001' }))
      expect(await getRandom(secure, 8)).toHaveLength(8)
    })

    test('is not bound to what has no name', async () => {
      const bind = { entity: tpm.srk.handle, authValue: password }
      await expect(openSession(tpm.runner, { bind })).rejects.toThrow(codeOf('ARGUMENT_INVALID'))
    })
  })

  describe('a session that is bound to a hierarchy', () => {
    test('proves the password again once it was changed', async () => {
      const hierarchy = permanentHandles.owner
      const change = (session: Session, newAuth: Uint8Array): Promise<void> =>
        hierarchyChangeAuth(tpm.runner, { hierarchy, session, newAuth })
      const next = Uint8Array.of(9, 9, 9)
      await change(passwordSession(), password)
      await using session = await openSession(tpm.runner, {
        bind: { entity: hierarchy, authValue: password },
      })
      await change(session.withAuth(password), next)
      await change(session.withAuth(next), password)
      await change(session.withAuth(password), new Uint8Array())
    })
  })

  describe('a wrong password', () => {
    test('is told, and the session goes on', async () => {
      await withSealed(tpm, { authValue: password }, async (item) => {
        await using session = await openSession(tpm.runner, { salt: salt() })
        await expect(unseal(tpm.runner, { item, session })).rejects.toThrow(
          codeOf('TPM_RESPONSE', { name: 'TPM_RC_BAD_AUTH', subject: 'session', index: 1 }),
        )
        expect(await unseal(tpm.runner, { item, session: session.withAuth(password) })).toEqual(plain)
      })
    })
  })
})
