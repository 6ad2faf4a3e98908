import { concatBytes } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import {
  type AttestType,
  akTemplates,
  computeNvName,
  digestOf,
  nvAttributes,
  pcrDigest,
  permanentHandles,
  publicKeyOf,
  type TpmsAttest,
  type TpmsNvPublic,
  tpmsAttest,
  tpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  certify,
  certifyCreation,
  createPrimary,
  evictControl,
  flushContext,
  getTime,
  nvCertify,
  nvDefineSpace,
  nvRead,
  nvReadPublic,
  nvUndefineSpace,
  nvWrite,
  type PrimaryKey,
  passwordSession,
  pcrEvent,
  pcrExtend,
  pcrRead,
  quote,
  readClock,
  type SignedStatement,
} from '../../src/commands/index.js'
import { encryptParameters, openSession } from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'
import { sha256Pcrs, useLiveTpm } from '../live-tpm.js'

const tpm = useLiveTpm()
const session = passwordSession()
const hierarchy = permanentHandles.owner
const qualifyingData = Uint8Array.of(1, 2, 3, 4)

let key: PrimaryKey
beforeAll(async () => {
  const made = await createPrimary(tpm.runner, {
    hierarchy: permanentHandles.endorsement,
    session,
    template: akTemplates['ecc-p256'],
  })
  const persistentHandle = 0x8100_0100
  await evictControl(tpm.runner, { hierarchy, session, object: made, persistentHandle })
  await flushContext(tpm.runner, made.handle)
  key = { ...made, handle: persistentHandle }
})

/** What the statement says, once signature, kind and qualifying data are right. */
function statementOf<T extends AttestType>(
  type: T,
  statement: SignedStatement,
): Extract<TpmsAttest, { type: T }> {
  const { message } = statement
  const signature = decode(tpmtSignature, statement.signature)
  expect(verifySignature({ key: publicKeyOf(key.publicArea), signature, message })).toBe(true)
  const attest = decode(tpmsAttest, message)
  expect(attest).toMatchObject({ type, extraData: qualifyingData })
  return attest as Extract<TpmsAttest, { type: T }>
}

describe('PCRs', () => {
  test('are extended by digests and by data, and read', async () => {
    const before = await pcrRead(tpm.runner, sha256Pcrs(16, 23))
    expect(before.selection).toEqual(sha256Pcrs(16, 23))
    const digest = digestOf('sha256', Uint8Array.of(1))
    await pcrExtend(tpm.runner, { pcr: 23, session, digests: [{ hashAlg: 'sha256', digest }] })
    const digests = await pcrEvent(tpm.runner, { pcr: 16, session, data: Uint8Array.of(1) })
    expect(digests).toContainEqual({ hashAlg: 'sha256', digest })
    const after = await pcrRead(tpm.runner, sha256Pcrs(16, 23))
    expect(after.values).toEqual(before.values.map((value) => digestOf('sha256', concatBytes(value, digest))))
  })

  test('are quoted', async () => {
    const selection = sha256Pcrs(0, 16)
    const { values } = await pcrRead(tpm.runner, selection)
    const { attested } = statementOf(
      'quote',
      await quote(tpm.runner, { key, session, qualifyingData, selection }),
    )
    expect(attested).toEqual({ pcrSelect: selection, pcrDigest: pcrDigest('sha256', values) })
  })
})

describe('statements', () => {
  test('say that an object is loaded, and how it was made', async () => {
    const object = await createPrimary(tpm.runner, { hierarchy, session, template: akTemplates['ecc-p384'] })
    const certified = await certify(tpm.runner, {
      object,
      objectSession: session,
      key,
      keySession: session,
      qualifyingData,
    })
    expect(statementOf('certify', certified).attested.name).toEqual(object.name)
    const input = { key, session, object, qualifyingData }
    const created = await certifyCreation(tpm.runner, { ...input, creation: object.creation })
    expect(statementOf('creation', created).attested).toEqual({
      objectName: object.name,
      creationHash: object.creation.hash,
    })
    const other = { ...object.creation, hash: digestOf('sha384', object.creation.hash) }
    await expect(certifyCreation(tpm.runner, { ...input, creation: other })).rejects.toThrow(
      codeOf('TPM_RESPONSE', {
        name: 'TPM_RC_TICKET',
        subject: 'parameter',
        index: 4,
        field: 'creationTicket',
      }),
    )
    await flushContext(tpm.runner, object.handle)
  })

  test('tell the time, as the clock does', async () => {
    const before = await readClock(tpm.runner)
    const timed = await getTime(tpm.runner, { endorsementSession: session, key, session, qualifyingData })
    const { clockInfo, attested } = statementOf('time', timed)
    expect(attested.time.clockInfo).toEqual(clockInfo)
    expect(clockInfo.resetCount).toBe(before.clockInfo.resetCount)
    expect(attested.time.time).toBeGreaterThanOrEqual(before.time)
  })
})

describe('NV indices', () => {
  const index = 0x0180_1234
  const password = new TextEncoder().encode('an NV password')
  const content = new TextEncoder().encode('what the NV index holds in secret')
  const publicInfo: TpmsNvPublic = {
    nvIndex: index,
    nameAlg: 'sha256',
    attributes: nvAttributes('ordinary', 'authRead', 'authWrite', 'noDA'),
    authPolicy: new Uint8Array(),
    dataSize: content.length,
  }
  const seen = (bytes: Uint8Array): boolean =>
    tpm.traffic.some(({ command, response }) =>
      Buffer.concat([command, response]).includes(Buffer.from(bytes)),
    )

  afterAll(async () => {
    await nvUndefineSpace(tpm.runner, { hierarchy, session, index }).catch(() => undefined)
  })

  test('are defined, written, read, certified and removed, without a secret on the bus', async () => {
    await using encryption = await openSession(tpm.runner, {
      salt: { handle: tpm.srk.handle, expected: tpm.srk.name },
    })
    await using authorization = await openSession(tpm.runner)
    const secure = encryptParameters(tpm.runner, encryption)
    await nvDefineSpace(secure, { hierarchy, session, authValue: password, publicInfo })

    const unwritten = { handle: index, name: computeNvName(publicInfo) }
    expect(await nvReadPublic(tpm.runner, index)).toEqual(publicInfo)
    const owned = authorization.withAuth(password)
    await nvWrite(secure, {
      authorization: unwritten,
      session: owned,
      index: unwritten,
      data: content,
      offset: 0,
    })

    const written = await nvReadPublic(tpm.runner, index)
    expect(written.attributes).toEqual({ ...publicInfo.attributes, written: true })
    const named = { handle: index, name: computeNvName(written) }
    const reading = {
      authorization: named,
      session: owned,
      index: named,
      size: content.length - 5,
      offset: 5,
    }
    expect(await nvRead(secure, reading)).toEqual(content.slice(5))

    const certified = await nvCertify(secure, {
      key,
      keySession: session,
      authorization: named,
      session: owned,
      index: named,
      qualifyingData,
      size: 4,
      offset: 2,
    })
    expect(statementOf('nv', certified).attested).toEqual({
      indexName: named.name,
      offset: 2,
      nvContents: content.slice(2, 6),
    })
    expect([seen(password), seen(content), seen(content.slice(5))]).toEqual([false, false, false])

    await nvUndefineSpace(tpm.runner, { hierarchy, session, index: named })
    await expect(nvReadPublic(tpm.runner, index)).rejects.toThrow(
      codeOf('TPM_RESPONSE', { name: 'TPM_RC_HANDLE', subject: 'handle', index: 1, field: 'nvIndex' }),
    )
  })

  test('under a name that is not theirs do nothing', async () => {
    await nvDefineSpace(tpm.runner, { hierarchy, session, publicInfo })
    await using authorization = await openSession(tpm.runner)
    const wrong = { handle: index, name: computeNvName({ ...publicInfo, dataSize: 1 }) }
    const writing = { authorization: wrong, index: wrong, session: authorization, data: content, offset: 0 }
    await expect(nvWrite(tpm.runner, writing)).rejects.toThrow(
      codeOf('TPM_RESPONSE', { subject: 'session', index: 1 }),
    )
    await expect(nvWrite(tpm.runner, { ...writing, index })).rejects.toThrow(
      codeOf('ARGUMENT_INVALID', { name: 'handle 0x1801234' }),
    )
    await nvUndefineSpace(tpm.runner, { hierarchy, session, index })
  })
})
