/** Where the software TPM answers otherwise than swtpm (libtpms 0.9.2), and why that is right. */
export interface Exception {
  /** Of the scenario. */
  readonly scenario: RegExp
  readonly variant: RegExp
  readonly ours: number
  readonly theirs: number
  readonly why: string
}

const otherCurve = 'It has no P-224: node:crypto cannot be told to use it safely, and nothing here needs it.'
const otherMode =
  'Part 1, 22.4: storage keys protect in CFB mode; libtpms makes parents that no other TPM would load.'
const pinIndices = 'It has no PIN indices, and says so instead of making an index that would not count.'

/** All of them; each has to be met at least once. */
export const exceptions: readonly Exception[] = [
  { scenario: /^TestParms ecc$/, variant: /: 03 to 02$/, ours: 0x1e6, theirs: 0, why: otherCurve },
  { scenario: /^Create/, variant: /: 03 to 02$/, ours: 0x2e6, theirs: 0, why: otherCurve },
  { scenario: /^Import$/, variant: /: 03 to 02$/, ours: 0x2e6, theirs: 0x3d5, why: otherCurve },
  { scenario: /^CreatePrimary ecc$/, variant: /: 43 to 4[24]$/, ours: 0x2c9, theirs: 0, why: otherMode },
  {
    scenario: /^RSA_Decrypt$/,
    variant: /: 0b to 0c$/,
    ours: 0x1c4,
    theirs: 0x101,
    why: 'Padding of another hash is no failure of the TPM (TPM_RC_FAILURE), but a value that does not decrypt.',
  },
  {
    scenario: /^RSA_Decrypt$/,
    variant: /^byte 2[78]: 0[01] to (?:02|ff)$/,
    ours: 0x1da,
    theirs: 0x1d5,
    why: 'It has RSA-4096, so that longer values can come; libtpms 0.9 ends at RSA-3072.',
  },
  {
    scenario: /^an index: type [89] of 8 bytes$/,
    variant: /as it is/,
    ours: 0x2c2,
    theirs: 0,
    why: pinIndices,
  },
  {
    scenario: /^an index: type 15 of 2049 bytes$/,
    variant: /as it is/,
    ours: 0x2c2,
    theirs: 0x2d5,
    why: 'Both are wrong with it: a type of index that there is none of, and a size that is too large.',
  },
]
