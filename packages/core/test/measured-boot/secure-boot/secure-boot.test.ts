import { describe, expect, test } from 'vitest'
import { bootNames, loadBoot } from '../../../../../test/recordings/load.js'
import { toHex } from '../../../src/bytes/index.js'
import {
  bootFacts,
  compareLog,
  eventTypes,
  globalVariable,
  imageSecurityDatabase,
  parseEventLog,
  type SecureBootState,
  shimLock,
  type TcgEvent,
} from '../../../src/measured-boot/index.js'
import { separatorDigests } from '../../../src/measured-boot/secure-boot/separators.js'
import { systemdLog } from '../linux/boots.js'
import {
  action,
  all,
  authority,
  certificate,
  certificates,
  goodPolicy,
  hash,
  hashes,
  logOf,
  off,
  on,
  otherOwner,
  type PolicyStep,
  policyWith,
  stated,
  stateOf,
  variableData,
} from './policies.js'

const events = { SecureBoot: 1, PK: 2, KEK: 3, db: 4, dbx: 5 }

test('an event without a digest of the bank is no separator', () => {
  expect(
    separatorDigests('sha256').kindOf({ digest: () => undefined } as unknown as TcgEvent),
  ).toBeUndefined()
})

describe('a good policy', () => {
  const state = stateOf(policyWith())

  test('has its keys and databases as verified facts', () => {
    expect(state.enabled).toEqual({ verified: true, value: true, event: events.SecureBoot })
    expect(state.enforced).toEqual({ verified: true, value: true, event: events.SecureBoot })
    expect(state.platformKey).toEqual({
      verified: true,
      value: [certificates(certificate(9))],
      event: events.PK,
    })
    expect(state.keyExchangeKeys).toMatchObject({ value: [certificates(certificate(8))], event: events.KEK })
    expect(state.db).toMatchObject({
      value: [certificates(certificate(1), certificate(2)), hashes(hash(5))],
      event: events.db,
    })
    expect(state.dbx).toMatchObject({ value: [hashes(hash(6), hash(7))], event: events.dbx })
  })

  test('has modes only when they are measured', () => {
    expect(state.setupMode).toMatchObject({ verified: false, hint: undefined })
    const unset = stated(globalVariable, 'SetupMode', new Uint8Array(0))
    expect(stateOf(policyWith({ separator: [unset, 'separator'] })).setupMode).toEqual({
      verified: true,
      value: false,
      event: 6,
    })
    const modes = ['SetupMode', 'AuditMode', 'DeployedMode'].map((name) =>
      stated(globalVariable, name, name === 'DeployedMode' ? on : off),
    )
    const { setupMode, auditMode, deployedMode, enabled } = stateOf(
      policyWith({ separator: [...modes, 'separator'] }),
    )
    expect(setupMode).toEqual({ verified: true, value: false, event: 6 })
    expect(auditMode).toEqual({ verified: true, value: false, event: 7 })
    expect(deployedMode).toEqual({ verified: true, value: true, event: 8 })
    expect(enabled).toMatchObject({ verified: true, value: true })
  })

  test('has nothing strange', () => {
    expect(state.findings).toEqual([])
  })

  test('is nothing but hints while PCR 7 is not proved', () => {
    const doubted = stateOf(policyWith(), [0, 1, 2, 3, 4, 5, 6])
    for (const [name, fact] of Object.entries(doubted)) {
      if (name !== 'findings') expect(fact).toMatchObject({ verified: false })
    }
    expect(doubted.enabled).toMatchObject({ hint: true })
    expect(doubted.db).toMatchObject({ hint: [{}, {}] })
    expect(doubted.findings).toEqual([{ code: 'unproven', reason: 'PCR 7 is not proved by the log' }])
  })

  test('has no value where a variable has none that it can have', () => {
    const { dbx, setupMode, enabled } = stateOf(
      policyWith({
        dbx: stated(imageSecurityDatabase, 'dbx', certificate(1)),
        SecureBoot: stated(globalVariable, 'SecureBoot', off),
        separator: [stated(globalVariable, 'SetupMode', Uint8Array.of(2)), 'separator'],
      }),
    )
    expect(dbx).toMatchObject({ verified: false, hint: undefined, reason: expect.stringContaining('dbx') })
    expect(setupMode).toMatchObject({ verified: false, hint: undefined })
    expect(enabled).toMatchObject({ verified: true, value: false })
  })

  test('an unset database has no lists', () => {
    const unset = stateOf(policyWith({ dbx: stated(imageSecurityDatabase, 'dbx', new Uint8Array(0)) }))
    expect(unset.dbx).toEqual({ verified: true, value: [], event: events.dbx })
  })
})

describe('Secure Boot that is on is doubted', () => {
  test.each<[string, Readonly<Record<string, PolicyStep | readonly PolicyStep[]>>]>([
    ['in setup mode', { separator: [stated(globalVariable, 'SetupMode', on), 'separator'] }],
    ['in audit mode', { separator: [stated(globalVariable, 'AuditMode', on), 'separator'] }],
    [
      'in a mode that is none',
      { separator: [stated(globalVariable, 'SetupMode', Uint8Array.of(2)), 'separator'] },
    ],
    ['without a platform key', { PK: stated(globalVariable, 'PK', new Uint8Array(0)) }],
    [
      'in two modes at once',
      {
        separator: [
          stated(globalVariable, 'SetupMode', off),
          stated(globalVariable, 'SetupMode', on),
          'separator',
        ],
      },
    ],
  ])('%s', (_, changes) => {
    const { enabled, enforced, findings } = stateOf(policyWith(changes))
    expect(enabled).toMatchObject({ verified: false, hint: true })
    expect(enforced).toMatchObject({ verified: false, hint: true })
    expect(findings.map(({ code }) => code)).toContain('contradiction')
  })

  test('and off is believed in every mode', () => {
    const { enabled, enforced } = stateOf(
      policyWith({
        SecureBoot: stated(globalVariable, 'SecureBoot', off),
        PK: stated(globalVariable, 'PK', new Uint8Array(0)),
        separator: [stated(globalVariable, 'SetupMode', on), 'separator'],
      }),
    )
    expect(enabled).toMatchObject({ verified: true, value: false })
    expect(enforced).toMatchObject({ verified: true, value: false })
  })
})

describe('Secure Boot is on and not enforced', () => {
  test.each<[string, Readonly<Record<string, PolicyStep | readonly PolicyStep[]>>]>([
    ['with a debugger in the firmware', { dbx: [goodPolicy.dbx, action('UEFI Debug Mode')] }],
    ['with its text and a NUL', { dbx: [goodPolicy.dbx, action('UEFI Debug Mode\0')] }],
    ['when shim verifies nothing', { SbatLevel: authority(shimLock, 'MokSBState', on) }],
    [
      'when shim is told something else',
      { SbatLevel: authority(shimLock, 'MokSBState', Uint8Array.of(0, 0)) },
    ],
    ['when whoever runs later says so', { later: action('UEFI Debug Mode') }],
  ])('%s', (_, changes) => {
    const { enabled, enforced } = stateOf(policyWith(changes))
    expect(enabled).toMatchObject({ verified: true, value: true })
    expect(enforced).toMatchObject({ verified: true, value: false })
  })

  test.each<[string, Readonly<Record<string, PolicyStep | readonly PolicyStep[]>>]>([
    [
      'something after the separator is hidden',
      {
        later: {
          type: eventTypes.EV_EFI_VARIABLE_AUTHORITY,
          data: variableData(shimLock, 'MokSBState', off),
          digestOf: variableData(shimLock, 'MokSBState', on),
        },
      },
    ],
    [
      'something ran by an unknown signature',
      { authority: authority(imageSecurityDatabase, 'db', certificate(4)) },
    ],
  ])('or doubted when %s', (_, changes) => {
    const { enabled, enforced } = stateOf(policyWith(changes))
    expect(enabled).toMatchObject({ verified: true, value: true })
    expect(enforced).toMatchObject({ verified: false, hint: true })
  })

  test('but by settings of shim alone: not by what others call so, nor by what is no variable', () => {
    for (const later of [
      authority(otherOwner, 'MokSBState', on),
      stated(otherOwner, 'MokSBState', on),
      authority(shimLock, 'x'.repeat(1025), on),
    ]) {
      const { enabled, enforced, findings } = stateOf(policyWith({ later }))
      expect(enabled).toMatchObject({ verified: true, value: true })
      expect(enforced).not.toMatchObject({ verified: true, value: false })
      expect(findings.map(({ code }) => code)).not.toContain('shim-verification-disabled')
    }
  })

  test('what the operating system adds to PCR 7 makes its lists hints', () => {
    const log = parseEventLog(logOf(policyWith()).build().bytes)
    const later = [systemdLog({ pcr: 7, string: 'x' })]
    const { authorities } = bootFacts(log, 'sha256', all, later).secureBoot
    expect(authorities).toMatchObject({ verified: false, reason: 'the operating system extended PCR 7' })
  })

  test('MokSBState of zero changes nothing', () => {
    const { enforced, findings } = stateOf(policyWith({ later: authority(shimLock, 'MokSBState', off) }))
    expect(enforced).toMatchObject({ verified: true, value: true })
    expect(findings).toEqual([])
  })
})

describe.each(['boot-secure', 'boot-insecure', 'boot-uki'] as const)('%s', (name) => {
  test('T-14: no relabelling of an event in PCR 7 proves anything else', () => {
    const boot = loadBoot(name)
    const log = parseEventLog(boot.eventLog)
    const { matching } = compareLog(log, 'sha256', boot.pcrs.sha256)
    const proved = provedBy(bootFacts(log, 'sha256', matching).secureBoot)
    expect(proved.size).toBeGreaterThan(5)
    const relabelled = Uint8Array.from(boot.eventLog)
    const view = new DataView(relabelled.buffer)
    for (const { offset, pcr, type } of log.events.slice(1)) {
      if (pcr !== 7) continue
      for (const other of Object.values(eventTypes)) {
        // What is not extended leaves PCR 7 unproved.
        if (other === eventTypes.EV_NO_ACTION) continue
        view.setUint32(offset + 4, other, true)
        const state = bootFacts(parseEventLog(relabelled), 'sha256', matching).secureBoot
        for (const [key, value] of provedBy(state)) expect(value).toBe(proved.get(key))
      }
      view.setUint32(offset + 4, type, true)
    }
  }, 30_000)
})

/** All that is verified, as texts that are quick to compare. */
function provedBy(state: SecureBootState): ReadonlyMap<string, string> {
  const write = (_: string, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)
  return new Map(
    Object.entries(state).flatMap(([key, fact]: [string, { verified?: boolean }]) =>
      fact.verified === true ? [[key, JSON.stringify(fact, write)] as const] : [],
    ),
  )
}

describe.each(bootNames)('%s', (name) => {
  const boot = loadBoot(name)
  const log = parseEventLog(boot.eventLog)
  const { matching } = compareLog(log, 'sha256', boot.pcrs.sha256)
  const state = bootFacts(log, 'sha256', matching).secureBoot

  test('proves the state, the databases and all that vouched', () => {
    expect(state.enabled).toMatchObject({ verified: true, value: boot.secureBoot })
    expect(state.enforced).toMatchObject({ verified: true, value: boot.secureBoot })
    for (const fact of [state.platformKey, state.keyExchangeKeys, state.db, state.dbx, state.authorities]) {
      expect(fact.verified).toBe(true)
    }
    const codes = state.findings.map(({ code }) => code)
    const empty = state.dbx.verified && state.dbx.value.length === 0
    expect(codes).toEqual(empty ? ['revocations-empty'] : [])
  })

  test('has an authority for its first image when Secure Boot was on, and none otherwise', () => {
    const authorities = state.authorities.verified ? state.authorities.value : []
    if (!boot.secureBoot) return expect(authorities).toEqual([])
    expect(authorities[0]).toMatchObject({
      phase: 'after',
      variable: 'db',
      source: 'db',
      type: 'EFI_CERT_X509_GUID',
    })
    const others = authorities.slice(1).map(({ variable, source }) => `${variable} ${source}`)
    expect(others).toEqual(name === 'boot-uki' ? [] : ['MokListRT mok'])
  })
})
