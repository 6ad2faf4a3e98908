import { item } from '../../../src/ttlv/index.js'
import { B, E, I, O, plain, S, T } from '../../items.js'
import { collectRows, tagged, uid } from './row.js'

export const serverInformation = collectRows((ask, answer) => {
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
})
