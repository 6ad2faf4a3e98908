/**
 * What logs of real firmware have, and what is made to look like it: each is read, replayed to the PCRs of a TPM that
 * measured the same, and quoted; or it is refused with event, offset and field.
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { concatBytes, utf8 } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import { type QuoteVerdict, verifyQuote } from '@trusthold/core/evidence'
import { eventTypes, findLogFindings, parseEventLog } from '@trusthold/core/measured-boot'
import { type BuiltEventLog, type EventLogBuilder, eventLog } from '@trusthold/core/testing'
import {
  type HashAlgorithm,
  pcrDigest,
  tpmGeneratedValue,
  tpmsAttest,
  tpmtSignature,
} from '@trusthold/core/tpm2'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadBoot } from '../recordings/load.js'

const {
  EV_NO_ACTION,
  EV_EFI_ACTION,
  EV_S_CRTM_VERSION,
  EV_EFI_HCRTM_EVENT,
  EV_POST_CODE,
  EV_IPL,
  EV_ACTION,
} = eventTypes
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const nonce = utf8('a nonce')
const quoted = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** What is said of a quote by a TPM that measured `truth`, with a log. */
function judge(truth: BuiltEventLog, bank: HashAlgorithm, log = truth.bytes): QuoteVerdict {
  const all = truth.pcrs.get(bank) ?? new Map<number, Uint8Array>()
  const values = new Map(quoted.map((pcr) => [pcr, all.get(pcr) ?? new Uint8Array()]))
  const message = encode(tpmsAttest, {
    magic: tpmGeneratedValue,
    type: 'quote',
    qualifiedSigner: new Uint8Array(34),
    extraData: nonce,
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
    firmwareVersion: 1n,
    attested: {
      pcrSelect: [{ hash: bank, sizeofSelect: 3, pcrs: quoted }],
      pcrDigest: pcrDigest('sha256', [...values.values()]),
    },
  })
  const both = sign('sha256', message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  const signature = encode(tpmtSignature, {
    sigAlg: 'ecdsa',
    hash: 'sha256',
    signatureR: new Uint8Array(both.subarray(0, 32)),
    signatureS: new Uint8Array(both.subarray(32)),
  })
  const pcrs = [{ bank, values }]
  return verifyQuote({ message, signature, attestationKey: key.publicKey, nonce, pcrs, eventLog: log })
}

const separated = (builder: EventLogBuilder, value = 0): EventLogBuilder =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce((all, pcr) => all.separator(pcr, value), builder)
const agile = () => eventLog({ banks: ['sha1', 'sha256'] }).specId()
const old = () => eventLog({ format: 'sha1' })
const silent = (data: Uint8Array | string, pcr = 0) => ({ pcr, type: EV_NO_ACTION, data })
const action = (data: string) => ({ pcr: data.startsWith('Exit') ? 5 : 4, type: EV_EFI_ACTION, data })
const exits = [
  ['invoked', 'Exit Boot Services Invocation'],
  ['returned', 'Exit Boot Services Returned with Success'],
  ['failed', 'Exit Boot Services Returned with Failure'],
] as const

describe('T-17 logs with quirks are read for what they are', () => {
  test.each<[string, HashAlgorithm, EventLogBuilder]>([
    ['nothing strange', 'sha256', separated(agile())],
    ['separators of -1', 'sha256', separated(agile(), 0xffff_ffff)],
    ['separators of an error', 'sha256', separated(agile(), 1)],
    ['startup at locality 0, stated', 'sha256', separated(agile().startupLocality(0))],
    ['startup at locality 3', 'sha256', separated(agile().startupLocality(3))],
    [
      'startup after H-CRTM',
      'sha256',
      separated(agile().startupLocality(4).event({ pcr: 0, type: EV_EFI_HCRTM_EVENT, data: 'HCRTM' })),
    ],
    ['an empty event without action', 'sha256', separated(agile().event(silent('')))],
    ['a short event without action', 'sha256', separated(agile().event(silent('StartupLocalit')))],
    ['an event without action of 16 bytes', 'sha256', separated(agile().event(silent('StartupLocalitX\0')))],
    ['a locality in another PCR', 'sha256', separated(agile().event(silent('StartupLocality\0\x03', 1)))],
    ['an event of no PCR', 'sha256', separated(agile()).event(silent('trust point', 0xffff_ffff))],
    [
      'a reference manifest',
      'sha256',
      separated(agile().event(silent(`SP800-155 Event3${'x'.repeat(300)}`))),
    ],
    [
      'vendor information',
      'sha256',
      separated(eventLog().specId({ vendorInfo: new Uint8Array(255).fill(7) })),
    ],
    [
      'an algorithm that is not known',
      'sha1',
      separated(
        eventLog({ banks: ['sha1'] }).specId({
          algorithms: [
            { id: 4, size: 20 },
            { id: 0x7777, size: 5 },
          ],
        }),
      ),
    ],
    ['a tail of 0xff', 'sha256', separated(agile()).raw(new Uint8Array(4096).fill(0xff))],
    ['a short tail of 0xff', 'sha256', separated(agile()).raw(new Uint8Array(8).fill(0xff))],
    ['a tail of zeros', 'sha256', separated(agile()).raw(new Uint8Array(4096))],
    ['actions', 'sha256', separated(agile().event(action('Calling EFI Application from Boot Option')))],
    ...exits.map(([name, text]): [string, HashAlgorithm, EventLogBuilder] => [
      `the end of boot services ${name}`,
      'sha256',
      separated(agile()).event(action(text)),
    ]),
    [
      'an action of firmware before UEFI',
      'sha256',
      separated(agile().event({ pcr: 4, type: EV_ACTION, data: 'x' })),
    ],
    [
      'the SHA-1 format without header',
      'sha1',
      separated(old().event({ pcr: 0, type: EV_S_CRTM_VERSION, data: '' })),
    ],
    ['the SHA-1 format of UEFI', 'sha1', separated(old().specId())],
    ['the SHA-1 format before UEFI', 'sha1', separated(old().specId({ event: 0, vendorInfo: utf8('x') }))],
    ['the SHA-1 format at locality 3', 'sha1', separated(old().startupLocality(3))],
    ['the SHA-1 format with a tail', 'sha1', separated(old().specId()).raw(new Uint8Array(100).fill(0xff))],
  ])('%s', (_, bank, builder) => {
    const truth = builder.build()
    expect(judge(truth, bank)).toMatchObject({ trusted: true })
    expect(truth.pcrs.get(bank)?.get(0)).not.toEqual(
      new Uint8Array(truth.pcrs.get(bank)?.get(0)?.length ?? 0),
    )
  })

  test('events that leave out a bank leave its PCRs unproved, and no others', () => {
    const digests = { sha256: new Uint8Array(32).fill(9) }
    const windows = separated(agile()).event({ pcr: 12, type: EV_POST_CODE, data: 'x', digests }).build()
    expect(judge(windows, 'sha1')).toMatchObject({ trusted: true })
    const early = separated(agile()).event({ pcr: 4, type: EV_POST_CODE, data: 'x', digests }).build()
    expect(judge(early, 'sha256')).toMatchObject({ trusted: true })
    expect(judge(early, 'sha1')).toMatchObject({ failures: [{ check: 'event-log.replay' }] })
  })
})

describe('T-17 what only looks like a quirk is refused', () => {
  const truth = separated(agile().startupLocality(3)).build()

  test.each<[string, Uint8Array, string]>([
    ['another locality', separated(agile().startupLocality(4)).build().bytes, 'event-log.replay'],
    ['no locality', separated(agile()).build().bytes, 'event-log.replay'],
    [
      'two localities',
      separated(agile().startupLocality(3).startupLocality(3)).build().bytes,
      'event-log.structure',
    ],
    ['a locality too late', separated(agile()).startupLocality(3).build().bytes, 'event-log.structure'],
    [
      'a locality that there is not',
      separated(agile().startupLocality(1)).build().bytes,
      'event-log.structure',
    ],
    ['an event hidden as without action', hidden(), 'event-log.replay'],
    ['an event in a tail of 0xff', inTail(0xff), 'event-log.structure'],
    ['an event in a tail of zeros', inTail(0), 'event-log.replay'],
    ['an empty log', new Uint8Array(), 'event-log.structure'],
    ['a log without events', agile().build().bytes, 'event-log.replay'],
    ['zeros only', new Uint8Array(4096), 'event-log.structure'],
    ['ones only', new Uint8Array(4096).fill(0xff), 'event-log.structure'],
    ['a log that is cut off', truth.bytes.subarray(0, truth.bytes.length - 1), 'event-log.structure'],
    ['a log that lacks its end', truth.bytes.subarray(0, truth.offsets.at(-1)), 'event-log.replay'],
    [
      'a log that has its end twice',
      concatBytes(truth.bytes, truth.bytes.subarray(truth.offsets.at(-2))),
      'event-log.replay',
    ],
    [
      'the log of a confidential machine',
      eventLog({ banks: ['sha256'], confidential: true })
        .specId()
        .separator(1)
        .build().bytes,
      'event-log.structure',
    ],
  ])('%s', (_, log, check) => {
    expect(judge(truth, 'sha256')).toMatchObject({ trusted: true })
    expect(judge(truth, 'sha256', log)).toMatchObject({ trusted: false, failures: [{ check }] })
  })

  /** The last event of the true log, which it then does not extend. */
  function hidden(): Uint8Array {
    const bytes = Uint8Array.from(truth.bytes)
    new DataView(bytes.buffer).setUint32((truth.offsets.at(-1) ?? 0) + 4, EV_NO_ACTION, true)
    return bytes
  }

  function inTail(fill: number): Uint8Array {
    const event = eventLog().event({ pcr: 7, type: EV_IPL, data: 'x' }).build().bytes
    return concatBytes(truth.bytes, new Uint8Array(64).fill(fill), event)
  }

  test('every refusal of a structure says where', () => {
    const boot = loadBoot('boot-uki').eventLog.subarray(0, 6000)
    const places = fc.array(fc.tuple(fc.nat(boot.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(places, fc.nat(boot.length), (changes, length) => {
        const bytes = Uint8Array.from(boot.subarray(0, length))
        for (const [at, value] of changes) if (at < length) bytes[at] = value
        try {
          findLogFindings(parseEventLog(bytes))
        } catch (error) {
          if (!isTrustholdError(error)) throw error
          const context: Record<string, unknown> = { ...error.context }
          expect(context['path'] ?? context['field']).toEqual(expect.any(String))
          expect(context['offset']).toEqual(expect.any(Number))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
