import { inspect } from 'node:util'
import { type SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/index.js'
import { requestMessage, responseMessage } from '../../src/messages/index.js'
import { deviceCredential, userCredential } from '../../src/protocol/index.js'
import {
  decodeMessage,
  encodeItem,
  encodeMessage,
  item,
  type KmipVersion,
  type TtlvItem,
  tags,
} from '../../src/ttlv/index.js'
import { B, D, E, I, item54, O, plain, S, secret, T } from '../items.js'
import { scriptRunner, success } from './scripted-transport.js'

const found = () => [success('Locate', {})]

describe('the header of a client', () => {
  test('has nothing that is optional by itself', async () => {
    const { runner, requests } = scriptRunner('1.4', found)
    await runner.run(commands.locate({}))
    expect(requests[0]?.requestHeader).toEqual({
      protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 },
      batchCount: 1,
    })
  })

  test('has the credentials, which do not show', async () => {
    const credentials = [
      userCredential('someone', 'pass phrase'),
      deviceCredential({ deviceSerialNumber: '1', password: secret(0x70, 0x77) }),
    ]
    expect(inspect(credentials, { depth: 9 }) + JSON.stringify(credentials)).not.toMatch(/pass phrase|112/)
    const { runner, requests } = scriptRunner('1.4', found, { credentials })
    await runner.run(commands.locate({}))
    const sent = requests[0]?.requestHeader.authentication?.credential ?? []
    expect(sent.map(({ credentialType }) => credentialType)).toEqual(['UsernameAndPassword', 'Device'])
    const { password } = (sent[0]?.credentialValue ?? {}) as { password: SecretBytes }
    expect(password.use((plainText) => new TextDecoder().decode(plainText))).toBe('pass phrase')
  })

  test.each([
    ['1.4', 'mine'],
    ['1.3', undefined],
  ] as const)('has the correlation value in %s: %s', async (version, value) => {
    const { runner, requests } = scriptRunner(version, found)
    await runner.run(commands.locate({}), { clientCorrelationValue: 'mine' })
    expect(requests[0]?.requestHeader.clientCorrelationValue).toBe(value)
  })
})

const version = { protocolVersion: { protocolVersionMajor: 1, protocolVersionMinor: 4 }, batchCount: 0 }
const versionItem = S('ProtocolVersion', I('ProtocolVersionMajor', 1), I('ProtocolVersionMinor', 4))
const count = I('BatchCount', 0)

const bytes = (value: string) => [...new TextEncoder().encode(value)]
const credentialValues: readonly (readonly [
  type: string,
  since: KmipVersion,
  value: unknown,
  items: readonly TtlvItem[],
])[] = [
  [
    'UsernameAndPassword',
    '1.0',
    { username: 'u', password: secret(...bytes('p')) },
    [T('Username', 'u'), T('Password', 'p')],
  ],
  [
    'Device',
    '1.1',
    {
      deviceSerialNumber: 's',
      password: secret(...bytes('p')),
      deviceIdentifier: 'd',
      networkIdentifier: 'n',
      machineIdentifier: 'm',
      mediaIdentifier: 'e',
    },
    [
      T('DeviceSerialNumber', 's'),
      T('Password', 'p'),
      T('DeviceIdentifier', 'd'),
      T('NetworkIdentifier', 'n'),
      T('MachineIdentifier', 'm'),
      T('MediaIdentifier', 'e'),
    ],
  ],
  [
    'Attestation',
    '1.2',
    {
      nonce: { nonceId: plain(1), nonceValue: plain(2) },
      attestationType: 'TPMQuote',
      attestationMeasurement: plain(3),
      attestationAssertion: plain(4),
    },
    [
      S('Nonce', B('NonceID', 1), B('NonceValue', 2)),
      E('AttestationType', 'TPMQuote'),
      B('AttestationMeasurement', 3),
      B('AttestationAssertion', 4),
    ],
  ],
  [
    'OneTimePassword',
    '2.0',
    { username: 'u', password: secret(...bytes('p')), oneTimePassword: secret(...bytes('o')) },
    [T('Username', 'u'), T('Password', 'p'), T('OneTimePassword', 'o')],
  ],
  [
    'HashedPassword',
    '2.0',
    { username: 'u', timeStamp: 5n, hashingAlgorithm: 'SHA_256', hashedPassword: plain(6) },
    [
      T('Username', 'u'),
      item(tags.TimeStamp, 'DateTimeExtended', 5n),
      E('HashingAlgorithm', 'SHA_256'),
      B('HashedPassword', 6),
    ],
  ],
  ['Ticket', '2.0', S('CredentialValue', T('Username', 'u')), [T('Username', 'u')]],
]

describe('headers in full', () => {
  test.each(credentialValues)('a credential of type %s', (type, since, credentialValue, items) => {
    const value = {
      requestHeader: {
        ...version,
        authentication: { credential: [{ credentialType: type, credentialValue }] },
      },
    }
    const credential = S('Credential', E('CredentialType', type), S('CredentialValue', ...items))
    const expected = encodeItem(
      S('RequestMessage', S('RequestHeader', versionItem, S('Authentication', credential), count)),
    )
    expect(toHex(encodeMessage(requestMessage, value as never, since))).toBe(toHex(expected))
    expect(toHex(encodeMessage(requestMessage, decodeMessage(requestMessage, expected)))).toBe(
      toHex(expected),
    )
    const isSinceFirst = since === '1.0'
    expect(throws(() => encodeMessage(requestMessage, value as never, '1.0'))).toBe(!isSinceFirst)
  })

  test('of a request', () => {
    const value = {
      requestHeader: {
        protocolVersion: version.protocolVersion,
        maximumResponseSize: 4096,
        clientCorrelationValue: 'c',
        serverCorrelationValue: 's',
        asynchronousIndicator: true,
        attestationCapableIndicator: false,
        attestationType: ['TPMQuote'],
        authentication: {},
        batchErrorContinuationOption: 'Continue',
        batchOrderOption: true,
        timeStamp: 5n,
        batchCount: 1,
      },
      batchItem: [
        {
          operation: 'Archive',
          uniqueBatchItemId: plain(1),
          requestPayload: {},
          messageExtension: {
            vendorIdentification: 'v',
            criticalityIndicator: false,
            vendorExtension: S('VendorExtension', item54('own')),
          },
        },
      ],
    }
    const expected = S(
      'RequestMessage',
      S(
        'RequestHeader',
        versionItem,
        I('MaximumResponseSize', 4096),
        T('ClientCorrelationValue', 'c'),
        T('ServerCorrelationValue', 's'),
        O('AsynchronousIndicator', true),
        O('AttestationCapableIndicator', false),
        E('AttestationType', 'TPMQuote'),
        S('Authentication'),
        E('BatchErrorContinuationOption', 'Continue'),
        O('BatchOrderOption', true),
        D('TimeStamp', 5n),
        I('BatchCount', 1),
      ),
      S(
        'BatchItem',
        E('Operation', 'Archive'),
        B('UniqueBatchItemID', 1),
        S('RequestPayload'),
        S(
          'MessageExtension',
          T('VendorIdentification', 'v'),
          O('CriticalityIndicator', false),
          S('VendorExtension', item54('own')),
        ),
      ),
    )
    expect(toHex(encodeMessage(requestMessage, value as never, '1.4'))).toBe(toHex(encodeItem(expected)))
    const read = decodeMessage(requestMessage, encodeItem(expected))
    expect(toHex(encodeMessage(requestMessage, read, '1.4'))).toBe(toHex(encodeItem(expected)))
    // Since 2.0 the indicator says more than yes and no.
    expect(throws(() => encodeMessage(requestMessage, read, '2.0'))).toBe(true)
    const header = { ...read.requestHeader, asynchronousIndicator: 'Mandatory' } as const
    expect(throws(() => encodeMessage(requestMessage, { ...read, requestHeader: header }, '1.4'))).toBe(true)
    expect(throws(() => encodeMessage(requestMessage, { ...read, requestHeader: header }, '2.0'))).toBe(false)
  })

  test('of a response', () => {
    const expected = encodeItem(
      S(
        'ResponseMessage',
        S(
          'ResponseHeader',
          versionItem,
          D('TimeStamp', 5n),
          S('Nonce', B('NonceID', 1), B('NonceValue', 2)),
          B('ServerHashedPassword', 3),
          E('AttestationType', 'TPMQuote'),
          T('ClientCorrelationValue', 'c'),
          T('ServerCorrelationValue', 's'),
          I('BatchCount', 1),
        ),
        S(
          'BatchItem',
          E('Operation', 'Archive'),
          B('UniqueBatchItemID', 1),
          E('ResultStatus', 'OperationPending'),
          B('AsynchronousCorrelationValue', 2),
        ),
      ),
    )
    const read = decodeMessage(responseMessage, expected)
    expect(read.responseHeader).toMatchObject({
      timeStamp: 5n,
      nonce: { nonceId: plain(1), nonceValue: plain(2) },
      serverHashedPassword: plain(3),
      attestationType: ['TPMQuote'],
      clientCorrelationValue: 'c',
      serverCorrelationValue: 's',
    })
    expect(toHex(encodeMessage(responseMessage, read, '2.0'))).toBe(toHex(expected))
    expect(throws(() => encodeMessage(responseMessage, read, '1.4'))).toBe(true)
  })
})

function throws(write: () => unknown): boolean {
  try {
    write()
    return false
  } catch {
    return true
  }
}
