import { objectAttributes, permanentHandles } from '@trusthold/core/tpm2'
import { expect, test } from 'vitest'
import {
  create,
  dictionaryAttackLockReset,
  dictionaryAttackParameters,
  flushContext,
  hierarchyChangeAuth,
  load,
  passwordSession,
  unseal,
} from '../../src/commands/index.js'
import { codeOf } from '../code-of.js'
import { useLiveTpm } from '../live-tpm.js'
import { plain, sealTemplate } from '../sessions/sealed.js'

const tpm = useLiveTpm()
const password = Uint8Array.of(1, 2, 3)
const session = passwordSession()

test('a TPM that is locked out says until when, and opens again when it is told to', async () => {
  const { runner, srk } = tpm
  await dictionaryAttackParameters(runner, {
    session,
    maxTries: 2,
    recoverySeconds: 4321,
    lockoutRecoverySeconds: 1234,
  })
  const template = {
    ...sealTemplate(),
    objectAttributes: objectAttributes('fixedTPM', 'fixedParent', 'userWithAuth'),
  }
  const key = await create(runner, { parent: srk, session, template, data: plain, authValue: password })
  const item = await load(runner, { parent: srk, session, key })

  for (let i = 0; i < 2; i++) {
    await expect(unseal(runner, { item, session })).rejects.toThrow(
      codeOf('TPM_RESPONSE', { name: 'TPM_RC_AUTH_FAIL', subject: 'session', index: 1 }),
    )
  }
  tpm.traffic.length = 0
  const locked = unseal(runner, { item, session: passwordSession(password) })
  await expect(locked).rejects.toThrow(
    codeOf('TPM_LOCKED_OUT', { command: 'TPM2_Unseal', recoverySeconds: 4321 }),
  )
  await expect(locked).rejects.toMatchObject({ retryable: true })
  // It was sent once; the second command asked for the time.
  expect(tpm.traffic).toHaveLength(2)

  await dictionaryAttackLockReset(runner, session)
  expect(await unseal(runner, { item, session: passwordSession(password) })).toEqual(plain)
  await flushContext(runner, item.handle)
})

test('the lockout authorisation has a time of its own', async () => {
  const { runner } = tpm
  const hierarchy = permanentHandles.lockout
  await hierarchyChangeAuth(runner, { hierarchy, session, newAuth: password })
  await expect(dictionaryAttackLockReset(runner, session)).rejects.toThrow(codeOf('TPM_RESPONSE'))
  await expect(dictionaryAttackLockReset(runner, passwordSession(password))).rejects.toThrow(
    codeOf('TPM_LOCKED_OUT', { command: 'TPM2_DictionaryAttackLockReset', recoverySeconds: 1234 }),
  )
})
