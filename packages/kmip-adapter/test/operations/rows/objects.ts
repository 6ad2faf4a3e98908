import type { TtlvItem } from '../../../src/ttlv/index.js'
import { B, E, I, N, O, plain, S, secret, T } from '../../items.js'
import { aState, collectRows, first, id, type Span, state1, tagged, template, uid } from './row.js'

export const objects = collectRows((ask, answer) => {
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
    [
      'TransparentDSAPublicKey',
      { p: 1n, q: 2n, g: 3n, y: 4n },
      N('P', 1n),
      N('Q', 2n),
      N('G', 3n),
      N('Y', 4n),
    ],
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
})
