import { describe, expect, test } from 'vitest'
import { getRandom, startup, unseal } from '../../src/commands/index.js'
import { encryptParameters, openSession } from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'
import { useLiveTpm } from '../live-tpm.js'
import { withSealed } from './sealed.js'

describe.each(['swtpm', 'software TPM'] as const)('on %s', (kind) => {
  const tpm = useLiveTpm(kind)
  const salt = () => ({ handle: tpm.srk.handle, expected: tpm.srk.name })

  test('a TPM that was reset is noticed by the next command, and the session by the one after TPM2_Startup', async () => {
    await using session = await openSession(tpm.runner, { salt: salt() })
    const secure = encryptParameters(tpm.runner, session)
    await getRandom(secure, 16)
    await tpm.restart()
    await expect(getRandom(secure, 16)).rejects.toThrow(
      codeOf('TPM_NOT_STARTED', { command: 'TPM2_GetRandom' }),
    )
    await startup(tpm.runner)
    await expect(getRandom(secure, 16)).rejects.toThrow(
      codeOf('TPM_RESPONSE', { name: 'TPM_RC_REFERENCE_S0', subject: 'session', index: 1 }),
    )
    await session.close()
    await using another = await openSession(tpm.runner, { salt: salt() })
    await getRandom(encryptParameters(tpm.runner, another), 16)
  })

  test('an object that went with a reset is named', async () => {
    await withSealed(tpm, {}, async (item) => {
      await tpm.restart()
      await startup(tpm.runner)
      await using session = await openSession(tpm.runner, { salt: salt() })
      await expect(unseal(tpm.runner, { item, session })).rejects.toThrow(
        codeOf('TPM_RESPONSE', {
          name: 'TPM_RC_REFERENCE_H0',
          subject: 'handle',
          index: 1,
          field: 'itemHandle',
        }),
      )
    }).catch((error: unknown) => {
      // The object is gone, so it cannot be flushed.
      expect(error).toEqual(codeOf('TPM_RESPONSE', { command: 'TPM2_FlushContext' }))
    })
    expect.assertions(2)
  })
})
