import { SecretBytes, utf8 } from '@trusthold/core/bytes'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createIdentities, type Embedded, startEmbedded, type TestIdentities } from './embedded.js'
import { attr, type Talker, talk } from './talker.js'

let identities: TestIdentities
let embedded: Embedded
let talker: Talker
/** Seconds since 1970; tests move it. */
let now = 1_000_000
beforeAll(async () => {
  identities = await createIdentities()
  embedded = await startEmbedded(identities, { clock: { now: () => now * 1_000 + 999 } })
  talker = await talk(embedded, identities, '2.1')
})
afterAll(async () => {
  await talker[Symbol.asyncDispose]()
  await embedded.server.close()
  await identities.remove()
})
beforeEach(() => {
  now = 1_000_000
})

const secretOf = (text: string): SecretBytes => SecretBytes.take(utf8(text))
const activate = (uniqueIdentifier: string) => talker.ask('Activate', { uniqueIdentifier })
const destroy = (uniqueIdentifier: string) => talker.ask('Destroy', { uniqueIdentifier })
const revocation = (uniqueIdentifier: string, revocationReasonCode: string, more: object = {}) => ({
  uniqueIdentifier,
  revocationReason: { revocationReasonCode },
  ...more,
})
const end = (id: string) => talker.ask('Revoke', revocation(id, 'CessationOfOperation'))
const compromise = (id: string) => talker.ask('Revoke', revocation(id, 'KeyCompromise'))

async function attributesOf(uniqueIdentifier: string): Promise<Record<string, unknown>> {
  const { attributes } = await talker.ask('GetAttributes', { uniqueIdentifier })
  return Object.fromEntries(
    (attributes as { name: string; value: unknown }[]).map(({ name, value }) => [name, value]),
  )
}
const stateOf = async (id: string): Promise<unknown> => (await attributesOf(id))['State']

/** How a key gets into each state. */
const ways: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  PreActive: async () => undefined,
  Active: activate,
  Deactivated: async (id) => {
    await activate(id)
    await end(id)
  },
  Compromised: compromise,
  Destroyed: destroy,
  DestroyedCompromised: async (id) => {
    await compromise(id)
    await destroy(id)
  },
}

const operations: Readonly<Record<string, (id: string) => readonly [string, object]>> = {
  activate: (id) => ['Activate', { uniqueIdentifier: id }],
  end: (id) => ['Revoke', revocation(id, 'CessationOfOperation')],
  compromise: (id) => ['Revoke', revocation(id, 'KeyCompromise')],
  destroy: (id) => ['Destroy', { uniqueIdentifier: id }],
  get: (id) => ['Get', { uniqueIdentifier: id }],
  rekey: (id) => ['ReKey', { uniqueIdentifier: id }],
}

const wrong = 'WrongKeyLifecycleState'
/** The state after an operation, or the reason why it is refused. */
const transitions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  PreActive: {
    activate: 'Active',
    end: wrong,
    compromise: 'Compromised',
    destroy: 'Destroyed',
    get: 'PreActive',
    rekey: 'PreActive',
  },
  Active: {
    activate: wrong,
    end: 'Deactivated',
    compromise: 'Compromised',
    destroy: wrong,
    get: 'Active',
    rekey: 'Active',
  },
  Deactivated: {
    activate: wrong,
    end: wrong,
    compromise: 'Compromised',
    destroy: 'Destroyed',
    get: 'Deactivated',
    rekey: 'Deactivated',
  },
  Compromised: {
    activate: wrong,
    end: wrong,
    compromise: wrong,
    destroy: 'DestroyedCompromised',
    get: 'Compromised',
    rekey: wrong,
  },
  Destroyed: {
    activate: 'ObjectDestroyed',
    end: 'ObjectDestroyed',
    compromise: 'DestroyedCompromised',
    destroy: 'ObjectDestroyed',
    get: 'ObjectDestroyed',
    rekey: 'ObjectDestroyed',
  },
  DestroyedCompromised: {
    activate: 'ObjectDestroyed',
    end: 'ObjectDestroyed',
    compromise: wrong,
    destroy: 'ObjectDestroyed',
    get: 'ObjectDestroyed',
    rekey: 'ObjectDestroyed',
  },
}

const cases = Object.entries(transitions).flatMap(([state, row]) =>
  Object.entries(row).map(([operation, outcome]) => [state, operation, outcome] as const),
)

test.each(cases)('%s, %s: %s', async (state, operation, outcome) => {
  const id = await talker.createKey()
  await ways[state]?.(id)
  expect(await stateOf(id)).toBe(state)
  const request = operations[operation] as (id: string) => readonly [never, object]
  const [name, payload] = request(id)
  if (outcome in transitions) {
    await talker.ask(name, payload)
    expect(await stateOf(id)).toBe(outcome)
  } else {
    expect(await talker.refused(name, payload)).toBe(outcome)
    expect(await stateOf(id)).toBe(state)
  }
})

describe('as time passes', () => {
  test('a key becomes active and is deactivated at its dates', async () => {
    const id = await talker.createKey(
      attr('ActivationDate', BigInt(now + 10)),
      attr('DeactivationDate', BigInt(now + 20)),
    )
    expect(await stateOf(id)).toBe('PreActive')
    now += 9
    expect(await stateOf(id)).toBe('PreActive')
    now += 1
    expect(await stateOf(id)).toBe('Active')
    expect(await talker.refused('Destroy', { uniqueIdentifier: id })).toBe(wrong)
    now += 9
    expect(await stateOf(id)).toBe('Active')
    now += 1
    expect(await stateOf(id)).toBe('Deactivated')
    await destroy(id)
  })

  test('a key whose date of activation is over is active at once', async () => {
    expect(await stateOf(await talker.createKey(attr('ActivationDate', BigInt(now - 1))))).toBe('Active')
  })

  test('a key that was never activated is not deactivated, and not activated when its end is over', async () => {
    const id = await talker.createKey(attr('DeactivationDate', BigInt(now + 1)))
    now += 5
    expect(await stateOf(id)).toBe('PreActive')
    expect(await talker.refused('Activate', { uniqueIdentifier: id })).toBe(wrong)
  })

  test('what changed is dated', async () => {
    const id = await talker.createKey()
    now += 1
    await activate(id)
    now += 1
    await talker.ask('Revoke', revocation(id, 'Superseded'))
    now += 1
    await talker.ask('Revoke', revocation(id, 'KeyCompromise', { compromiseOccurrenceDate: 1_000_001n }))
    now += 1
    await destroy(id)
    expect(await attributesOf(id)).toMatchObject({
      InitialDate: 1_000_000n,
      ActivationDate: 1_000_001n,
      DeactivationDate: 1_000_002n,
      CompromiseDate: 1_000_003n,
      CompromiseOccurrenceDate: 1_000_001n,
      DestroyDate: 1_000_004n,
      LastChangeDate: 1_000_004n,
      RevocationReason: { revocationReasonCode: 'KeyCompromise' },
    })
  })

  test('between Process Start Date and Protect Stop Date a key protects and processes', async () => {
    const id = await talker.createKey(
      attr('ActivationDate', BigInt(now)),
      attr('ProcessStartDate', BigInt(now + 10)),
      attr('ProtectStopDate', BigInt(now + 20)),
      attr('DeactivationDate', BigInt(now + 30)),
    )
    const cryptographicParameters = { blockCipherMode: 'CTR' }
    const sealed = await talker.ask('Encrypt', {
      uniqueIdentifier: id,
      cryptographicParameters,
      data: secretOf('text'),
    })
    const opening = {
      uniqueIdentifier: id,
      cryptographicParameters,
      data: sealed['data'],
      ivCounterNonce: sealed['ivCounterNonce'],
    }
    const sealing = { uniqueIdentifier: id, cryptographicParameters, data: secretOf('text') }
    expect(await talker.refused('Decrypt', opening)).toBe(wrong)
    now += 10
    await talker.ask('Decrypt', opening)
    await talker.ask('Encrypt', sealing)
    now += 10
    expect(await talker.refused('Encrypt', sealing)).toBe(wrong)
    await talker.ask('Decrypt', opening)
    now += 10
    expect(await stateOf(id)).toBe('Deactivated')
    await talker.ask('Decrypt', opening)
    await compromise(id)
    expect(await talker.refused('Decrypt', opening)).toBe(wrong)
  })
})

describe('what a revocation must not say', () => {
  test('a compromise in the future', async () => {
    const id = await talker.createKey()
    const request = revocation(id, 'KeyCompromise', { compromiseOccurrenceDate: BigInt(now + 1) })
    expect(await talker.refused('Revoke', request)).toBe('InvalidField')
    expect(await stateOf(id)).toBe('PreActive')
  })

  test('when something was compromised that was not', async () => {
    const id = await talker.createKey()
    await activate(id)
    const request = revocation(id, 'Superseded', { compromiseOccurrenceDate: BigInt(now) })
    expect(await talker.refused('Revoke', request)).toBe('InvalidField')
  })
})

describe('the archive', () => {
  test('an archived object is not used until it is recovered', async () => {
    const id = await talker.createKey()
    await talker.ask('Archive', { uniqueIdentifier: id })
    expect((await attributesOf(id))['ArchiveDate']).toBe(BigInt(now))
    for (const [name, payload] of [
      ['Get', { uniqueIdentifier: id }],
      ['Activate', { uniqueIdentifier: id }],
      ['Archive', { uniqueIdentifier: id }],
      ['Destroy', { uniqueIdentifier: id }],
    ] as const) {
      expect(await talker.refused(name, payload)).toBe('ObjectArchived')
    }
    await talker.ask('Recover', { uniqueIdentifier: id })
    expect(await attributesOf(id)).not.toHaveProperty('ArchiveDate')
    await talker.ask('Get', { uniqueIdentifier: id })
    // What is on line already stays so.
    await talker.ask('Recover', { uniqueIdentifier: id })
  })

  test('what was destroyed does not come back', async () => {
    const id = await talker.createKey()
    await destroy(id)
    expect(await talker.refused('Recover', { uniqueIdentifier: id })).toBe('ObjectDestroyed')
  })
})

test('an opaque object has no state: it is not activated nor ended, and destroyed as it is', async () => {
  const { uniqueIdentifier } = await talker.ask('Register', {
    objectType: 'OpaqueObject',
    attributes: [],
    opaqueObject: { opaqueDataType: 0x8000_0001, opaqueDataValue: secretOf('anything') },
  })
  const id = String(uniqueIdentifier)
  expect(await stateOf(id)).toBeUndefined()
  expect(await talker.refused('Activate', { uniqueIdentifier })).toBe('IllegalObjectType')
  expect(await talker.refused('Revoke', revocation(id, 'Superseded'))).toBe('IllegalObjectType')
  await destroy(id)
})

test('dates that contradict one another are refused', async () => {
  const create = (...attributes: object[]) =>
    talker.refused('Create', {
      objectType: 'SymmetricKey',
      attributes: [
        attr('CryptographicAlgorithm', 'AES'),
        attr('CryptographicLength', 256),
        attr('CryptographicUsageMask', 4),
        ...attributes,
      ],
    })
  const on = (name: string, date: number) => attr(name, BigInt(date))
  const wrongs = [
    [on('ActivationDate', 20), on('DeactivationDate', 10)],
    [on('ActivationDate', 20), on('ProcessStartDate', 10)],
    [on('ActivationDate', 20), on('ProtectStopDate', 10)],
    [on('DeactivationDate', 20), on('ProcessStartDate', 30)],
    [on('DeactivationDate', 20), on('ProtectStopDate', 30)],
  ]
  for (const attributes of wrongs) expect(await create(...attributes)).toBe('InvalidAttributeValue')
})
