import { commandCodes } from '@trusthold/core/tpm2'
import { Answer, bare, command, hex, join, nothing, password, sized, u8, u16, u32 } from './bytes.js'

/** Sends a command to one of the TPMs. */
export type Send = (command: Uint8Array) => Promise<Uint8Array>

/** What stands in both TPMs while they are compared. */
export interface Stage {
  readonly send: Send
  /** Halves of a sealed object that is not loaded. */
  readonly sealedPrivate: Uint8Array
  readonly sealedPublic: Uint8Array
  /** Digest and ticket of the creation of the signing key. */
  readonly creationHash: Uint8Array
  readonly creationTicket: Uint8Array
  readonly policy: number
  readonly trial: number
  readonly credential: Uint8Array
  readonly signature: Uint8Array
  readonly cipherText: Uint8Array
  readonly point: Uint8Array
  readonly sequence: Uint8Array
}

const [owner, none, endorsement, lockout, platform] = [
  0x4000_0001, 0x4000_0007, 0x4000_000b, 0x4000_000a, 0x4000_000c,
]
/** Persistent handles of the keys on the stage. */
export const keys = {
  storage: 0x8100_0101,
  signing: 0x8100_0102,
  sealed: 0x8100_0103,
  rsa: 0x8100_0104,
  ecdh: 0x8100_0105,
  hmac: 0x8100_0106,
  movable: 0x8100_0107,
} as const
/** The NV index on the stage. */
export const index = 0x0150_0001

const sha256 = u16(0x000b)
const aes128 = hex('0006 0080 0043')
const noSymmetric = hex('0010')
const noScheme = hex('0010')
const noPcrs = u32(0)
const somePcrs = hex('00000001 000b 03 010000')
const noSensitive = sized(nothing, nothing)
/** H(16 bytes of 5a). */
const digest = hex('3c'.repeat(32))

const storageAttributes = u32(0x0003_0472)
const publicOf = (...parts: readonly Uint8Array[]): Uint8Array => sized(...parts)
/** TPMT_PUBLIC of a storage key on P-256. */
export const eccStorage = publicOf(
  u16(0x23),
  sha256,
  storageAttributes,
  nothing,
  aes128,
  noScheme,
  u16(3),
  noScheme,
  nothing,
  nothing,
)
export const rsaStorage = publicOf(
  u16(0x01),
  sha256,
  storageAttributes,
  nothing,
  aes128,
  noScheme,
  u16(2048),
  u32(0),
  nothing,
)
export const eccSigning = publicOf(
  ...[
    u16(0x23),
    sha256,
    u32(0x0005_0472),
    nothing,
    noSymmetric,
    hex('0018 000b'),
    u16(3),
    noScheme,
    nothing,
    nothing,
  ],
)
const eccDecrypt = publicOf(
  u16(0x23),
  sha256,
  u32(0x0002_0472),
  nothing,
  noSymmetric,
  noScheme,
  u16(3),
  noScheme,
  nothing,
  nothing,
)
export const rsaDecrypt = publicOf(
  u16(0x01),
  sha256,
  u32(0x0002_0472),
  nothing,
  noSymmetric,
  noScheme,
  u16(2048),
  u32(0),
  nothing,
)
export const hmacKey = publicOf(u16(0x08), sha256, u32(0x0004_0472), nothing, hex('0005 000b'), nothing)
export const sealedData = publicOf(u16(0x08), sha256, u32(0x0000_0452), nothing, noScheme, nothing)
export const symmetricKey = publicOf(u16(0x25), sha256, u32(0x0006_0472), nothing, aes128, nothing)
/** PolicyCommandCode(Duplicate). */
const duplicatePolicy = hex('bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a2')
export const movable = publicOf(
  ...[
    u16(0x23),
    sha256,
    u32(0x0004_0460),
    sized(duplicatePolicy),
    noSymmetric,
    noScheme,
    u16(3),
    noScheme,
    nothing,
    nothing,
  ],
)

const createPrimary = (hierarchy: number, area: Uint8Array): Uint8Array =>
  command('TPM2_CreatePrimary', {
    handles: [hierarchy],
    sessions: [password()],
    parameters: [noSensitive, area, nothing, noPcrs],
  })
const create = (area: Uint8Array, sensitive = noSensitive): Uint8Array =>
  command('TPM2_Create', {
    handles: [keys.storage],
    sessions: [password()],
    parameters: [sensitive, area, sized(hex('0102')), somePcrs],
  })
const evict = (object: number, persistent: number): Uint8Array =>
  command('TPM2_EvictControl', {
    handles: [owner, object],
    sessions: [password()],
    parameters: [u32(persistent)],
  })
export const flush = (handle: number): Uint8Array =>
  command('TPM2_FlushContext', { parameters: [u32(handle)] })
const startSession = (type: number): Uint8Array =>
  command('TPM2_StartAuthSession', {
    handles: [none, none],
    parameters: [sized(hex('5a'.repeat(16))), nothing, u8(type), noSymmetric, sha256],
  })
const load = (privateArea: Uint8Array, publicArea: Uint8Array): Uint8Array =>
  command('TPM2_Load', {
    handles: [keys.storage],
    sessions: [password()],
    parameters: [privateArea, publicArea],
  })

async function keep(send: Send, created: Uint8Array, handle: number): Promise<Answer> {
  const answer = new Answer(created, { sessions: true })
  const privateArea = answer.sized()
  const publicArea = answer.sized()
  const loaded = new Answer(await send(load(privateArea, publicArea)), { sessions: true, handle: true })
    .handle
  await ok(send, evict(loaded, handle))
  await ok(send, flush(loaded))
  return answer
}

async function ok(send: Send, bytes: Uint8Array): Promise<Uint8Array> {
  const response = await send(bytes)
  new Answer(response, { sessions: false })
  return response
}

const define = (attributes: number, size: number, at = index): Uint8Array =>
  command('TPM2_NV_DefineSpace', {
    handles: [owner],
    sessions: [password()],
    parameters: [nothing, sized(u32(at), sha256, u32(attributes), nothing, u16(size))],
  })

/** Written and read by the owner and by its own password; no guessing counted. */
const defineIndex = (): Uint8Array => define(0x0206_0006, 32)
const writeIndex = (): Uint8Array =>
  command('TPM2_NV_Write', {
    handles: [owner, index],
    sessions: [password()],
    parameters: [sized(hex('11'.repeat(32))), u16(0)],
  })

/** Puts the same things into a TPM. */
export async function setStage(send: Send): Promise<Stage> {
  const primary = new Answer(await send(createPrimary(owner, rsaStorage)), { sessions: true, handle: true })
    .handle
  await ok(send, evict(primary, keys.storage))
  await ok(send, flush(primary))
  const made = await send(create(eccSigning))
  const rest = await keep(send, made, keys.signing)
  const creationData = rest.sized()
  const creationHash = rest.sized()
  const creationTicket = join(rest.take(6), rest.sized())
  if (creationData.length === 0) throw new Error('no creation data')
  const sealedAnswer = new Answer(await send(create(sealedData, sized(nothing, sized(hex('5ea1'))))), {
    sessions: true,
  })
  const sealedPrivate = sealedAnswer.sized()
  const sealedPublic = sealedAnswer.sized()
  await keep(send, await send(create(sealedData, sized(nothing, sized(hex('5ea1'))))), keys.sealed)
  await keep(send, await send(create(rsaDecrypt)), keys.rsa)
  await keep(send, await send(create(eccDecrypt)), keys.ecdh)
  await keep(send, await send(create(hmacKey)), keys.hmac)
  await keep(send, await send(create(movable)), keys.movable)
  await ok(send, defineIndex())
  await ok(send, writeIndex())
  const policy = new Answer(await send(startSession(1)), { sessions: false, handle: true }).handle
  const trial = new Answer(await send(startSession(3)), { sessions: false, handle: true }).handle
  const name = new Answer(await send(command('TPM2_ReadPublic', { handles: [keys.signing] })), {
    sessions: false,
  })
  name.sized()
  const made2 = new Answer(
    await send(
      command('TPM2_MakeCredential', {
        handles: [keys.storage],
        parameters: [sized(hex('77'.repeat(16))), name.sized()],
      }),
    ),
    { sessions: false },
  )
  const credential = join(made2.sized(), made2.sized())
  const ticketless = hex('8024 40000007 0000')
  const signed = await send(
    command('TPM2_Sign', {
      handles: [keys.hmac],
      sessions: [password()],
      parameters: [sized(digest), noScheme, ticketless],
    }),
  )
  const signature = new Answer(signed, { sessions: true }).take(2 + 2 + 32)
  const encrypted = await send(
    command('TPM2_RSA_Encrypt', {
      handles: [keys.rsa],
      parameters: [sized(hex('abcd')), hex('0017 000b'), nothing],
    }),
  )
  const cipherText = new Answer(encrypted, { sessions: false }).sized()
  const agreed = new Answer(await send(command('TPM2_ECDH_KeyGen', { handles: [keys.ecdh] })), {
    sessions: false,
  })
  agreed.sized()
  const point = agreed.sized()
  return {
    ...{
      send,
      sealedPrivate,
      sealedPublic,
      creationHash,
      creationTicket,
      policy,
      trial,
      credential,
      signature,
    },
    ...{ cipherText, point, sequence: hex('') },
  }
}

/** A command to compare, and how far it may be changed. */
export interface Scenario {
  readonly name: string
  /** Built from what stands on a TPM's own stage; as long on both. */
  readonly build: (stage: Stage) => Uint8Array
  /** `cut`: only shortened and lengthened, as what succeeds would change the stage. */
  readonly change?: 'bytes' | 'cut'
  /** Offsets of bytes that are another TPM's secret or random, and say nothing when changed. */
  readonly opaque?: (stage: Stage) => readonly (readonly [from: number, to: number])[]
  /** Whether a handle comes back, which is flushed. */
  readonly returnsHandle?: boolean
  /** What is told is the TPM's own affair: lengths differ. */
  readonly ownContent?: boolean
  /** What takes back what the command did, when it worked. */
  readonly undo?: () => readonly Uint8Array[]
}

const quote = { handles: [keys.signing], sessions: [password()] }
const ticket = hex('8024 40000007 0000')

/** All commands to compare. */
export const scenarios: readonly Scenario[] = [
  { name: 'Startup', build: () => command('TPM2_Startup', { parameters: [u16(0)] }) },
  { name: 'Shutdown', build: () => command('TPM2_Shutdown', { parameters: [u16(0)] }) },
  { name: 'SelfTest', build: () => command('TPM2_SelfTest', { parameters: [u8(1)] }) },
  { name: 'GetTestResult', build: () => command('TPM2_GetTestResult') },
  {
    name: 'IncrementalSelfTest',
    build: () => command('TPM2_IncrementalSelfTest', { parameters: [u32(1), sha256] }),
    change: 'cut',
  },
  { name: 'GetRandom', build: () => command('TPM2_GetRandom', { parameters: [u16(16)] }) },
  { name: 'StirRandom', build: () => command('TPM2_StirRandom', { parameters: [sized(hex('010203'))] }) },
  {
    name: 'GetCapability properties',
    ownContent: true,
    build: () => command('TPM2_GetCapability', { parameters: [u32(6), u32(0x100), u32(1)] }),
  },
  {
    name: 'GetCapability handles',
    ownContent: true,
    build: () => command('TPM2_GetCapability', { parameters: [u32(1), u32(0x8100_0000), u32(1)] }),
  },
  {
    name: 'GetCapability pcrs',
    ownContent: true,
    build: () => command('TPM2_GetCapability', { parameters: [u32(5), u32(0), u32(1)] }),
  },
  {
    name: 'TestParms rsa',
    build: () => command('TPM2_TestParms', { parameters: [hex('0001 0006 0080 0043 0010 0800 00000000')] }),
  },
  {
    name: 'TestParms ecc',
    build: () => command('TPM2_TestParms', { parameters: [hex('0023 0010 0018 000b 0003 0010')] }),
  },
  {
    name: 'TestParms keyedhash',
    build: () => command('TPM2_TestParms', { parameters: [hex('0008 0005 000b')] }),
  },
  {
    name: 'TestParms symcipher',
    build: () => command('TPM2_TestParms', { parameters: [hex('0025 0006 0080 0043')] }),
  },
  { name: 'ReadClock', build: () => command('TPM2_ReadClock') },
  { name: 'ReadPublic', build: () => command('TPM2_ReadPublic', { handles: [keys.signing] }) },
  {
    name: 'PCR_Read',
    build: () => command('TPM2_PCR_Read', { parameters: [hex('00000002 000b 03 010203 0004 03 ffffff')] }),
  },
  {
    name: 'PCR_Extend',
    build: () =>
      command('TPM2_PCR_Extend', {
        handles: [16],
        sessions: [password()],
        parameters: [u32(1), sha256, digest],
      }),
    opaque: () => [[37, 69]],
  },
  {
    name: 'PCR_Event',
    build: () =>
      command('TPM2_PCR_Event', { handles: [16], sessions: [password()], parameters: [sized(hex('0102'))] }),
  },
  { name: 'PCR_Reset', build: () => command('TPM2_PCR_Reset', { handles: [16], sessions: [password()] }) },
  {
    name: 'Hash',
    build: () => command('TPM2_Hash', { parameters: [sized(hex('616263')), sha256, u32(owner)] }),
  },
  {
    name: 'HashSequenceStart',
    build: () => command('TPM2_HashSequenceStart', { parameters: [nothing, sha256] }),
    returnsHandle: true,
  },
  {
    name: 'StartAuthSession',
    build: () =>
      command('TPM2_StartAuthSession', {
        handles: [none, none],
        parameters: [sized(hex('5a'.repeat(20))), nothing, u8(0), aes128, sha256],
      }),
    opaque: () => [[22, 40]],
    returnsHandle: true,
  },
  {
    name: 'StartAuthSession bound',
    build: () =>
      command('TPM2_StartAuthSession', {
        handles: [none, keys.signing],
        parameters: [sized(hex('5a'.repeat(16))), nothing, u8(1), noSymmetric, sha256],
      }),
    opaque: () => [[20, 36]],
    returnsHandle: true,
  },
  { name: 'PolicyRestart', build: ({ policy }) => command('TPM2_PolicyRestart', { handles: [policy] }) },
  {
    name: 'PolicyPCR',
    build: ({ trial }) => command('TPM2_PolicyPCR', { handles: [trial], parameters: [nothing, somePcrs] }),
  },
  {
    name: 'PolicySecret',
    // The seconds after which it expires, counted from the TPM's start.
    opaque: () => [[40, 41]],
    build: ({ policy }) =>
      command('TPM2_PolicySecret', {
        handles: [owner, policy],
        sessions: [password()],
        parameters: [nothing, nothing, nothing, u32(0)],
      }),
  },
  {
    name: 'PolicyOR',
    build: ({ trial }) =>
      command('TPM2_PolicyOR', { handles: [trial], parameters: [u32(2), sized(digest), sized(digest)] }),
    opaque: () => [
      [20, 52],
      [54, 86],
    ],
  },
  {
    name: 'PolicyOR unmet',
    build: ({ policy }) =>
      command('TPM2_PolicyOR', { handles: [policy], parameters: [u32(2), sized(digest), sized(digest)] }),
    change: 'cut',
  },
  { name: 'PolicyAuthValue', build: ({ trial }) => command('TPM2_PolicyAuthValue', { handles: [trial] }) },
  { name: 'PolicyPassword', build: ({ trial }) => command('TPM2_PolicyPassword', { handles: [trial] }) },
  { name: 'PolicyGetDigest', build: ({ policy }) => command('TPM2_PolicyGetDigest', { handles: [policy] }) },
  {
    name: 'PolicyLocality',
    build: ({ trial }) => command('TPM2_PolicyLocality', { handles: [trial], parameters: [u8(1)] }),
    change: 'cut',
  },
  {
    name: 'PolicyNvWritten',
    build: ({ trial }) => command('TPM2_PolicyNvWritten', { handles: [trial], parameters: [u8(1)] }),
  },
  {
    name: 'PolicyCommandCode',
    build: ({ trial }) =>
      command('TPM2_PolicyCommandCode', { handles: [trial], parameters: [u32(commandCodes.TPM2_Unseal)] }),
  },
  {
    name: 'PolicyCpHash',
    build: ({ trial }) => command('TPM2_PolicyCpHash', { handles: [trial], parameters: [sized(digest)] }),
    opaque: () => [[16, 48]],
    change: 'cut',
  },
  {
    name: 'PolicyAuthorize',
    build: ({ trial }) =>
      command('TPM2_PolicyAuthorize', {
        handles: [trial],
        parameters: [nothing, nothing, sized(sha256, digest), hex('8022 40000007 0000')],
      }),
    opaque: () => [[20, 52]],
  },
  {
    name: 'PolicyDuplicationSelect',
    build: ({ trial }) =>
      command('TPM2_PolicyDuplicationSelect', {
        handles: [trial],
        parameters: [nothing, sized(sha256, digest), u8(0)],
      }),
    change: 'cut',
  },
  { name: 'CreatePrimary ecc', build: () => createPrimary(endorsement, eccStorage), returnsHandle: true },
  { name: 'CreatePrimary keyedhash', build: () => createPrimary(owner, hmacKey), returnsHandle: true },
  {
    name: 'CreatePrimary rsa',
    build: () => createPrimary(none, rsaStorage),
    returnsHandle: true,
    change: 'cut',
  },
  { name: 'Create signing', build: () => create(eccSigning) },
  { name: 'Create storage', build: () => create(eccStorage) },
  { name: 'Create hmac', build: () => create(hmacKey) },
  { name: 'Create symmetric', build: () => create(symmetricKey) },
  { name: 'Create sealed', build: () => create(sealedData, sized(sized(hex('aa')), sized(hex('5ea1')))) },
  {
    name: 'Create movable',
    build: () => create(movable),
    opaque: () => [[10 + 4 + 13 + 6 + 12, 10 + 4 + 13 + 6 + 44]],
  },
  {
    name: 'CreateLoaded',
    build: () =>
      command('TPM2_CreateLoaded', {
        handles: [keys.storage],
        sessions: [password()],
        parameters: [noSensitive, eccSigning],
      }),
    returnsHandle: true,
  },
  {
    name: 'Load',
    build: ({ sealedPrivate, sealedPublic }) => load(sealedPrivate, sealedPublic),
    opaque: ({ sealedPrivate, sealedPublic }) => {
      const start = 10 + 4 + 13
      const second = start + sealedPrivate.length
      return [
        [start + 2, second],
        [second + sealedPublic.length - 32, second + sealedPublic.length],
      ]
    },
    returnsHandle: true,
  },
  {
    name: 'LoadExternal',
    build: () =>
      command('TPM2_LoadExternal', {
        parameters: [
          nothing,
          sized(u16(0x08), sha256, u32(0x0004_0040), nothing, hex('0005 000b'), sized(digest)),
          u32(owner),
        ],
      }),
    opaque: () => [[30, 62]],
    returnsHandle: true,
  },
  {
    name: 'LoadExternal with its secret',
    build: () =>
      command('TPM2_LoadExternal', {
        parameters: [
          sized(u16(0x08), nothing, sized(hex('00'.repeat(32))), sized(hex('6b6579'))),
          sized(u16(0x08), sha256, u32(0x0004_0040), nothing, hex('0005 000b'), sized(hex('00'.repeat(32)))),
          u32(none),
        ],
      }),
    returnsHandle: true,
  },
  {
    name: 'MakeCredential',
    build: () =>
      command('TPM2_MakeCredential', {
        handles: [keys.storage],
        parameters: [sized(hex('01'.repeat(16))), sized(sha256, digest)],
      }),
    opaque: () => [
      [16, 32],
      [36, 68],
    ],
  },
  {
    name: 'ActivateCredential',
    build: ({ credential }) =>
      command('TPM2_ActivateCredential', {
        handles: [keys.signing, keys.storage],
        sessions: [password(), password()],
        parameters: [credential],
      }),
    opaque: () => [[44, 400]],
  },
  { name: 'Unseal', build: () => command('TPM2_Unseal', { handles: [keys.sealed], sessions: [password()] }) },
  {
    name: 'ObjectChangeAuth',
    build: () =>
      command('TPM2_ObjectChangeAuth', {
        handles: [keys.sealed, keys.storage],
        sessions: [password()],
        parameters: [sized(hex('0102'))],
      }),
  },
  { name: 'EvictControl', build: () => evict(keys.movable, keys.sealed), change: 'cut' },
  {
    name: 'Duplicate',
    build: ({ policy }) =>
      command('TPM2_Duplicate', {
        handles: [keys.movable, none],
        sessions: [bare(policy)],
        parameters: [nothing, noSymmetric],
      }),
  },
  {
    name: 'Import',
    build: () =>
      command('TPM2_Import', {
        handles: [keys.storage],
        sessions: [password()],
        parameters: [nothing, movable, sized(hex('00'.repeat(40))), nothing, noSymmetric],
      }),
    opaque: () => [
      [31 + 10, 31 + 44],
      [95, 140],
    ],
  },
  {
    name: 'Quote',
    build: () => command('TPM2_Quote', { ...quote, parameters: [sized(hex('abcd')), noScheme, somePcrs] }),
  },
  {
    name: 'Certify',
    build: () =>
      command('TPM2_Certify', {
        handles: [keys.signing, keys.signing],
        sessions: [password(), password()],
        parameters: [sized(hex('abcd')), noScheme],
      }),
  },
  {
    name: 'CertifyCreation',
    build: ({ creationHash, creationTicket }) =>
      command('TPM2_CertifyCreation', {
        handles: [keys.signing, keys.signing],
        sessions: [password()],
        parameters: [nothing, creationHash, noScheme, creationTicket],
      }),
    opaque: () => [
      [35, 67],
      [77, 141],
    ],
  },
  {
    name: 'GetTime',
    build: () =>
      command('TPM2_GetTime', {
        handles: [endorsement, keys.signing],
        sessions: [password(), password()],
        parameters: [nothing, noScheme],
      }),
  },
  {
    name: 'NV_Certify',
    build: () =>
      command('TPM2_NV_Certify', {
        handles: [keys.signing, owner, index],
        sessions: [password(), password()],
        parameters: [nothing, noScheme, u16(8), u16(0)],
      }),
  },
  {
    name: 'Sign',
    build: () =>
      command('TPM2_Sign', {
        handles: [keys.hmac],
        sessions: [password()],
        parameters: [sized(digest), hex('0005 000b'), ticket],
      }),
    opaque: () => [[29, 61]],
  },
  {
    name: 'Sign restricted',
    build: () =>
      command('TPM2_Sign', {
        handles: [keys.signing],
        sessions: [password()],
        parameters: [sized(digest), noScheme, ticket],
      }),
    change: 'cut',
  },
  {
    name: 'VerifySignature',
    build: ({ signature }) =>
      command('TPM2_VerifySignature', { handles: [keys.hmac], parameters: [sized(digest), signature] }),
    opaque: () => [
      [16, 48],
      [52, 84],
    ],
  },
  {
    name: 'VerifySignature ecdsa',
    build: () =>
      command('TPM2_VerifySignature', {
        handles: [keys.signing],
        parameters: [sized(digest), hex('0018 000b'), sized(digest), sized(digest)],
      }),
    opaque: () => [[16, 48]],
  },
  {
    name: 'RSA_Encrypt',
    build: () =>
      command('TPM2_RSA_Encrypt', {
        handles: [keys.rsa],
        parameters: [sized(hex('abcd')), hex('0017 000b'), sized(hex('6100'))],
      }),
  },
  {
    name: 'RSA_Encrypt bare',
    build: () =>
      command('TPM2_RSA_Encrypt', {
        handles: [keys.rsa],
        parameters: [sized(hex('abcd')), noScheme, nothing],
      }),
  },
  {
    name: 'RSA_Decrypt',
    build: ({ cipherText }) =>
      command('TPM2_RSA_Decrypt', {
        handles: [keys.rsa],
        sessions: [password()],
        parameters: [cipherText, hex('0017 000b'), nothing],
      }),
    opaque: () => [[29, 285]],
  },
  { name: 'ECDH_KeyGen', build: () => command('TPM2_ECDH_KeyGen', { handles: [keys.ecdh] }) },
  {
    name: 'ECDH_ZGen',
    build: ({ point }) =>
      command('TPM2_ECDH_ZGen', { handles: [keys.ecdh], sessions: [password()], parameters: [point] }),
    opaque: () => [
      [31, 63],
      [65, 97],
    ],
  },
  {
    name: 'HMAC',
    build: () =>
      command('TPM2_HMAC', {
        handles: [keys.hmac],
        sessions: [password()],
        parameters: [sized(hex('616263')), sha256],
      }),
  },
  { name: 'NV_ReadPublic', build: () => command('TPM2_NV_ReadPublic', { handles: [index] }) },
  {
    name: 'NV_Read',
    build: () =>
      command('TPM2_NV_Read', {
        handles: [owner, index],
        sessions: [password()],
        parameters: [u16(8), u16(0)],
      }),
  },
  {
    name: 'NV_Write',
    build: () =>
      command('TPM2_NV_Write', {
        handles: [index, index],
        sessions: [password()],
        parameters: [sized(hex('0102')), u16(4)],
      }),
  },
  {
    name: 'NV_Increment',
    build: () => command('TPM2_NV_Increment', { handles: [owner, index], sessions: [password()] }),
  },
  {
    name: 'NV_Extend',
    build: () =>
      command('TPM2_NV_Extend', {
        handles: [owner, index],
        sessions: [password()],
        parameters: [sized(hex('0102'))],
      }),
  },
  {
    name: 'NV_ReadLock',
    build: () => command('TPM2_NV_ReadLock', { handles: [owner, index], sessions: [password()] }),
  },
  {
    name: 'NV_WriteLock',
    build: () => command('TPM2_NV_WriteLock', { handles: [owner, index], sessions: [password()] }),
  },
  { name: 'NV_DefineSpace', build: () => define(0x0206_0006, 32), change: 'bytes' },
  {
    name: 'NV_UndefineSpace',
    build: () => command('TPM2_NV_UndefineSpace', { handles: [owner, index], sessions: [password()] }),
    change: 'cut',
    undo: () => [defineIndex(), writeIndex()],
  },
  {
    name: 'HierarchyChangeAuth',
    build: () =>
      command('TPM2_HierarchyChangeAuth', {
        handles: [platform],
        sessions: [password()],
        parameters: [nothing],
      }),
    change: 'cut',
  },
  {
    name: 'DictionaryAttackLockReset',
    build: () => command('TPM2_DictionaryAttackLockReset', { handles: [lockout], sessions: [password()] }),
    change: 'cut',
  },
  {
    name: 'DictionaryAttackParameters',
    build: () =>
      command('TPM2_DictionaryAttackParameters', {
        handles: [lockout],
        sessions: [password()],
        parameters: [u32(10), u32(10), u32(10)],
      }),
    change: 'cut',
  },
  {
    name: 'ClearControl',
    build: () =>
      command('TPM2_ClearControl', { handles: [lockout], sessions: [password()], parameters: [u8(0)] }),
    change: 'cut',
  },
  { name: 'FlushContext', build: () => flush(0x8000_0000) },
  { name: 'ContextSave', build: () => command('TPM2_ContextSave', { handles: [0x8000_0000] }) },
  { name: 'unknown command', build: () => command(0x1234, {}) },
  { name: 'no command of old', build: () => command(0x11e, {}) },
]
