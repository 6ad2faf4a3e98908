import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import { encode } from '../../../src/codec/index.js'
import { efiSignatureList, eventTypes, type ShimState, shimLock } from '../../../src/measured-boot/index.js'
import type { BuiltEvent } from '../../../src/testing/index.js'
import {
  authority,
  certificate,
  entry,
  factsOf,
  goodPolicy,
  logOf,
  off,
  on,
  owner,
  policyWith,
  vendorCertificate,
} from '../secure-boot/policies.js'
import { all, without } from './boots.js'

const list = (data: Uint8Array, by = shimLock) =>
  encode(efiSignatureList, {
    type: 'EFI_CERT_X509_GUID',
    header: new Uint8Array(0),
    signatures: [{ owner: by, data }],
  })
const placeholder = encode(efiSignatureList, {
  type: 'EFI_CERT_SHA256_GUID',
  header: new Uint8Array(0),
  signatures: [{ owner: shimLock, data: new Uint8Array(32) }],
})
const measured = (name: string, content: Uint8Array): BuiltEvent => ({
  pcr: 14,
  type: eventTypes.EV_IPL,
  data: `${name}\0`,
  digestOf: content,
})
const lists = [measured('MokList', list(vendorCertificate)), measured('MokListX', placeholder)]

function shimOf(
  changes: Parameters<typeof policyWith>[0] = {},
  events: readonly BuiltEvent[] = lists,
  matching: readonly number[] = all,
): ShimState {
  const builder = logOf(policyWith(changes))
  for (const event of events) builder.event(event)
  return factsOf(builder, matching).linux.shim
}

test('shim measures what it accepts, whom it trusts, and nothing else', () => {
  const shim = shimOf({ later: authority(shimLock, 'MokListTrusted', on) })
  expect(shim.verifies).toEqual({ verified: true, value: true })
  expect(shim.sbatLevel).toMatchObject({
    verified: true,
    event: 8,
    value: [{ component: 'sbat', generation: 1, fields: ['2025021800'] }, { component: 'shim' }, {}],
  })
  expect(shim.mokListTrusted).toEqual({ verified: true, value: true, event: 10 })
  expect(shim.mokList).toMatchObject({
    verified: true,
    value: { signatures: [{ owner: shimLock, data: vendorCertificate }] },
  })
  expect(shim.mokListX).toMatchObject({ verified: true, value: { signatures: [] } })
})

describe('verification', () => {
  test.each([
    [false, on],
    [true, off],
    [false, new Uint8Array(0)],
    [false, Uint8Array.of(0, 0)],
    [false, Uint8Array.of(2)],
  ])('is %s by MokSBState %o', (verifies, data) => {
    expect(shimOf({ later: authority(shimLock, 'MokSBState', data) }).verifies).toEqual({
      verified: true,
      value: verifies,
      event: 10,
    })
  })

  test('is unknown without a shim', () => {
    const none = { SbatLevel: undefined, vendor: undefined }
    expect(shimOf(none, []).verifies).toMatchObject({ verified: false, hint: undefined })
    const windows = [measured('x', utf8('y'))]
    expect(shimOf(none, windows).verifies).toMatchObject({ verified: false, hint: undefined })
    expect(shimOf(none).verifies).toMatchObject({ verified: true, value: true })
  })

  test('is doubtful when an event in PCR 7 is hidden', () => {
    const hidden = { ...authority(shimLock, 'MokSBState', off), digestOf: 'x' }
    expect(shimOf({ later: hidden }).verifies).toMatchObject({ verified: false, hint: true })
  })
})

describe('a setting', () => {
  test.each<[string, Parameters<typeof policyWith>[0]]>([
    ['that is missing', { SbatLevel: undefined }],
    ['that is there twice', { later: goodPolicy.SbatLevel }],
    ['that is there under both names', { later: authority(shimLock, 'SBAT', utf8('sbat,1\n')) }],
    ['that is malformed', { SbatLevel: authority(shimLock, 'SbatLevel', utf8('sbat')) }],
    ['that is no text', { SbatLevel: authority(shimLock, 'SbatLevel', Uint8Array.of(0xff)) }],
    ['of another vendor', { SbatLevel: authority(owner, 'SbatLevel', utf8('sbat,1\n')) }],
    ['beside a hidden event', { later: { ...authority(shimLock, 'MokSBState', off), digestOf: 'x' } }],
    ['of the firmware', { dbx: [goodPolicy.dbx, goodPolicy.SbatLevel], SbatLevel: undefined }],
  ])('%s is not verified', (_, changes) => {
    expect(shimOf(changes).sbatLevel.verified).toBe(false)
  })

  test('has the name that old versions use', () => {
    const old = authority(shimLock, 'SBAT', utf8('sbat,1,2021030218\n'))
    expect(shimOf({ SbatLevel: old }).sbatLevel).toMatchObject({ verified: true })
  })

  test('MokListTrusted is a flag', () => {
    expect(
      shimOf({ later: authority(shimLock, 'MokListTrusted', Uint8Array.of(2)) }).mokListTrusted,
    ).toMatchObject({
      verified: false,
    })
  })
})

describe('a list', () => {
  test.each<[string, readonly BuiltEvent[], readonly number[]]>([
    ['of something else', [measured('MokList', utf8('x')), lists[1] as BuiltEvent], all],
    ['of another certificate', [measured('MokList', list(certificate(7)))], all],
    ['of another owner', [measured('MokList', list(vendorCertificate, owner))], all],
    ['that says that it is the other one', [measured('MokListX', placeholder), ...lists], all],
    ['while PCR 14 is not proved', lists, without(14)],
  ])('%s is a hint', (_, events, matching) => {
    expect(shimOf({}, events, matching).mokList).toMatchObject({ verified: false, hint: { digest: {} } })
  })

  test('that is missing is not even that', () => {
    expect(shimOf({}, []).mokList).toMatchObject({ verified: false, hint: undefined })
    expect(shimOf({}, lists.slice(0, 1)).mokListX).toMatchObject({ verified: false, hint: undefined })
  })

  test("of the one that a loader was let run by, in the owner's list", () => {
    const mok = authority(shimLock, 'MokListRT', entry(certificate(7)))
    const events = [measured('MokList', list(certificate(7), owner))]
    expect(shimOf({ vendor: mok }, events).mokList).toMatchObject({
      verified: true,
      value: { signatures: [{ owner, data: certificate(7) }] },
    })
  })

  test('is not changed by a label', () => {
    const swapped = [measured('MokList', placeholder), measured('MokListX', list(vendorCertificate))]
    expect(shimOf({}, swapped).mokList).toMatchObject({ verified: true, value: { signatures: [] } })
    const relabelled = concatBytes(utf8('MokListX'), Uint8Array.of(0))
    expect(
      shimOf({}, [{ ...(swapped[0] as BuiltEvent), data: relabelled }, ...swapped.slice(1)]).mokList.verified,
    ).toBe(false)
  })
})
