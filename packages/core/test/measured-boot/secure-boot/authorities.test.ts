import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../src/bytes/index.js'
import {
  eventTypes,
  globalVariable,
  imageSecurityDatabase,
  type SecureBootAuthority,
  shimLock,
} from '../../../src/measured-boot/index.js'
import {
  all,
  authority,
  certificate,
  entry,
  factsOf,
  goodPolicy,
  hash,
  logOf,
  otherOwner,
  owner,
  type PolicyStep,
  policyWith,
  stateOf,
  variableData,
  vendorCertificate,
} from './policies.js'

function authoritiesOf(changes: Parameters<typeof policyWith>[0]): readonly SecureBootAuthority[] {
  const { authorities } = stateOf(policyWith(changes))
  expect(authorities.verified).toBe(true)
  return authorities.verified ? authorities.value : []
}

test('are listed with their signatures and where these stand', () => {
  expect(authoritiesOf({})).toEqual([
    {
      event: 7,
      phase: 'after',
      variable: 'db',
      source: 'db',
      owner,
      type: 'EFI_CERT_X509_GUID',
      data: certificate(2),
    },
    {
      event: 9,
      phase: 'after',
      variable: 'Shim',
      source: 'vendor',
      owner: undefined,
      type: 'EFI_CERT_X509_GUID',
      data: vendorCertificate,
    },
  ])
})

describe('an entry of db', () => {
  test.each<[string, Uint8Array, Partial<SecureBootAuthority>]>([
    ['is found', entry(certificate(1)), { source: 'db', type: 'EFI_CERT_X509_GUID' }],
    ['is found without its owner', certificate(1), { source: 'db', owner: undefined }],
    ['is found as a hash', entry(hash(5)), { source: 'db', type: 'EFI_CERT_SHA256_GUID' }],
    ['is not found under another owner', entry(certificate(1), otherOwner), { source: 'unknown' }],
    [
      'is not found when it is another one',
      entry(certificate(4)),
      { source: 'unknown', type: 'EFI_CERT_X509_GUID' },
    ],
    ['is not found in dbx', entry(hash(6)), { source: 'unknown', type: 'EFI_CERT_SHA256_GUID' }],
    ['is not found when it is longer', concatBytes(entry(hash(5)), Uint8Array.of(0)), { source: 'unknown' }],
    ['is not found when it is empty', new Uint8Array(0), { source: 'unknown', type: undefined }],
  ])('%s', (_, data, found) => {
    const [first] = authoritiesOf({ authority: authority(imageSecurityDatabase, 'db', data) })
    expect(first).toMatchObject(found)
  })

  test('vouches before the separator too, and db is still told', () => {
    const driver = authority(imageSecurityDatabase, 'db', entry(certificate(1)))
    const { authorities, db, findings } = stateOf(policyWith({ dbx: [goodPolicy.dbx, driver] }))
    expect(authorities).toMatchObject({ verified: true, value: [{ phase: 'before', source: 'db' }, {}, {}] })
    expect(db).toMatchObject({ verified: true, event: 4 })
    expect(findings).toEqual([])
  })

  test('T-14: is no statement of db when its label says so', () => {
    const driver: PolicyStep = {
      type: eventTypes.EV_EFI_VARIABLE_DRIVER_CONFIG,
      data: variableData(imageSecurityDatabase, 'db', entry(certificate(4))),
    }
    const { db } = stateOf(policyWith({ dbx: [goodPolicy.dbx, driver] }))
    expect(db).toMatchObject({ verified: false, reason: expect.stringContaining('more than once') })
  })

  test('T-14: db stays db under the label of an authority', () => {
    const relabelled = { ...goodPolicy.db, type: eventTypes.EV_EFI_VARIABLE_AUTHORITY }
    const forged = { ...goodPolicy.db, data: variableData(imageSecurityDatabase, 'db', new Uint8Array(0)) }
    expect(stateOf(policyWith({ db: relabelled })).db).toMatchObject({ verified: false })
    expect(stateOf(policyWith({ db: [relabelled, forged] })).db).toMatchObject({ verified: false })
  })
})

test.each([
  [shimLock, 'Shim', certificate(4), 'vendor'],
  [shimLock, 'vendor_db', entry(certificate(4)), 'vendor'],
  [imageSecurityDatabase, 'vendor_db', entry(certificate(4)), 'vendor'],
  [shimLock, 'MokList', entry(certificate(4)), 'mok'],
  [shimLock, 'MokListRT', entry(certificate(4)), 'mok'],
] as const)('%s %s vouches for shim', (vendor, name, data, source) => {
  expect(authoritiesOf({ vendor: authority(vendor, name, data) })[1]).toMatchObject({
    source,
    variable: name,
    data: certificate(4),
  })
})

test.each([
  [globalVariable, 'db'],
  [shimLock, 'db'],
  [imageSecurityDatabase, 'Shim'],
  [imageSecurityDatabase, 'dbx'],
] as const)('%s %s vouches for nothing', (vendor, name) => {
  const authorities = authoritiesOf({ vendor: authority(vendor, name, entry(certificate(1))) })
  expect(authorities).toHaveLength(1)
})

test('old versions of shim log what they measure with zeros and one byte more', () => {
  const measured = concatBytes(variableData(shimLock, 'Shim', certificate(4)), new Uint8Array(5))
  const old: PolicyStep = {
    type: eventTypes.EV_EFI_VARIABLE_AUTHORITY,
    data: concatBytes(measured, Uint8Array.of(0xaf)),
    digestOf: measured,
  }
  expect(authoritiesOf({ vendor: old })[1]).toMatchObject({ source: 'vendor', data: certificate(4) })
  const longer = { ...old, data: concatBytes(measured, Uint8Array.of(0xaf, 0xaf)) }
  expect(stateOf(policyWith({ vendor: longer })).authorities).toMatchObject({ verified: false })
})

test.each([new Uint8Array(6), Uint8Array.of(0, 1)])('%o behind a variable is no padding', (rest) => {
  const data = concatBytes(variableData(shimLock, 'Shim', certificate(4)), rest)
  const { authorities, findings } = stateOf(
    policyWith({ vendor: { type: eventTypes.EV_EFI_VARIABLE_AUTHORITY, data } }),
  )
  expect(authorities).toMatchObject({ verified: true, value: [{ source: 'db' }] })
  expect(findings).toMatchObject([{ code: 'event-unknown', event: 9 }])
})

describe('are only hints', () => {
  test.each<[string, Parameters<typeof policyWith>[0]]>([
    ['with a hidden event before the separator', { dbx: { ...goodPolicy.dbx, digestOf: 'something else' } }],
    ['with a hidden event after it', { later: { ...goodPolicy.vendor, digestOf: 'something else' } }],
    ['without a separator', { separator: undefined }],
  ])('%s', (_, changes) => {
    const { authorities } = stateOf(policyWith(changes))
    expect(authorities).toMatchObject({ verified: false, hint: expect.arrayContaining([]) })
  })

  test('without a proof of PCR 7', () => {
    const { authorities } = factsOf(
      logOf(policyWith()),
      all.filter((pcr) => pcr !== 7),
    ).secureBoot
    expect(authorities).toMatchObject({ verified: false, hint: [{ source: 'db' }, { source: 'vendor' }] })
  })
})
