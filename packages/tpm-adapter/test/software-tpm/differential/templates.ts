import { command, hex, nothing, password, sized, u16, u32 } from './bytes.js'
import { keys, type Scenario } from './scenarios.js'

const noSensitive = sized(nothing, nothing)

/** TPMA_OBJECT, by bit. */
const bit = {
  fixedTPM: 1 << 1,
  stClear: 1 << 2,
  fixedParent: 1 << 4,
  sensitiveDataOrigin: 1 << 5,
  userWithAuth: 1 << 6,
  adminWithPolicy: 1 << 7,
  noDA: 1 << 10,
  encryptedDuplication: 1 << 11,
  restricted: 1 << 16,
  decrypt: 1 << 17,
  sign: 1 << 18,
} as const

const schemes = {
  none: '0010',
  ecdsa: '0018 000b',
  ecdh: '0019 000b',
  rsassa: '0014 000b',
  oaep: '0017 000b',
}
const ciphers = { none: '0010', aes128: '0006 0080 0043', aes256: '0006 0100 0043' }

const ecc = (attributes: number, cipher: string, scheme: string, policy = nothing): Uint8Array =>
  sized(
    u16(0x23),
    u16(0x0b),
    u32(attributes),
    policy,
    hex(cipher),
    hex(scheme),
    u16(3),
    hex('0010'),
    nothing,
    nothing,
  )
const keyedHash = (attributes: number, scheme: string): Uint8Array =>
  sized(u16(0x08), u16(0x0b), u32(attributes), nothing, hex(scheme), nothing)
const symmetric = (attributes: number, cipher: string): Uint8Array =>
  sized(u16(0x25), u16(0x0b), u32(attributes), nothing, hex(cipher), nothing)

function make(name: string, area: Uint8Array, sensitive = noSensitive): readonly Scenario[] {
  const parameters = [sensitive, area, nothing, u32(0)]
  const primary = (): Uint8Array =>
    command('TPM2_CreatePrimary', { handles: [0x4000_0001], sessions: [password()], parameters })
  const child = (): Uint8Array =>
    command('TPM2_Create', { handles: [keys.storage], sessions: [password()], parameters })
  return [
    { name: `a primary ${name}`, build: primary, change: 'cut', returnsHandle: true },
    { name: `a child ${name}`, build: child, change: 'cut' },
  ]
}

const origins = bit.sensitiveDataOrigin | bit.userWithAuth | bit.noDA
const fixed = bit.fixedTPM | bit.fixedParent

/** Every mixture of the attributes that depend on each other. */
function mixtures(...flags: readonly number[]): readonly number[] {
  return Array.from({ length: 2 ** flags.length }, (_, choice) =>
    flags.reduce((sum, flag, i) => ((choice >> i) & 1 ? sum | flag : sum), 0),
  )
}

const uses = mixtures(bit.restricted, bit.decrypt, bit.sign)
const places = mixtures(bit.fixedTPM, bit.fixedParent, bit.encryptedDuplication)

/** Templates with attributes and schemes that go together, and that do not. */
export const templates: readonly Scenario[] = [
  ...uses.flatMap((use) =>
    Object.entries(ciphers).flatMap(([cipher, cipherBytes]) =>
      Object.entries(schemes)
        .filter(([scheme]) => !scheme.startsWith('rsa') && scheme !== 'oaep')
        .flatMap(([scheme, schemeBytes]) =>
          make(
            `key on a curve: ${use}, ${cipher}, ${scheme}`,
            ecc(origins | fixed | use, cipherBytes, schemeBytes),
          ),
        ),
    ),
  ),
  ...places.flatMap((place) =>
    make(`key that lives at ${place}`, ecc(origins | place | bit.sign, '0010', '0018 000b')),
  ),
  ...uses.flatMap((use) =>
    ['0010', '0005 000b', '0011 000b 0022', '000a 000b 0022', '000a 000b 0020'].flatMap((scheme) =>
      make(`keyed hash: ${use}, ${scheme}`, keyedHash(origins | fixed | use, scheme)),
    ),
  ),
  ...uses.flatMap((use) => make(`symmetric key: ${use}`, symmetric(origins | fixed | use, '0006 0080 0043'))),
  ...['0006 0080 0043', '0006 00c0 0043', '0006 0100 0042', '0006 0080 0010', '0010'].flatMap((cipher) =>
    make(`symmetric key of ${cipher}`, symmetric(origins | fixed | bit.decrypt | bit.sign, cipher)),
  ),
  ...[0, 1, 31, 33, 64].flatMap((length) =>
    make(
      `policy of ${length} bytes`,
      ecc(origins | fixed | bit.sign, '0010', '0018 000b', sized(new Uint8Array(length))),
    ),
  ),
  ...[0, 1, 64, 65, 128].flatMap((length) =>
    make(
      `keyed hash of ${length} bytes from outside`,
      keyedHash((origins & ~bit.sensitiveDataOrigin) | fixed | bit.sign, '0005 000b'),
      sized(nothing, sized(new Uint8Array(length).fill(1))),
    ),
  ),
  ...[0, 1, 15, 16, 17].flatMap((length) =>
    make(
      `symmetric key of ${length} bytes from outside`,
      symmetric((origins & ~bit.sensitiveDataOrigin) | fixed | bit.sign | bit.decrypt, '0006 0080 0043'),
      sized(nothing, sized(new Uint8Array(length).fill(1))),
    ),
  ),
  ...[0, 31, 32, 33, 64].flatMap((length) =>
    make(
      `key with a password of ${length} bytes`,
      ecc(origins | fixed | bit.sign, '0010', '0018 000b'),
      sized(sized(new Uint8Array(length).fill(1)), nothing),
    ),
  ),
  ...make('sealed data that the TPM is to make up', keyedHash(origins | fixed, '0010')),
  ...make('sealed data twice', keyedHash(origins | fixed, '0010'), sized(nothing, sized(hex('01')))),
  ...make(
    'asymmetric key from outside',
    ecc((origins & ~bit.sensitiveDataOrigin) | fixed | bit.sign, '0010', '0010'),
    sized(nothing, sized(hex('01'))),
  ),
]

/** NV indices with every attribute set beside those that are needed. */
export const nvDefinitions: readonly Scenario[] = [
  ...Array.from({ length: 32 }, (_, at) => at).flatMap((at) =>
    [0x0000_0000, 0x0002_0002, 0x0006_0006].map((base) =>
      defined(`bit ${at} with ${base.toString(16)}`, (base | (1 << at)) >>> 0, 8),
    ),
  ),
  ...[0, 1, 2, 4, 8, 9, 15].flatMap((type) =>
    [0, 7, 8, 32, 2048, 2049].map((size) =>
      defined(`type ${type} of ${size} bytes`, 0x0202_0002 | (type << 4), size),
    ),
  ),
]

/** Defined and, when that worked on both, removed again by the test. */
function defined(name: string, attributes: number, size: number): Scenario {
  const parameters = [nothing, sized(u32(0x0150_0077), u16(0x0b), u32(attributes), nothing, u16(size))]
  return {
    name: `an index: ${name}`,
    change: 'cut',
    build: () =>
      command('TPM2_NV_DefineSpace', { handles: [0x4000_0001], sessions: [password()], parameters }),
    undo: () => [
      command('TPM2_NV_UndefineSpace', { handles: [0x4000_0001, 0x0150_0077], sessions: [password()] }),
    ],
  }
}
