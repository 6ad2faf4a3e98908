import { fromHex, SecretBytes, toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { toManagedKey } from '../src/managed-key.js'
import {
  decodeOutcome,
  encodeRequest,
  requestMessage,
  responseMessage,
  toResultError,
} from '../src/messages/index.js'
import { resultKind } from '../src/messages/result-kind.js'
import {
  attributesOf,
  create,
  createRequest,
  discoverVersions,
  type GetAttributesResponse,
  type GetResponse,
  get,
  getAttributes,
  getAttributesRequest,
  locate,
  locateRequest,
  query,
  queryRequest,
} from '../src/operations/index.js'
import { type Attribute, collectAttributes, plainName, usageMask } from '../src/protocol/index.js'
import {
  decodeMessage,
  encodeMessage,
  enumerations,
  item,
  type KmipVersion,
  tags,
} from '../src/ttlv/index.js'
import { recorded, recordedProbes } from './recordings.js'

const attributes = (name: string): readonly Attribute[] => [
  { name: 'CryptographicAlgorithm', value: 'AES' },
  { name: 'CryptographicLength', value: 256 },
  { name: 'CryptographicUsageMask', value: usageMask(['Encrypt', 'Decrypt', 'WrapKey', 'UnwrapKey']) },
  { name: 'Name', value: plainName(name) },
]

const versions = ['1.0', '1.1', '1.2', '1.3', '1.4', '2.0'] as const

describe.each(versions)('requests of version %s are those of PyKMIP', (version) => {
  const name = `kp-primary-${version}`
  const same = (recordedName: string, frame: Uint8Array) =>
    expect(toHex(frame)).toBe(toHex(recorded(version, recordedName, 'request')))

  test('Create', () => {
    const request = createRequest('SymmetricKey', attributes(name), version)
    same('create_aes256', encodeRequest(create, request, version))
  })

  test('Locate', () => {
    const request = locateRequest([{ name: 'Name', value: plainName(name) }], {}, version)
    same('locate_by_name', encodeRequest(locate, request, version))
  })

  test('Get and GetAttributes', () => {
    const sent = decodeMessage(requestMessage, recorded(version, 'get', 'request'))
    const [only] = sent.batchItem ?? []
    const { uniqueIdentifier } = (only?.requestPayload ?? {}) as { uniqueIdentifier: string }
    same('get', encodeRequest(get, { uniqueIdentifier }, version))
    same(
      'get_attributes',
      encodeRequest(getAttributes, getAttributesRequest(uniqueIdentifier, [], version), version),
    )
  })

  test('the attributes that come back are the same whatever their form', () => {
    const outcome = decodeOutcome(getAttributes, recorded(version, 'get_attributes', 'response'))
    if (outcome.kind !== 'success') throw new Error('expected success')
    const { uniqueIdentifier, initialDate, sensitive, operationPolicyName, ...others } = collectAttributes(
      'GetAttributes',
      attributesOf(outcome.payload),
    )
    expect(others).toEqual({
      name: [plainName(name)],
      objectType: 'SymmetricKey',
      cryptographicAlgorithm: 'AES',
      cryptographicLength: 256,
      cryptographicUsageMask: 0x3c,
      state: 'Active',
    })
    expect([uniqueIdentifier, initialDate]).toEqual([expect.any(String), expect.any(BigInt)])
    expect([sensitive, operationPolicyName]).toEqual([
      version >= '1.4' ? false : undefined,
      version === '2.0' ? undefined : 'default',
    ])
  })
})

test('a request for named attributes has the form of its version', () => {
  const names = ['State', 'CryptographicLength'] as const
  expect(getAttributesRequest('x', names, '1.4').attributeName).toEqual(['State', 'Cryptographic Length'])
  expect(getAttributesRequest('x', names, '2.0').attributeReference).toEqual([0x42008d, 0x42002a])
})

test('Query asks only what the version has', () => {
  const functions = [
    'QueryOperations',
    'QueryExtensionList',
    'QueryCapabilities',
    'QueryDefaultsInformation',
  ] as const
  const asked = (version: KmipVersion) => queryRequest(functions, version).queryFunction?.length
  expect(['1.0', '1.1', '1.3', '2.0'].map((version) => asked(version as KmipVersion))).toEqual([1, 2, 3, 4])
  expect(() => encodeRequest(query, queryRequest(functions, '1.0'), '1.0')).not.toThrow()
})

test('an operation that the version does not have is not sent', () => {
  expect(() => encodeRequest(discoverVersions, {}, '1.0')).toThrow(
    expect.objectContaining({ code: 'KMIP_VERSION' }),
  )
})

describe('attributes', () => {
  const value = item(tags.AttributeValue, 'TextString', 'something')
  const again = (
    payload: Parameters<typeof encodeMessage<GetAttributesResponse>>[1],
    version: KmipVersion,
  ) => {
    const frame = encodeMessage(getAttributes.response, payload, version)
    const read = decodeMessage(getAttributes.response, frame)
    expect(toHex(encodeMessage(getAttributes.response, read))).toBe(toHex(frame))
    return collectAttributes('GetAttributes', attributesOf(read))
  }

  test('of a user are the same in 1.x and 2.x', () => {
    const own = [{ name: 'Custom', vendor: 'x', title: 'Product', value }] as const
    const set1 = again({ uniqueIdentifier: '1', attribute: own }, '1.4')
    const set2 = again({ uniqueIdentifier: '1', attributes: own }, '2.0')
    for (const { custom = [] } of [set1, set2]) {
      expect(custom.map(({ vendor, title, value: { value } }) => [vendor, title, value])).toEqual([
        ['x', 'Product', 'something'],
      ])
    }
  })

  test('of a vendor have no form in 1.x', () => {
    const own = [{ name: 'Custom', vendor: 'ACME', title: 'Product', value }] as const
    expect(again({ uniqueIdentifier: '1', attributes: own }, '2.1').custom).toHaveLength(1)
    expect(() => again({ uniqueIdentifier: '1', attribute: own }, '1.4')).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
  })

  test('that the standard does not have survive in 1.x', () => {
    const other = { name: 'Other', title: 'Product', index: 3, value } as const
    const set = again(
      { uniqueIdentifier: '1', attribute: [other, { name: 'State', value: 'Active' }] },
      '1.4',
    )
    expect(set.state).toBe('Active')
    expect(set.other?.map(({ title, index }) => [title, index])).toEqual([['Product', 3]])
  })

  test('that the standard does not have survive in 2.x', () => {
    const other = { name: 'Other', value: item(0x540001, 'Integer', 5) } as const
    expect(again({ uniqueIdentifier: '1', attributes: [other] }, '2.0').other).toHaveLength(1)
  })

  test('that a version does not have are not written', () => {
    const description = [{ name: 'Description', value: 'mine' }] as const
    const policy = [{ name: 'OperationPolicyName', value: 'default' }] as const
    const refused = expect.objectContaining({ code: 'CODEC_RANGE' })
    expect(again({ uniqueIdentifier: '1', attribute: description }, '1.4').description).toBe('mine')
    expect(() => again({ uniqueIdentifier: '1', attribute: description }, '1.3')).toThrow(refused)
    expect(() => again({ uniqueIdentifier: '1', attributes: policy }, '2.0')).toThrow(refused)
  })

  test('of which there is one do not come twice', () => {
    const twice: Attribute[] = [
      { name: 'State', value: 'Active' },
      { name: 'State', value: 'Compromised' },
    ]
    expect(() => collectAttributes('GetAttributes', twice)).toThrow(
      expect.objectContaining({ code: 'KMIP_PROTOCOL' }),
    )
  })

  test('without a title cannot be written in 1.x', () => {
    const payload = { uniqueIdentifier: '1', attribute: [{ name: 'Other', value }] } as const
    expect(() => encodeMessage(getAttributes.response, payload as never, '1.4')).toThrow(
      expect.objectContaining({ code: 'CODEC_RANGE' }),
    )
  })
})

describe('the key in an answer to Get', () => {
  const outcome = decodeOutcome(get, recorded('1.4', 'get', 'response'))
  if (outcome.kind !== 'success') throw new Error('expected success')
  const good = outcome.payload
  const id = good.uniqueIdentifier
  type Block = NonNullable<GetResponse['symmetricKey']>['keyBlock']
  const withBlock = (change: Partial<Block>): GetResponse => ({
    ...good,
    symmetricKey: { keyBlock: { ...(good.symmetricKey?.keyBlock as Block), ...change } },
  })
  const material = () => SecretBytes.from(new Uint8Array(32).fill(7))
  const refused = (response: GetResponse) =>
    expect(() => toManagedKey(id, response)).toThrow(
      expect.objectContaining({
        code: 'KMIP_PROTOCOL',
        context: expect.objectContaining({ operation: 'Get' }),
      }),
    )

  test('is returned', () => {
    const key = toManagedKey(id, good)
    expect(key).toMatchObject({ id, algorithm: 'AES', length: 256 })
    expect(key.material.length).toBe(32)
  })

  test('may be transparent', () => {
    const response = withBlock({
      keyFormatType: 'TransparentSymmetricKey',
      keyValue: { keyMaterial: { key: material() } },
    })
    expect(toManagedKey(id, response).material.use((bytes) => bytes[0])).toBe(7)
  })

  test('is refused when it is of another object, and wiped', () => {
    const key = material()
    refused({ ...withBlock({ keyValue: { keyMaterial: key } }), uniqueIdentifier: 'other' })
    expect(key.wiped).toBe(true)
  })

  test('is refused when it is wrapped, in either form', () => {
    const wrapped = decodeOutcome(get, recorded('1.4', 'get_wrapped_nist', 'response'))
    if (wrapped.kind !== 'success') throw new Error('expected success')
    expect(() => toManagedKey(wrapped.payload.uniqueIdentifier, wrapped.payload)).toThrow(/wrapped/)
    refused(withBlock({ keyValue: material() }))
  })

  test('is refused when its length, its format or its type is another', () => {
    refused(withBlock({ cryptographicLength: 128 }))
    refused(withBlock({ keyFormatType: 'Opaque' }))
    refused(withBlock({ keyFormatType: 'TransparentSymmetricKey' }))
    refused(withBlock({ keyValue: { keyMaterial: { key: material() } } }))
    refused({ ...good, objectType: 'SecretData' })
    const { symmetricKey: _, ...empty } = good
    refused(empty)
  })
})

describe('failures', () => {
  test.each([
    ['Get', 'ItemNotFound', undefined, 'notFound'],
    ['Get', 'ObjectDestroyed', undefined, 'notFound'],
    ['Get', 'PermissionDenied', undefined, 'denied'],
    ['Get', 'NotExtractable', undefined, 'denied'],
    ['Activate', 'PermissionDenied', undefined, 'state'],
    ['Destroy', 'WrongKeyLifecycleState', undefined, 'state'],
    ['Get', 'OperationNotSupported', undefined, 'unsupported'],
    ['Get', 'AuthenticationNotSuccessful', undefined, 'authentication'],
    ['Locate', 'ResponseTooLarge', undefined, 'tooLarge'],
    ['Create', 'InvalidField', undefined, 'invalid'],
    ['Get', 'ServerLimitExceeded', undefined, 'transient'],
    ['Get', 'GeneralFailure', undefined, 'other'],
    ['Get', 'GeneralFailure', 'something', 'other'],
    ['Get', 'GeneralFailure', '[NCERRInsufficientPermissions]: no', 'denied'],
    ['Get', 'GeneralFailure', 'Invalid token', 'transient'],
    ['Get', 'ItemNotFound', 'Invalid token', 'notFound'],
    ['Get', 0x8000_0001, undefined, 'other'],
    ['Get', undefined, undefined, 'other'],
  ] as const)('%s: %s (%s) is %s', (operation, reason, message, kind) => {
    const failure = { status: 'OperationFailed', reason, message, ofMessage: false } as const
    expect(resultKind(operation, failure)).toBe(kind)
  })

  test('every reason of the standard has a meaning but the two that say nothing', () => {
    const meaningless = Object.keys(enumerations.ResultReason).filter((name) => {
      const reason = name as keyof typeof enumerations.ResultReason
      const failure = { status: 'OperationFailed', reason, message: undefined, ofMessage: false } as const
      return resultKind('Get', failure) === 'other'
    })
    expect(meaningless).toEqual(['OperationCanceledByRequester', 'GeneralFailure'])
  })

  test('a message that the server cannot read is not supported', () => {
    const failure = { status: 'OperationFailed', reason: 'InvalidMessage', message: undefined } as const
    expect(resultKind('Hash', { ...failure, ofMessage: true })).toBe('unsupported')
    expect(resultKind('Hash', { ...failure, ofMessage: false })).toBe('invalid')
  })

  test('as PyKMIP has them', () => {
    const probe = (name: string) => fromHex(recordedProbes[name]?.response ?? '')
    const missing = decodeOutcome(get, recorded('1.4', 'get_missing', 'response'))
    expect(missing).toMatchObject({ kind: 'failure', failure: { reason: 'ItemNotFound', ofMessage: false } })
    const unreadable = decodeOutcome(discoverVersions, probe('discover_2.1'))
    expect(unreadable).toMatchObject({
      kind: 'failure',
      failure: { reason: 'InvalidMessage', ofMessage: true },
    })
  })

  test("the server's words are in the cause, on one line, and not in the message", () => {
    const failure = {
      status: 'OperationFailed',
      reason: 'ItemNotFound',
      message: 'no\nsuch thing',
      ofMessage: false,
    } as const
    const error = toResultError('Get', failure)
    expect(error.message).toBe('KMIP Get: OperationFailed, ItemNotFound')
    expect((error.cause as Error).message).toBe('the server says: no such thing')
    expect(error.context).toEqual({
      operation: 'Get',
      status: 'OperationFailed',
      reason: 'ItemNotFound',
      kind: 'notFound',
    })
  })
})

test('a response of an operation that has no types here is read as it is', () => {
  const { batchItem } = decodeMessage(responseMessage, recorded('1.4', 'encrypt_cbc', 'response'))
  expect(batchItem?.[0]).toMatchObject({ operation: 'Encrypt', resultStatus: 'Success' })
})
