import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/bytes/index.js'
import {
  eventTypes,
  globalVariable,
  imageSecurityDatabase,
  type SecureBootFindingCode,
  shimLock,
} from '../../../src/measured-boot/index.js'
import {
  action,
  authority,
  certificate,
  entry,
  factsOf,
  goodPolicy,
  logOf,
  off,
  on,
  policyWith,
  stated,
  stateOf,
} from './policies.js'

const { EV_EFI_BOOT_SERVICES_APPLICATION: image, EV_EFI_ACTION, EV_IPL } = eventTypes

/** Codes and events of what is found. */
const found = (changes: Parameters<typeof policyWith>[0]): readonly unknown[] =>
  stateOf(policyWith(changes)).findings.map(({ code, event }) => [code, event])

describe('finds', () => {
  test.each<[SecureBootFindingCode, number | undefined, Parameters<typeof policyWith>[0]]>([
    ['separator-repeated', 10, { later: 'separator' }],
    ['uncovered', 10, { later: { ...goodPolicy.vendor, digestOf: 'x' } }],
    ['uncovered', 6, { dbx: [goodPolicy.dbx, { ...goodPolicy.vendor, digestOf: 'x' }] }],
    ['variable-missing', undefined, { dbx: undefined }],
    ['variable-missing', undefined, { KEK: undefined }],
    ['variable-repeated', 6, { dbx: [goodPolicy.dbx, goodPolicy.dbx] }],
    ['variable-malformed', 5, { dbx: stated(imageSecurityDatabase, 'dbx', certificate(1)) }],
    ['variable-unknown', 6, { dbx: [goodPolicy.dbx, stated(globalVariable, 'Lang', utf8('en'))] }],
    ['variable-unknown', 10, { later: authority(shimLock, 'MokNew', on) }],
    ['event-unknown', 10, { later: { type: EV_IPL, data: 'anything' } }],
    ['out-of-order', 2, { SecureBoot: goodPolicy.PK, PK: goodPolicy.SecureBoot }],
    ['out-of-order', 5, { db: goodPolicy.dbx, dbx: goodPolicy.db }],
    ['out-of-order', 10, { later: goodPolicy.SecureBoot }],
    ['out-of-order', 6, { dbx: [goodPolicy.dbx, goodPolicy.SbatLevel] }],
    ['contradiction', undefined, { separator: [stated(globalVariable, 'SetupMode', on), 'separator'] }],
    ['revocations-empty', 5, { dbx: stated(imageSecurityDatabase, 'dbx', new Uint8Array(0)) }],
    ['authority-unknown', 7, { authority: authority(imageSecurityDatabase, 'db', entry(certificate(4))) }],
    ['debug-mode', 6, { dbx: [goodPolicy.dbx, action('UEFI Debug Mode')] }],
    ['dma-protection-disabled', 6, { dbx: [goodPolicy.dbx, action('DMA Protection Disabled')] }],
    ['shim-verification-disabled', 10, { later: authority(shimLock, 'MokSBState', on) }],
  ])('%s at %s', (code, event, changes) => {
    expect(found(changes)).toEqual([[code, event]])
  })

  test('that the firmware never ended its part', () => {
    expect(
      found({ separator: undefined, authority: undefined, SbatLevel: undefined, vendor: undefined }),
    ).toEqual([['separator-missing', undefined]])
  })

  test('that a PCR is not proved', () => {
    expect(stateOf(policyWith(), []).findings.map(({ code }) => code)).toEqual(['unproven'])
  })
})

describe('images without an authority', () => {
  const withImages = (changes: Parameters<typeof policyWith>[0]) =>
    logOf(policyWith(changes))
      .separator(4)
      .event({ pcr: 4, type: EV_EFI_ACTION, data: 'Calling EFI Application from Boot Option' })
      .event({ pcr: 4, type: image, data: new Uint8Array(32), digestOf: 'an image' })
  const without = { authority: undefined }

  test('are found, under every label', () => {
    const [finding, ...others] = factsOf(withImages(without)).secureBoot.findings
    expect(finding).toMatchObject({ code: 'authority-missing', event: 11 })
    expect(others).toEqual([])
    const relabelled = logOf(policyWith(without))
      .separator(4)
      .event({ pcr: 4, type: EV_EFI_ACTION, data: 'text', digestOf: 'an image' })
    expect(factsOf(relabelled).secureBoot.findings).toMatchObject([{ code: 'authority-missing' }])
  })

  test.each<[string, Parameters<typeof policyWith>[0]]>([
    ['an authority', {}],
    [
      'an authority of a driver',
      {
        ...without,
        dbx: [goodPolicy.dbx, authority(imageSecurityDatabase, 'db', entry(certificate(1)))],
      },
    ],
    ['Secure Boot off', { ...without, SecureBoot: stated(globalVariable, 'SecureBoot', off) }],
  ])('are none with %s', (_, changes) => {
    expect(factsOf(withImages(changes)).secureBoot.findings).toEqual([])
  })

  test('are none before the separator of PCR 4', () => {
    const early = logOf(policyWith(without))
      .event({ pcr: 4, type: image, data: new Uint8Array(32), digestOf: 'an application of the firmware' })
      .separator(4)
    expect(factsOf(early).secureBoot.findings).toEqual([])
  })
})
