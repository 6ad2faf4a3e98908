import { inspect } from 'node:util'
import { toHex } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { operations } from '../../src/operations/index.js'
import {
  decodeMessage,
  encodeItem,
  encodeMessage,
  isAtLeast,
  item,
  type KmipVersion,
  kmipVersions,
  type StructureKind,
  type TtlvItem,
  tags,
} from '../../src/ttlv/index.js'
import { B, D, E, I, L, N, O, plain, S, secret, T, V } from '../items.js'

interface Row {
  readonly operation: string
  readonly part: 'request' | 'response'
  readonly since: KmipVersion
  readonly until: KmipVersion
  readonly value: unknown
  readonly items: readonly TtlvItem[]
}

const rows: Row[] = []
type Span = KmipVersion | readonly [since: KmipVersion, until: KmipVersion]
function row(
  part: 'request' | 'response',
  operation: string,
  span: Span,
  value: unknown,
  ...items: TtlvItem[]
): void {
  const [since, until] = typeof span === 'string' ? ([span, '2.1'] as const) : span
  rows.push({ operation, part, since, until, value, items })
}
const ask = (operation: string, span: Span, value: unknown, ...items: TtlvItem[]) =>
  row('request', operation, span, value, ...items)
const answer = (operation: string, span: Span, value: unknown, ...items: TtlvItem[]) =>
  row('response', operation, span, value, ...items)

const uid = T('UniqueIdentifier', '7')
const id = { uniqueIdentifier: '7' }
const first: readonly [KmipVersion, KmipVersion] = ['1.0', '1.4']

const state1 = S('Attribute', T('AttributeName', 'State'), E('AttributeValue', 2))
const aState = { name: 'State', value: 'Active' } as const
const template = { templateAttribute: { attribute: [aState] } }
const tagged = { attributes: [aState] }

for (const name of ['Activate', 'Destroy', 'Archive', 'Recover']) {
  ask(name, '1.0', id, uid)
  ask(name, '1.0', {})
  answer(name, '1.0', id, uid)
}
ask(
  'Activate',
  '2.0',
  { uniqueIdentifier: { placeholder: 'IDPlaceholder' } },
  E('UniqueIdentifier', 'IDPlaceholder'),
)
ask('Activate', '2.0', { uniqueIdentifier: { position: -1 } }, I('UniqueIdentifier', -1))

ask(
  'Create',
  first,
  { objectType: 'SymmetricKey', ...template },
  E('ObjectType', 2),
  S('TemplateAttribute', state1),
)
ask(
  'Create',
  '2.0',
  { objectType: 'SymmetricKey', ...tagged, protectionStorageMasks: { protectionStorageMask: [1, 2] } },
  E('ObjectType', 2),
  S('Attributes', E('State', 'Active')),
  S('ProtectionStorageMasks', I('ProtectionStorageMask', 1), I('ProtectionStorageMask', 2)),
)
answer('Create', '1.0', { objectType: 'SymmetricKey', ...id }, E('ObjectType', 2), uid)

ask(
  'CreateKeyPair',
  first,
  {
    commonTemplateAttribute: { attribute: [aState] },
    privateKeyTemplateAttribute: { name: [{ nameValue: 't', nameType: 'URI' }] },
    publicKeyTemplateAttribute: {},
  },
  S('CommonTemplateAttribute', state1),
  S('PrivateKeyTemplateAttribute', S('Name', T('NameValue', 't'), E('NameType', 'URI'))),
  S('PublicKeyTemplateAttribute'),
)
const pairAttributes = {
  commonAttributes: [aState],
  privateKeyAttributes: [],
  publicKeyAttributes: [],
  commonProtectionStorageMasks: {},
  privateProtectionStorageMasks: {},
  publicProtectionStorageMasks: {},
}
const pairAttributeItems = [
  S('CommonAttributes', E('State', 'Active')),
  S('PrivateKeyAttributes'),
  S('PublicKeyAttributes'),
  S('CommonProtectionStorageMasks'),
  S('PrivateProtectionStorageMasks'),
  S('PublicProtectionStorageMasks'),
]
ask('CreateKeyPair', '2.0', pairAttributes, ...pairAttributeItems)
ask(
  'ReKeyKeyPair',
  '2.0',
  { privateKeyUniqueIdentifier: '7', offset: 60, ...pairAttributes },
  T('PrivateKeyUniqueIdentifier', '7'),
  V('Offset', 60),
  ...pairAttributeItems,
)
for (const name of ['CreateKeyPair', 'ReKeyKeyPair']) {
  answer(
    name,
    first,
    {
      privateKeyUniqueIdentifier: '7',
      publicKeyUniqueIdentifier: '8',
      privateKeyTemplateAttribute: {},
      publicKeyTemplateAttribute: { attribute: [aState] },
    },
    T('PrivateKeyUniqueIdentifier', '7'),
    T('PublicKeyUniqueIdentifier', '8'),
    S('PrivateKeyTemplateAttribute'),
    S('PublicKeyTemplateAttribute', state1),
  )
}

// Objects of every type and format, as Register carries them.
const keyBlock = (format: string, ...material: TtlvItem[]): TtlvItem =>
  S('KeyBlock', E('KeyFormatType', format), S('KeyValue', ...material))
const keep = (
  objectType: string,
  field: string,
  object: unknown,
  tree: TtlvItem,
  span: Span = '1.0',
): void => {
  ask('Register', span, { objectType, [field]: object }, E('ObjectType', objectType), tree)
  answer('Get', span, { objectType, ...id, [field]: object }, E('ObjectType', objectType), uid, tree)
}
const raw = { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1, 2) } }
const rawItem = keyBlock('Raw', B('KeyMaterial', 1, 2))
keep('SymmetricKey', 'symmetricKey', { keyBlock: raw }, S('SymmetricKey', rawItem))
keep('PublicKey', 'publicKey', { keyBlock: raw }, S('PublicKey', rawItem))
keep('PrivateKey', 'privateKey', { keyBlock: raw }, S('PrivateKey', rawItem))
keep(
  'Certificate',
  'certificate',
  { certificateType: 'X_509', certificateValue: plain(0x30) },
  S('Certificate', E('CertificateType', 'X_509'), B('CertificateValue', 0x30)),
)
keep(
  'SplitKey',
  'splitKey',
  {
    splitKeyParts: 4,
    keyPartIdentifier: 1,
    splitKeyThreshold: 2,
    splitKeyMethod: 'PolynomialSharingPrimeField',
    primeFieldSize: 104729n,
    keyBlock: raw,
  },
  S(
    'SplitKey',
    I('SplitKeyParts', 4),
    I('KeyPartIdentifier', 1),
    I('SplitKeyThreshold', 2),
    E('SplitKeyMethod', 'PolynomialSharingPrimeField'),
    N('PrimeFieldSize', 104729n),
    rawItem,
  ),
)
keep('Template', 'template', { attribute: [aState] }, S('Template', state1), first)
keep(
  'SecretData',
  'secretData',
  { secretDataType: 'Password', keyBlock: raw },
  S('SecretData', E('SecretDataType', 'Password'), rawItem),
)
keep(
  'OpaqueObject',
  'opaqueObject',
  { opaqueDataType: 0x8000_0001, opaqueDataValue: secret(9) },
  S('OpaqueObject', E('OpaqueDataType', 0x8000_0001), B('OpaqueDataValue', 9)),
)
keep(
  'PGPKey',
  'pgpKey',
  { pgpKeyVersion: 4, keyBlock: raw },
  S('PGPKey', I('PGPKeyVersion', 4), rawItem),
  '1.2',
)
keep(
  'CertificateRequest',
  'certificateRequest',
  { certificateRequestType: 'PKCS_10', certificateRequestValue: plain(0x30) },
  S('CertificateRequest', E('CertificateRequestType', 'PKCS_10'), B('CertificateRequestValue', 0x30)),
  '2.0',
)

const eight = (last: number) => secret(0, 0, 0, 0, 0, 0, 0, last)
const transparent: readonly (readonly [format: string, material: unknown, ...items: TtlvItem[]])[] = [
  ['TransparentSymmetricKey', { key: secret(5) }, B('Key', 5)],
  [
    'TransparentDSAPrivateKey',
    { p: 1n, q: 2n, g: 3n, x: eight(4) },
    N('P', 1n),
    N('Q', 2n),
    N('G', 3n),
    N('X', 4n),
  ],
  ['TransparentDSAPublicKey', { p: 1n, q: 2n, g: 3n, y: 4n }, N('P', 1n), N('Q', 2n), N('G', 3n), N('Y', 4n)],
  [
    'TransparentRSAPrivateKey',
    {
      modulus: 1n,
      privateExponent: eight(2),
      publicExponent: 3n,
      p: eight(4),
      q: eight(5),
      primeExponentP: eight(6),
      primeExponentQ: eight(7),
      crtCoefficient: eight(8),
    },
    N('Modulus', 1n),
    N('PrivateExponent', 2n),
    N('PublicExponent', 3n),
    N('P', 4n),
    N('Q', 5n),
    N('PrimeExponentP', 6n),
    N('PrimeExponentQ', 7n),
    N('CRTCoefficient', 8n),
  ],
  [
    'TransparentRSAPublicKey',
    { modulus: 2n ** 64n, publicExponent: 65537n },
    N('Modulus', 2n ** 64n, 16),
    N('PublicExponent', 65537n),
  ],
  [
    'TransparentDHPrivateKey',
    { p: 1n, q: 2n, g: 3n, j: 4n, x: eight(5) },
    N('P', 1n),
    N('Q', 2n),
    N('G', 3n),
    N('J', 4n),
    N('X', 5n),
  ],
  ['TransparentDHPublicKey', { p: 1n, g: 3n, y: 5n }, N('P', 1n), N('G', 3n), N('Y', 5n)],
  ...['ECDSA', 'ECDH', 'ECMQV', 'EC'].flatMap((algorithm) => [
    [
      `Transparent${algorithm}PrivateKey`,
      { recommendedCurve: 'P_256', d: eight(1) },
      E('RecommendedCurve', 'P_256'),
      N('D', 1n),
    ] as const,
    [
      `Transparent${algorithm}PublicKey`,
      { recommendedCurve: 'P_256', qString: plain(4) },
      E('RecommendedCurve', 'P_256'),
      B('QString', 4),
    ] as const,
  ]),
]
const spanOf = (format: string): Span => {
  if (/EC(DSA|DH|MQV)P/.test(format)) return first
  return /TransparentECP/.test(format) ? '1.3' : '1.0'
}
for (const [format, keyMaterial, ...items] of transparent) {
  keep(
    'PrivateKey',
    'privateKey',
    { keyBlock: { keyFormatType: format, keyValue: { keyMaterial } } },
    S('PrivateKey', keyBlock(format, S('KeyMaterial', ...items))),
    spanOf(format),
  )
}
// Of a format of a vendor's own, key material that is a structure is kept as it is.
keep(
  'PrivateKey',
  'privateKey',
  {
    keyBlock: {
      keyFormatType: 0x8000_0001,
      keyValue: { keyMaterial: { unknown: [{ position: 0, item: N('X', 5n) }] } },
    },
  },
  S(
    'PrivateKey',
    S('KeyBlock', E('KeyFormatType', 0x8000_0001), S('KeyValue', S('KeyMaterial', N('X', 5n)))),
  ),
)
// A wrapped key, with all that says how.
const how = {
  uniqueIdentifier: 'kek',
  cryptographicParameters: { blockCipherMode: 'NISTKeyWrap' },
}
const howItems = [
  T('UniqueIdentifier', 'kek'),
  S('CryptographicParameters', E('BlockCipherMode', 'NISTKeyWrap')),
]
keep(
  'SymmetricKey',
  'symmetricKey',
  {
    keyBlock: {
      keyFormatType: 'Raw',
      keyCompressionType: 'ECPublicKeyTypeUncompressed',
      keyValue: secret(1, 2, 3),
      cryptographicAlgorithm: 'AES',
      cryptographicLength: 128,
      keyWrappingData: {
        wrappingMethod: 'EncryptThenMACSign',
        encryptionKeyInformation: how,
        macSignatureKeyInformation: { uniqueIdentifier: 'mac' },
        macSignature: plain(4),
        ivCounterNonce: plain(5),
        encodingOption: 'NoEncoding',
      },
    },
  },
  S(
    'SymmetricKey',
    S(
      'KeyBlock',
      E('KeyFormatType', 'Raw'),
      E('KeyCompressionType', 'ECPublicKeyTypeUncompressed'),
      B('KeyValue', 1, 2, 3),
      E('CryptographicAlgorithm', 'AES'),
      I('CryptographicLength', 128),
      S(
        'KeyWrappingData',
        E('WrappingMethod', 'EncryptThenMACSign'),
        S('EncryptionKeyInformation', ...howItems),
        S('MACSignatureKeyInformation', T('UniqueIdentifier', 'mac')),
        B('MACSignature', 4),
        B('IVCounterNonce', 5),
        E('EncodingOption', 'NoEncoding'),
      ),
    ),
  ),
  '1.1',
)
keep(
  'SymmetricKey',
  'symmetricKey',
  { keyBlock: { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1), attribute: [aState] } } },
  S('SymmetricKey', keyBlock('Raw', B('KeyMaterial', 1), state1)),
  first,
)
keep(
  'SymmetricKey',
  'symmetricKey',
  { keyBlock: { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1), attributes: [aState] } } },
  S('SymmetricKey', keyBlock('Raw', B('KeyMaterial', 1), S('Attributes', E('State', 'Active')))),
  '2.0',
)

ask(
  'Register',
  first,
  { objectType: 'SymmetricKey', ...template, symmetricKey: { keyBlock: raw } },
  E('ObjectType', 2),
  S('TemplateAttribute', state1),
  S('SymmetricKey', rawItem),
)
ask(
  'Register',
  '2.0',
  { objectType: 'SymmetricKey', ...tagged, symmetricKey: { keyBlock: raw }, protectionStorageMasks: {} },
  E('ObjectType', 2),
  S('Attributes', E('State', 'Active')),
  S('SymmetricKey', rawItem),
  S('ProtectionStorageMasks'),
)
answer('Register', first, { ...id, ...template }, uid, S('TemplateAttribute', state1))
const importHead = [
  uid,
  E('ObjectType', 2),
  O('ReplaceExisting', true),
  E('KeyWrapType', 'AsRegistered'),
] as const
const imported = { ...id, objectType: 'SymmetricKey', replaceExisting: true, keyWrapType: 'AsRegistered' }
ask(
  'Import',
  ['1.4', '1.4'],
  { ...imported, attribute: [aState], symmetricKey: { keyBlock: raw } },
  ...importHead,
  state1,
  S('SymmetricKey', rawItem),
)
ask(
  'Import',
  '2.0',
  { ...imported, attributes: [aState], symmetricKey: { keyBlock: raw } },
  ...importHead,
  S('Attributes', E('State', 'Active')),
  S('SymmetricKey', rawItem),
)
answer('Import', '1.0', id, uid)

const wish = {
  ...id,
  keyFormatType: 'Raw',
  keyWrapType: 'NotWrapped',
  keyCompressionType: 'ECPublicKeyTypeUncompressed',
  keyWrappingSpecification: {
    wrappingMethod: 'Encrypt',
    encryptionKeyInformation: how,
    macSignatureKeyInformation: { uniqueIdentifier: 'mac' },
    attributeName: ['State'],
    encodingOption: 'TTLVEncoding',
  },
}
for (const name of ['Get', 'Export']) {
  ask(
    name,
    '1.4',
    wish,
    uid,
    E('KeyFormatType', 'Raw'),
    E('KeyWrapType', 'NotWrapped'),
    E('KeyCompressionType', 'ECPublicKeyTypeUncompressed'),
    S(
      'KeyWrappingSpecification',
      E('WrappingMethod', 'Encrypt'),
      S('EncryptionKeyInformation', ...howItems),
      S('MACSignatureKeyInformation', T('UniqueIdentifier', 'mac')),
      T('AttributeName', 'State'),
      E('EncodingOption', 'TTLVEncoding'),
    ),
  )
}
answer(
  'Export',
  first,
  { objectType: 'SymmetricKey', ...id, attribute: [aState], symmetricKey: { keyBlock: raw } },
  E('ObjectType', 2),
  uid,
  state1,
  S('SymmetricKey', rawItem),
)
answer(
  'Export',
  '2.0',
  { objectType: 'SymmetricKey', ...id, attributes: [aState], symmetricKey: { keyBlock: raw } },
  E('ObjectType', 2),
  uid,
  S('Attributes', E('State', 'Active')),
  S('SymmetricKey', rawItem),
)

ask(
  'GetAttributes',
  first,
  { ...id, attributeName: ['a', 'b'] },
  uid,
  T('AttributeName', 'a'),
  T('AttributeName', 'b'),
)
const reference = S('AttributeReference', T('VendorIdentification', 'v'), T('AttributeName', 'n'))
const refersTo = { vendorIdentification: 'v', attributeName: 'n' }
ask(
  'GetAttributes',
  '2.0',
  { ...id, attributeReference: [tags.State, refersTo] },
  uid,
  E('AttributeReference', tags.State),
  reference,
)
answer('GetAttributes', first, { ...id, attribute: [aState] }, uid, state1)
answer('GetAttributes', '2.0', { ...id, ...tagged }, uid, S('Attributes', E('State', 'Active')))
ask('GetAttributeList', '1.0', id, uid)
answer('GetAttributeList', first, { ...id, attributeName: ['a'] }, uid, T('AttributeName', 'a'))
answer('GetAttributeList', '2.0', { ...id, attributeReference: [refersTo] }, uid, reference)
for (const name of ['AddAttribute', 'ModifyAttribute']) {
  ask(name, first, { ...id, attribute: aState }, uid, state1)
  ask(name, '2.0', { ...id, newAttribute: [aState] }, uid, S('NewAttribute', E('State', 'Active')))
  answer(name, first, { ...id, attribute: aState }, uid, state1)
  answer(name, '1.0', id, uid)
}
ask(
  'ModifyAttribute',
  '2.0',
  { ...id, currentAttribute: [aState], newAttribute: [aState] },
  uid,
  S('CurrentAttribute', E('State', 'Active')),
  S('NewAttribute', E('State', 'Active')),
)
ask('SetAttribute', '2.0', { ...id, newAttribute: [aState] }, uid, S('NewAttribute', E('State', 'Active')))
answer('SetAttribute', '1.0', id, uid)
ask(
  'DeleteAttribute',
  first,
  { ...id, attributeName: 'Name', attributeIndex: 2 },
  uid,
  T('AttributeName', 'Name'),
  I('AttributeIndex', 2),
)
ask(
  'DeleteAttribute',
  '2.0',
  { ...id, currentAttribute: [aState] },
  uid,
  S('CurrentAttribute', E('State', 2)),
)
ask('DeleteAttribute', '2.0', { ...id, attributeReference: refersTo }, uid, reference)
answer('DeleteAttribute', first, { ...id, attribute: aState }, uid, state1)

ask(
  'Locate',
  ['1.3', '1.4'],
  {
    maximumItems: 10,
    offsetItems: 5,
    storageStatusMask: 3,
    objectGroupMember: 'GroupMemberFresh',
    attribute: [aState],
  },
  I('MaximumItems', 10),
  I('OffsetItems', 5),
  I('StorageStatusMask', 3),
  E('ObjectGroupMember', 'GroupMemberFresh'),
  state1,
)
ask(
  'Locate',
  '1.1',
  { objectGroupMember: 'GroupMemberDefault' },
  E('ObjectGroupMember', 'GroupMemberDefault'),
)
ask('Locate', '2.0', tagged, S('Attributes', E('State', 'Active')))
answer('Locate', '1.3', { locatedItems: 12, uniqueIdentifier: ['7', '7'] }, I('LocatedItems', 12), uid, uid)
answer('Locate', '1.0', {})

ask(
  'Revoke',
  '1.0',
  {
    ...id,
    revocationReason: { revocationReasonCode: 'KeyCompromise', revocationMessage: 'why' },
    compromiseOccurrenceDate: 6n,
  },
  uid,
  S('RevocationReason', E('RevocationReasonCode', 'KeyCompromise'), T('RevocationMessage', 'why')),
  D('CompromiseOccurrenceDate', 6n),
)
answer('Revoke', '1.0', id, uid)

ask('ReKey', first, { ...id, offset: 60, ...template }, uid, V('Offset', 60), S('TemplateAttribute', state1))
ask(
  'ReKey',
  '2.0',
  { ...id, ...tagged, protectionStorageMasks: {} },
  uid,
  S('Attributes', E('State', 'Active')),
  S('ProtectionStorageMasks'),
)
answer('ReKey', first, { ...id, ...template }, uid, S('TemplateAttribute', state1))

const derivation = {
  objectType: 'SymmetricKey',
  uniqueIdentifier: ['7', '7'],
  derivationMethod: 'PBKDF2',
  derivationParameters: {
    cryptographicParameters: { hashingAlgorithm: 'SHA_256' },
    initializationVector: plain(1),
    derivationData: secret(2),
    salt: plain(3),
    iterationCount: 4096,
  },
}
const derivationItems = [
  E('ObjectType', 2),
  uid,
  uid,
  E('DerivationMethod', 'PBKDF2'),
  S(
    'DerivationParameters',
    S('CryptographicParameters', E('HashingAlgorithm', 'SHA_256')),
    B('InitializationVector', 1),
    B('DerivationData', 2),
    B('Salt', 3),
    I('IterationCount', 4096),
  ),
]
ask('DeriveKey', first, { ...derivation, ...template }, ...derivationItems, S('TemplateAttribute', state1))
ask('DeriveKey', '2.0', { ...derivation, ...tagged }, ...derivationItems, S('Attributes', E('State', 2)))
answer('DeriveKey', first, { ...id, ...template }, uid, S('TemplateAttribute', state1))

const limits = { ...id, usageLimitsCount: 5n, cryptographicUsageMask: 12, leaseTime: 60 }
const limitItems = [uid, L('UsageLimitsCount', 5n), I('CryptographicUsageMask', 12), V('LeaseTime', 60)]
ask('Check', '1.0', limits, ...limitItems)
answer('Check', '1.0', limits, ...limitItems)
ask('ObtainLease', '1.0', id, uid)
answer(
  'ObtainLease',
  '1.0',
  { ...id, leaseTime: 60, lastChangeDate: 7n },
  uid,
  V('LeaseTime', 60),
  D('LastChangeDate', 7n),
)

const parameters12 = {
  blockCipherMode: 'GCM',
  paddingMethod: 'None',
  hashingAlgorithm: 'SHA_256',
  keyRoleType: 'KEK',
  digitalSignatureAlgorithm: 'ECDSAWithSHA256',
  cryptographicAlgorithm: 'AES',
  randomIv: true,
  ivLength: 96,
  tagLength: 16,
  fixedFieldLength: 1,
  invocationFieldLength: 2,
  counterLength: 3,
  initialCounterValue: 4,
}
const parameter12Items = [
  E('BlockCipherMode', 'GCM'),
  E('PaddingMethod', 'None'),
  E('HashingAlgorithm', 'SHA_256'),
  E('KeyRoleType', 'KEK'),
  E('DigitalSignatureAlgorithm', 'ECDSAWithSHA256'),
  E('CryptographicAlgorithm', 'AES'),
  O('RandomIV', true),
  I('IVLength', 96),
  I('TagLength', 16),
  I('FixedFieldLength', 1),
  I('InvocationFieldLength', 2),
  I('CounterLength', 3),
  I('InitialCounterValue', 4),
]
const parameters = {
  ...parameters12,
  saltLength: 5,
  maskGenerator: 'MGF1',
  maskGeneratorHashingAlgorithm: 'SHA_1',
  pSource: plain(6),
  trailerField: 7,
}
const parameterItem = S(
  'CryptographicParameters',
  ...parameter12Items,
  I('SaltLength', 5),
  E('MaskGenerator', 'MGF1'),
  E('MaskGeneratorHashingAlgorithm', 'SHA_1', 'HashingAlgorithm'),
  B('PSource', 6),
  I('TrailerField', 7),
)
const part = { correlationValue: plain(8), initIndicator: true, finalIndicator: false }
const partItems = [B('CorrelationValue', 8), O('InitIndicator', true), O('FinalIndicator', false)]
const linked = { correlationValue: plain(8) }
const linkItem = B('CorrelationValue', 8)
const additional = { authenticatedEncryptionAdditionalData: plain(9) }
const additionalItem = B('AuthenticatedEncryptionAdditionalData', 9)
const tagValue = { authenticatedEncryptionTag: plain(10) }
const tagItem = B('AuthenticatedEncryptionTag', 10)

ask(
  'Encrypt',
  '1.2',
  { ...id, cryptographicParameters: parameters12, data: secret(1), ivCounterNonce: plain(2) },
  uid,
  S('CryptographicParameters', ...parameter12Items),
  B('Data', 1),
  B('IVCounterNonce', 2),
)
ask('Encrypt', '1.3', { ...id, data: secret(1), ...part }, uid, B('Data', 1), ...partItems)
ask(
  'Encrypt',
  '1.4',
  { ...id, cryptographicParameters: parameters, data: secret(1), ...part, ...additional },
  uid,
  parameterItem,
  B('Data', 1),
  ...partItems,
  additionalItem,
)
answer(
  'Encrypt',
  '1.2',
  { ...id, data: plain(1), ivCounterNonce: plain(2) },
  uid,
  B('Data', 1),
  B('IVCounterNonce', 2),
)
answer('Encrypt', '1.4', { ...id, ...linked, ...tagValue }, uid, linkItem, tagItem)
ask(
  'Decrypt',
  '1.4',
  { ...id, data: plain(1), ivCounterNonce: plain(2), ...part, ...additional, ...tagValue },
  uid,
  B('Data', 1),
  B('IVCounterNonce', 2),
  ...partItems,
  additionalItem,
  tagItem,
)
answer('Decrypt', '1.3', { ...id, data: secret(1), ...linked }, uid, B('Data', 1), linkItem)
ask(
  'Sign',
  '1.4',
  { ...id, data: plain(1), digestedData: plain(2), ...part },
  uid,
  B('Data', 1),
  B('DigestedData', 2),
  ...partItems,
)
answer('Sign', '1.3', { ...id, signatureData: plain(1), ...linked }, uid, B('SignatureData', 1), linkItem)
ask(
  'SignatureVerify',
  '1.4',
  { ...id, data: plain(1), digestedData: plain(2), signatureData: plain(3), ...part },
  uid,
  B('Data', 1),
  B('DigestedData', 2),
  B('SignatureData', 3),
  ...partItems,
)
answer(
  'SignatureVerify',
  '1.3',
  { ...id, validityIndicator: 'Invalid', data: plain(1), ...linked },
  uid,
  E('ValidityIndicator', 'Invalid'),
  B('Data', 1),
  linkItem,
)
ask('MAC', '1.3', { ...id, data: plain(1), ...part }, uid, B('Data', 1), ...partItems)
answer('MAC', '1.3', { ...id, macData: plain(1), ...linked }, uid, B('MACData', 1), linkItem)
ask(
  'MACVerify',
  '1.3',
  { ...id, data: plain(1), macData: plain(2), ...part },
  uid,
  B('Data', 1),
  B('MACData', 2),
  ...partItems,
)
answer(
  'MACVerify',
  '1.3',
  { ...id, validityIndicator: 'Valid', ...linked },
  uid,
  E('ValidityIndicator', 'Valid'),
  linkItem,
)
ask('RNGRetrieve', '1.2', { dataLength: 32 }, I('DataLength', 32))
answer('RNGRetrieve', '1.2', { data: secret(1) }, B('Data', 1))
ask('RNGSeed', '1.2', { data: secret(1) }, B('Data', 1))
answer('RNGSeed', '1.2', { dataLength: 1 }, I('DataLength', 1))
ask(
  'Hash',
  '1.3',
  { cryptographicParameters: { hashingAlgorithm: 'SHA_256' }, data: plain(1), ...part },
  S('CryptographicParameters', E('HashingAlgorithm', 'SHA_256')),
  B('Data', 1),
  ...partItems,
)
answer('Hash', '1.3', { data: plain(1), ...linked }, B('Data', 1), linkItem)

const deferred = { asynchronousCorrelationValue: plain(1, 2) }
const deferredItem = B('AsynchronousCorrelationValue', 1, 2)
ask('Poll', '1.0', deferred, deferredItem)
answer('Poll', '1.0', { unknown: [{ position: 0, item: uid }] }, uid)
ask('Cancel', '1.0', deferred, deferredItem)
answer(
  'Cancel',
  '1.0',
  { ...deferred, cancellationResult: 'UnableToCancel' },
  deferredItem,
  E('CancellationResult', 'UnableToCancel'),
)
ask('Ping', '1.0', {})
answer('Ping', '1.0', {})

const version = S('ProtocolVersion', I('ProtocolVersionMajor', 1), I('ProtocolVersionMinor', 2))
const versionValue = { protocolVersion: [{ protocolVersionMajor: 1, protocolVersionMinor: 2 }] }
ask('DiscoverVersions', '1.0', versionValue, version)
answer('DiscoverVersions', '1.0', versionValue, version)

ask('Query', '1.0', { queryFunction: ['QueryOperations'] }, E('QueryFunction', 'QueryOperations'))
answer(
  'Query',
  '1.0',
  {
    operation: ['Create', 'Get'],
    objectType: ['SymmetricKey'],
    vendorIdentification: 'v',
    serverInformation: { unknown: [{ position: 0, item: item(0x54_0001, 'TextString', 'own') }] },
    applicationNamespace: ['a'],
  },
  E('Operation', 'Create'),
  E('Operation', 'Get'),
  E('ObjectType', 'SymmetricKey'),
  T('VendorIdentification', 'v'),
  S('ServerInformation', item(0x54_0001, 'TextString', 'own')),
  T('ApplicationNamespace', 'a'),
)
answer(
  'Query',
  ['1.1', '1.4'],
  { extensionInformation: [{ extensionName: 'e', extensionTag: 0x54_0001, extensionType: 7 }] },
  S('ExtensionInformation', T('ExtensionName', 'e'), I('ExtensionTag', 0x54_0001), I('ExtensionType', 7)),
)
answer('Query', '1.2', { attestationType: ['TPMQuote'] }, E('AttestationType', 'TPMQuote'))
answer(
  'Query',
  ['1.4', '1.4'],
  {
    rngParameters: [
      {
        rngAlgorithm: 'DRBG',
        cryptographicAlgorithm: 'AES',
        cryptographicLength: 256,
        hashingAlgorithm: 'SHA_256',
        drbgAlgorithm: 'CTR',
        recommendedCurve: 'P_256',
        fips186Variation: 'XOriginal',
        predictionResistance: true,
      },
    ],
    profileInformation: [{ profileName: 'BaselineServerBasicKMIPV1_3', serverUri: 'u', serverPort: 5696 }],
    validationInformation: [
      {
        validationAuthorityType: 'NISTCMVP',
        validationAuthorityCountry: 'US',
        validationAuthorityUri: 'u',
        validationVersionMajor: 140,
        validationVersionMinor: 2,
        validationType: 'Hardware',
        validationLevel: 3,
        validationCertificateIdentifier: 'c',
        validationCertificateUri: 'd',
        validationVendorUri: 'e',
        validationProfile: ['f', 'g'],
      },
    ],
    capabilityInformation: [
      {
        streamingCapability: true,
        asynchronousCapability: false,
        attestationCapability: true,
        batchUndoCapability: false,
        batchContinueCapability: true,
        unwrapMode: 'Processed',
        destroyAction: 'Shredded',
        shreddingAlgorithm: 'Cryptographic',
        rngMode: 'SharedInstantiation',
      },
    ],
    clientRegistrationMethod: ['ClientGenerated'],
  },
  S(
    'RNGParameters',
    E('RNGAlgorithm', 'DRBG'),
    E('CryptographicAlgorithm', 'AES'),
    I('CryptographicLength', 256),
    E('HashingAlgorithm', 'SHA_256'),
    E('DRBGAlgorithm', 'CTR'),
    E('RecommendedCurve', 'P_256'),
    E('FIPS186Variation', 'XOriginal'),
    O('PredictionResistance', true),
  ),
  S(
    'ProfileInformation',
    E('ProfileName', 'BaselineServerBasicKMIPV1_3'),
    T('ServerURI', 'u'),
    I('ServerPort', 5696),
  ),
  S(
    'ValidationInformation',
    E('ValidationAuthorityType', 'NISTCMVP'),
    T('ValidationAuthorityCountry', 'US'),
    T('ValidationAuthorityURI', 'u'),
    I('ValidationVersionMajor', 140),
    I('ValidationVersionMinor', 2),
    E('ValidationType', 'Hardware'),
    I('ValidationLevel', 3),
    T('ValidationCertificateIdentifier', 'c'),
    T('ValidationCertificateURI', 'd'),
    T('ValidationVendorURI', 'e'),
    T('ValidationProfile', 'f'),
    T('ValidationProfile', 'g'),
  ),
  S(
    'CapabilityInformation',
    O('StreamingCapability', true),
    O('AsynchronousCapability', false),
    O('AttestationCapability', true),
    O('BatchUndoCapability', false),
    O('BatchContinueCapability', true),
    E('UnwrapMode', 'Processed'),
    E('DestroyAction', 'Shredded'),
    E('ShreddingAlgorithm', 'Cryptographic'),
    E('RNGMode', 'SharedInstantiation'),
  ),
  E('ClientRegistrationMethod', 'ClientGenerated'),
)
answer(
  'Query',
  '2.0',
  {
    serverInformation: { serverName: 's', serverVersion: '2', alternateFailoverEndpoints: ['a', 'b'] },
    extensionInformation: [
      {
        extensionName: 'e',
        extensionType: 'TextString',
        extensionEnumeration: 1,
        extensionAttribute: true,
        extensionParentStructureTag: 2,
        extensionDescription: 'd',
      },
    ],
    profileInformation: [
      { profileName: 'BaselineServer', profileVersion: { profileVersionMajor: 2, profileVersionMinor: 1 } },
    ],
    defaultsInformation: { objectDefaults: [{ objectType: 'SymmetricKey', ...tagged }] },
    protectionStorageMasks: [{ protectionStorageMask: [1] }],
  },
  S(
    'ServerInformation',
    T('ServerName', 's'),
    T('ServerVersion', '2'),
    T('AlternateFailoverEndpoints', 'a'),
    T('AlternateFailoverEndpoints', 'b'),
  ),
  S(
    'ExtensionInformation',
    T('ExtensionName', 'e'),
    E('ExtensionType', 7),
    I('ExtensionEnumeration', 1),
    O('ExtensionAttribute', true),
    I('ExtensionParentStructureTag', 2),
    T('ExtensionDescription', 'd'),
  ),
  S(
    'ProfileInformation',
    E('ProfileName', 'BaselineServer'),
    S('ProfileVersion', I('ProfileVersionMajor', 2), I('ProfileVersionMinor', 1)),
  ),
  S('DefaultsInformation', S('ObjectDefaults', E('ObjectType', 2), S('Attributes', E('State', 2)))),
  S('ProtectionStorageMasks', I('ProtectionStorageMask', 1)),
)
answer(
  'Query',
  '2.1',
  { capabilityInformation: [{ quantumSafeCapability: true }] },
  S('CapabilityInformation', O('QuantumSafeCapability', true)),
)

const schemaOf = ({ operation, part }: Row): StructureKind<unknown> => {
  const found = operations.get(operation)
  if (found === undefined) throw new Error(`no ${operation}`)
  return found[part]
}
const bytesOf = ({ part, items }: Row, order = items): Uint8Array =>
  encodeItem(S(part === 'request' ? 'RequestPayload' : 'ResponsePayload', ...order))

/** The same items, the structures among them turned around too, but those of one tag in their order. */
function turnAround(items: readonly TtlvItem[]): TtlvItem[] {
  const byTag = new Map<number, TtlvItem[]>()
  for (const one of items) {
    const turned = one.type === 'Structure' ? item(one.tag, 'Structure', turnAround(one.value)) : one
    byTag.set(one.tag, [...(byTag.get(one.tag) ?? []), turned])
  }
  return [...byTag.values()].reverse().flat()
}

const labelled = rows.map((row, i) => [`${i} ${row.operation} ${row.part} ${row.since}`, row] as const)

describe('payloads', () => {
  test.each(labelled)('%s is written and read', (_, row) => {
    const schema = schemaOf(row)
    const written = encodeMessage(schema, row.value, row.until)
    expect(toHex(written)).toBe(toHex(bytesOf(row)))
    const read = decodeMessage(schema, written)
    expect(toHex(encodeMessage(schema, read, row.until))).toBe(toHex(written))
    expect(Object.keys(read as object)).toEqual(Object.keys(row.value as object))
  })

  test.each(labelled)('%s is of its versions only', (_, row) => {
    const schema = schemaOf(row)
    for (const version of kmipVersions) {
      const write = () => encodeMessage(schema, row.value, version)
      if (isAtLeast(version, row.since) && isAtLeast(row.until, version)) write()
      else expect(write).toThrow(expect.objectContaining({ code: 'CODEC_RANGE' }))
    }
  })

  test.each(labelled.filter(([, { items }]) => items.length > 1))('%s is read in any order', (_, row) => {
    // What is not known keeps its place, so that it is not turned back.
    if (inspect(row.value, { depth: 9 }).includes('unknown:')) return
    const schema = schemaOf(row)
    const read = decodeMessage(schema, bytesOf(row, turnAround(row.items)))
    expect(toHex(encodeMessage(schema, read, row.until))).toBe(toHex(bytesOf(row)))
  })

  test('are tested of every operation', () => {
    const tested = new Set(rows.map(({ operation, part }) => `${operation} ${part}`))
    const all = [...operations.keys()].flatMap((name) => [`${name} request`, `${name} response`])
    expect(all.filter((name) => !tested.has(name))).toEqual([])
  })
})

test('an operation that can be asked twice changes nothing', () => {
  const repeatable = [...operations.values()].filter((operation) => operation.repeatable)
  expect(repeatable.map(({ name }) => name).sort()).toEqual([
    'Check',
    'Decrypt',
    'DiscoverVersions',
    'Encrypt',
    'Export',
    'Get',
    'GetAttributeList',
    'GetAttributes',
    'Hash',
    'Locate',
    'MAC',
    'MACVerify',
    'ObtainLease',
    'Ping',
    'Poll',
    'Query',
    'RNGRetrieve',
    'SignatureVerify',
  ])
})
