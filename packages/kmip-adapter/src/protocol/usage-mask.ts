/** What a key may be used for, by bit. KMIP 2.1, section 11.8; those of 1.x and 2.x together. */
const usageBits = {
  Sign: 0x1,
  Verify: 0x2,
  Encrypt: 0x4,
  Decrypt: 0x8,
  WrapKey: 0x10,
  UnwrapKey: 0x20,
  Export: 0x40,
  MACGenerate: 0x80,
  MACVerify: 0x100,
  DeriveKey: 0x200,
  ContentCommitment: 0x400,
  KeyAgreement: 0x800,
  CertificateSign: 0x1000,
  CRLSign: 0x2000,
  Authenticate: 0x10_0000,
  Unrestricted: 0x20_0000,
  FPEEncrypt: 0x40_0000,
  FPEDecrypt: 0x80_0000,
} as const

/** A use of a key. */
export type UsageBit = keyof typeof usageBits

/** The Cryptographic Usage Mask that allows these uses. */
export function usageMask(uses: readonly UsageBit[]): number {
  return uses.reduce((mask, use) => mask | usageBits[use], 0)
}
