/** Enumerations of what servers are and can. KMIP 2.1, section 11, and the versions that had what it dropped. */
export const serverValues = {
  AttestationType: {
    TPMQuote: 1,
    TCGIntegrityReport: 2,
    SAMLAssertion: 3,
  },
  ValidationAuthorityType: {
    Unspecified: 1,
    NISTCMVP: 2,
    CommonCriteria: 3,
  },
  ValidationType: {
    Unspecified: 1,
    Hardware: 2,
    Software: 3,
    Firmware: 4,
    Hybrid: 5,
  },
  UnwrapMode: {
    Unspecified: 1,
    Processed: 2,
    NotProcessed: 3,
  },
  DestroyAction: {
    Unspecified: 1,
    KeyMaterialDeleted: 2,
    KeyMaterialShredded: 3,
    MetaDataDeleted: 4,
    MetaDataShredded: 5,
    Deleted: 6,
    Shredded: 7,
  },
  ShreddingAlgorithm: {
    Unspecified: 1,
    Cryptographic: 2,
    Unsupported: 3,
  },
  RNGMode: {
    Unspecified: 1,
    SharedInstantiation: 2,
    NonSharedInstantiation: 3,
  },
  ClientRegistrationMethod: {
    Unspecified: 1,
    ServerPreGenerated: 2,
    ServerOnDemand: 3,
    ClientGenerated: 4,
    ClientRegistered: 5,
  },
} as const
