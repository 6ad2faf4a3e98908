import {
  boolean,
  bytes,
  enumeration,
  type Infer,
  integer,
  maybe,
  one,
  type StructureKind,
  structure,
} from '../ttlv/index.js'

const since12 = { since: '1.2' } as const
const since14 = { since: '1.4' } as const

const cryptographicParametersDef = structure('CryptographicParameters', {
  blockCipherMode: maybe('BlockCipherMode', enumeration('BlockCipherMode')),
  paddingMethod: maybe('PaddingMethod', enumeration('PaddingMethod')),
  hashingAlgorithm: maybe('HashingAlgorithm', enumeration('HashingAlgorithm')),
  keyRoleType: maybe('KeyRoleType', enumeration('KeyRoleType')),
  digitalSignatureAlgorithm: maybe(
    'DigitalSignatureAlgorithm',
    enumeration('DigitalSignatureAlgorithm'),
    since12,
  ),
  cryptographicAlgorithm: maybe('CryptographicAlgorithm', enumeration('CryptographicAlgorithm'), since12),
  randomIv: maybe('RandomIV', boolean, since12),
  /** In bits. */
  ivLength: maybe('IVLength', integer, since12),
  /** In bytes. */
  tagLength: maybe('TagLength', integer, since12),
  fixedFieldLength: maybe('FixedFieldLength', integer, since12),
  invocationFieldLength: maybe('InvocationFieldLength', integer, since12),
  counterLength: maybe('CounterLength', integer, since12),
  initialCounterValue: maybe('InitialCounterValue', integer, since12),
  saltLength: maybe('SaltLength', integer, since14),
  maskGenerator: maybe('MaskGenerator', enumeration('MaskGenerator'), since14),
  maskGeneratorHashingAlgorithm: maybe(
    'MaskGeneratorHashingAlgorithm',
    enumeration('HashingAlgorithm'),
    since14,
  ),
  pSource: maybe('PSource', bytes, since14),
  trailerField: maybe('TrailerField', integer, since14),
})
/** How a key is used: mode, padding, lengths. KMIP 1.4, section 3.6. */
export interface CryptographicParameters extends Infer<typeof cryptographicParametersDef> {}
export const cryptographicParameters: StructureKind<CryptographicParameters> = cryptographicParametersDef

const domainParametersDef = structure('CryptographicDomainParameters', {
  qlength: maybe('Qlength', integer),
  recommendedCurve: maybe('RecommendedCurve', enumeration('RecommendedCurve')),
})
/** What a key pair is made over: a curve, or the bits of Q. KMIP 1.4, section 3.7. */
export interface DomainParameters extends Infer<typeof domainParametersDef> {}
export const domainParameters: StructureKind<DomainParameters> = domainParametersDef

const rngParametersDef = structure('RNGParameters', {
  rngAlgorithm: one('RNGAlgorithm', enumeration('RNGAlgorithm')),
  cryptographicAlgorithm: maybe('CryptographicAlgorithm', enumeration('CryptographicAlgorithm')),
  cryptographicLength: maybe('CryptographicLength', integer),
  hashingAlgorithm: maybe('HashingAlgorithm', enumeration('HashingAlgorithm')),
  drbgAlgorithm: maybe('DRBGAlgorithm', enumeration('DRBGAlgorithm')),
  recommendedCurve: maybe('RecommendedCurve', enumeration('RecommendedCurve')),
  fips186Variation: maybe('FIPS186Variation', enumeration('FIPS186Variation')),
  predictionResistance: maybe('PredictionResistance', boolean),
})
/** The generator that random numbers come from. KMIP 1.4, section 2.1.19. */
export interface RngParameters extends Infer<typeof rngParametersDef> {}
export const rngParameters: StructureKind<RngParameters> = rngParametersDef
