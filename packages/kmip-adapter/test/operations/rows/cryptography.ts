import { B, E, I, O, plain, S, secret } from '../../items.js'
import { collectRows, id, uid } from './row.js'

export const cryptography = collectRows((ask, answer) => {
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
})
