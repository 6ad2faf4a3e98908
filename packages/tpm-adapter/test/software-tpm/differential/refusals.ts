import { commandCodes } from '@trusthold/core/tpm2'
import { Answer, bare, command, hex, join, nothing, password, sized, u8, u16, u32 } from './bytes.js'
import type { Result } from './results.js'
import { eccStorage, flush, hmacKey, keys, type Send } from './scenarios.js'

const [owner, none, endorsement, lockout, platform] = [
  0x4000_0001, 0x4000_0007, 0x4000_000b, 0x4000_000a, 0x4000_000c,
]
const sha256 = u16(0x0b)
const aes128 = hex('0006 0080 0043')
const noScheme = hex('0010')
const noSensitive = sized(nothing, nothing)
const bytes = (length: number, fill = 0x5a): Uint8Array => new Uint8Array(length).fill(fill)

type Handles = readonly number[]

/** Response code. */
const codeOf = (response: Uint8Array): string => Buffer.from(response.subarray(6, 10)).toString('hex')

/** Commands that are about objects, which are made first and flushed last; their codes. */
function refusals(
  name: string,
  make: (send: Send) => Promise<Handles>,
  commands: (...handles: Handles) => readonly Uint8Array[],
): Result {
  return {
    name: `refused: ${name}`,
    async build(send) {
      const handles = await make(send)
      const codes: string[] = []
      for (const each of commands(...handles)) {
        let response = await send(each)
        // libtpms notes the first use of what is protected against guessing, and asks for the command again.
        if (codeOf(response) === '00000922') response = await send(each)
        codes.push(codeOf(response))
      }
      for (const handle of handles) await send(flush(handle))
      return codes
    },
  }
}

const nobody = async (): Promise<Handles> => []

/** A command with the empty password for each of its first handles. */
const authorized =
  (count: number) =>
  (name: Parameters<typeof command>[0], handles: Handles, ...parameters: readonly Uint8Array[]): Uint8Array =>
    command(name, { handles, sessions: Array.from({ length: count }, () => password()), parameters })
const by = authorized(1)
const byTwo = authorized(2)
const without = (
  name: Parameters<typeof command>[0],
  handles: Handles,
  ...parameters: readonly Uint8Array[]
): Uint8Array => command(name, { handles, parameters })

async function handleOf(send: Send, bytesOf: Uint8Array, sessions = true): Promise<number> {
  return new Answer(await send(bytesOf), { sessions, handle: true }).handle
}

const primary = (send: Send, area: Uint8Array, hierarchy = owner): Promise<number> =>
  handleOf(send, by('TPM2_CreatePrimary', [hierarchy], noSensitive, area, nothing, u32(0)))
const external = (send: Send, area: Uint8Array, hierarchy = owner): Promise<number> =>
  handleOf(send, without('TPM2_LoadExternal', [], nothing, area, u32(hierarchy)), false)

async function child(send: Send, area: Uint8Array, sensitive = noSensitive) {
  const made = await send(by('TPM2_Create', [keys.storage], sensitive, area, nothing, u32(0)))
  const answer = new Answer(made, { sessions: true })
  const [privateArea, publicArea] = [answer.sized(), answer.sized()]
  return { privateArea, publicArea }
}
async function loadedChild(send: Send, area: Uint8Array, sensitive = noSensitive): Promise<number> {
  const { privateArea, publicArea } = await child(send, area, sensitive)
  return handleOf(send, by('TPM2_Load', [keys.storage], privateArea, publicArea))
}

const start = (
  type: number,
  key = none,
  bind = none,
  nonce = sized(bytes(16)),
  salt = nothing,
  cipher = noScheme,
) => without('TPM2_StartAuthSession', [key, bind], nonce, salt, u8(type), cipher, sha256)
const session = (send: Send, type: number): Promise<number> => handleOf(send, start(type), false)

const ecc = (attributes: number, cipher: Uint8Array, scheme: string, policy = nothing): Uint8Array =>
  sized(u16(0x23), sha256, u32(attributes), policy, cipher, hex(scheme), u16(3), noScheme, nothing, nothing)
const keyedHash = (attributes: number, scheme: string, policy = nothing, unique = nothing): Uint8Array =>
  sized(u16(8), sha256, u32(attributes), policy, hex(scheme), unique)
/** An RSA key from outside: this modulus has no factors that anyone knows. */
const rsaPublic = (attributes: number, scheme: string): Uint8Array =>
  sized(
    u16(1),
    sha256,
    u32(attributes),
    nothing,
    noScheme,
    hex(scheme),
    u16(2048),
    u32(0),
    sized(bytes(256, 0xc5)),
  )
const generator = {
  x: hex('6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'),
  y: hex('4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'),
}
const eccPublic = (attributes: number, scheme: string, y = generator.y, name = sha256): Uint8Array =>
  sized(
    ...[u16(0x23), name, u32(attributes), nothing, noScheme, hex(scheme), u16(3), noScheme],
    ...[sized(generator.x), sized(y)],
  )

const policyCode = (name: keyof typeof commandCodes) => (at: number) =>
  without('TPM2_PolicyCommandCode', [at], u32(commandCodes[name]))
/** PolicyCommandCode(Duplicate). */
const duplicatePolicy = sized(hex('bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a2'))

/** TPM2_Duplicate, authorised by a policy of its own. */
async function duplicate(
  send: Send,
  object: number,
  parent: number,
  key: Uint8Array,
  cipher: Uint8Array,
): Promise<Uint8Array> {
  const at = await session(send, 1)
  await send(policyCode('TPM2_Duplicate')(at))
  const response = await send(
    command('TPM2_Duplicate', { handles: [object, parent], sessions: [bare(at)], parameters: [key, cipher] }),
  )
  await send(flush(at))
  return response
}

const flipped = (value: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(value, (byte, i) => (i === (at < 0 ? value.length + at : at) ? byte ^ 1 : byte))

/** Codes that say the same of a duplicate: libtpms blames another parameter, or itself, for what ours blames the seed for. */
const sameOfDuplicates: Readonly<Record<string, string>> = {
  '000001c2': '000002c2',
  '000004c2': '000004c4',
  '00000101': '000004c4',
}
const alike = (code: string): string => sameOfDuplicates[code] ?? code

const duplicates: readonly Result[] = [
  {
    name: 'refused: duplicates that may not be made',
    async build(send) {
      const codes: string[] = []
      const fixed = await loadedChild(
        send,
        keyedHash(0x0000_0412, '0010', duplicatePolicy),
        sized(nothing, sized(hex('01'))),
      )
      codes.push(codeOf(await duplicate(send, fixed, none, nothing, noScheme)))
      await send(flush(fixed))
      for (const [parent, key, cipher] of [
        [keys.hmac, nothing, noScheme],
        [keys.signing, nothing, noScheme],
        [keys.rsa, nothing, noScheme],
        [none, sized(bytes(5)), aes128],
        [none, sized(bytes(16)), noScheme],
        [none, sized(bytes(16)), aes128],
        [0x8100_0999, nothing, noScheme],
      ] as const) {
        codes.push(codeOf(await duplicate(send, keys.movable, parent, key, cipher)))
      }
      const sequence = await handleOf(send, without('TPM2_HashSequenceStart', [], nothing, sha256), false)
      codes.push(codeOf(await duplicate(send, sequence, none, nothing, noScheme)))
      codes.push(codeOf(await duplicate(send, keys.movable, sequence, nothing, noScheme)))
      await send(flush(sequence))
      const encrypted = await handleOf(
        send,
        by(
          'TPM2_CreatePrimary',
          [owner],
          sized(nothing, sized(hex('01'))),
          keyedHash(0x0000_0c00, '0010', duplicatePolicy),
          nothing,
          u32(0),
        ),
      )
      for (const [parent, cipher] of [
        [none, noScheme],
        [none, aes128],
        [keys.storage, noScheme],
        [keys.storage, aes128],
      ] as const) {
        codes.push(codeOf(await duplicate(send, encrypted, parent, nothing, cipher)))
      }
      await send(flush(encrypted))
      return codes
    },
  },
  {
    name: 'refused: duplicates that are not what they were',
    async build(send) {
      const codes: string[] = []
      const area = new Answer(await send(without('TPM2_ReadPublic', [keys.movable])), {
        sessions: false,
      }).sized()
      const attempt = async (
        parent: number,
        key: Uint8Array,
        publicArea: Uint8Array,
        inner: Uint8Array,
        seed: Uint8Array,
        cipher: Uint8Array,
      ): Promise<void> => {
        codes.push(
          alike(codeOf(await send(by('TPM2_Import', [parent], key, publicArea, inner, seed, cipher)))),
        )
      }
      const open = new Answer(await duplicate(send, keys.movable, none, nothing, noScheme), {
        sessions: true,
      })
      open.sized()
      const plain = open.sized()
      const content = plain.slice(2)
      await attempt(keys.storage, nothing, area, plain, nothing, noScheme)
      for (const parent of [keys.signing, keys.hmac, keys.rsa])
        await attempt(parent, nothing, area, plain, nothing, noScheme)
      await attempt(keys.storage, nothing, area, sized(content, u8(0)), nothing, noScheme)
      await attempt(
        keys.storage,
        nothing,
        area,
        sized(u16(content.length - 1), content.slice(2), u8(0)),
        nothing,
        noScheme,
      )
      await attempt(keys.storage, nothing, area, sized(content.slice(0, -1)), nothing, noScheme)
      await attempt(keys.storage, nothing, area, sized(flipped(content, 3)), nothing, noScheme)
      await attempt(keys.storage, nothing, area, sized(flipped(content, -1)), nothing, noScheme)
      await attempt(keys.storage, nothing, flipped(area, -1), plain, nothing, noScheme)
      await attempt(keys.storage, sized(bytes(16)), area, plain, nothing, noScheme)
      await attempt(keys.storage, sized(bytes(15)), area, plain, nothing, aes128)
      for (const attributes of [0x0004_0462, 0x0004_0470, 0x0004_0472, 0x0004_0c60]) {
        const changed = join(area.slice(0, 6), u32(attributes), area.slice(10))
        await attempt(keys.storage, nothing, changed, plain, nothing, noScheme)
        await attempt(keys.storage, sized(bytes(16)), changed, plain, nothing, aes128)
      }
      const key = sized(bytes(16))
      const wrapped = new Answer(await duplicate(send, keys.movable, none, key, aes128), { sessions: true })
      wrapped.sized()
      const inner = wrapped.sized()
      await attempt(keys.storage, key, area, inner, nothing, aes128)
      await attempt(keys.storage, flipped(key, 2), area, inner, nothing, aes128)
      for (const at of [3, 5, 30, 40, -1])
        await attempt(keys.storage, key, area, flipped(inner, at), nothing, aes128)
      const eccParent = await primary(send, eccStorage)
      const shared = async (parent: number) => {
        const answer = new Answer(await duplicate(send, keys.movable, parent, nothing, noScheme), {
          sessions: true,
        })
        answer.sized()
        return { outer: answer.sized(), seed: answer.sized() }
      }
      for (const parent of [keys.storage, eccParent]) {
        const { outer, seed } = await shared(parent)
        await attempt(parent, nothing, area, outer, seed, noScheme)
        for (const at of [3, 30, 40, -1])
          await attempt(parent, nothing, area, flipped(outer, at), seed, noScheme)
        // libtpms reads no further than the point.
        if (parent === keys.storage)
          await attempt(parent, nothing, area, outer, sized(seed.slice(2), u8(0)), noScheme)
        await attempt(parent, nothing, area, outer, sized(seed.slice(2, -1)), noScheme)
        await attempt(parent, nothing, area, outer, flipped(seed, -1), noScheme)
        await attempt(parent, nothing, area, sized(bytes(4)), seed, noScheme)
        await attempt(parent, nothing, area, nothing, seed, noScheme)
      }
      await send(flush(eccParent))
      const symmetric = await primary(
        send,
        sized(u16(0x25), sha256, u32(0x0003_0472), nothing, aes128, nothing),
      )
      await attempt(symmetric, nothing, area, plain, sized(bytes(256)), noScheme)
      await attempt(symmetric, nothing, area, plain, nothing, noScheme)
      await send(flush(symmetric))
      return codes
    },
  },
]

const oaep = hex('0017 000b')
const encrypt = (key: number, message: Uint8Array, scheme: Uint8Array, label = nothing) =>
  without('TPM2_RSA_Encrypt', [key], sized(message), scheme, label)
const decrypt = (key: number, message: Uint8Array, scheme: Uint8Array, label = nothing) =>
  by('TPM2_RSA_Decrypt', [key], sized(message), scheme, label)
const agree = (key: number, x: Uint8Array, y: Uint8Array) =>
  by('TPM2_ECDH_ZGen', [key], sized(sized(x), sized(y)))

const asymmetric: readonly Result[] = [
  refusals(
    'what is encrypted',
    async (send) => [
      await external(send, rsaPublic(0x0004_0040, '0010')),
      await external(send, rsaPublic(0x0002_0040, '0017 000b')),
    ],
    (signing, padded) => [
      encrypt(signing as number, bytes(4), oaep),
      encrypt(padded as number, bytes(4), hex('0015')),
      encrypt(padded as number, bytes(4), hex('0017 000c')),
      encrypt(padded as number, bytes(4), noScheme),
      encrypt(keys.rsa, bytes(4), oaep, sized(hex('61'))),
      encrypt(keys.hmac, bytes(4), oaep),
      encrypt(keys.rsa, bytes(4), hex('0014 000b')),
    ],
  ),
  refusals('what is decrypted', nobody, () => [
    decrypt(keys.storage, bytes(256), oaep),
    decrypt(keys.ecdh, bytes(256), oaep),
    decrypt(keys.rsa, bytes(256), oaep, sized(hex('61'))),
  ]),
  refusals(
    'what is agreed on',
    async (send) => [await external(send, eccPublic(0x0002_0040, '0010', bytes(32, 1), noScheme), none)],
    (off) => [
      agree(keys.signing, generator.x, generator.y),
      agree(keys.rsa, generator.x, generator.y),
      agree(keys.ecdh, generator.x, bytes(32, 1)),
      agree(keys.ecdh, generator.x, bytes(33, 1)),
      agree(keys.ecdh, nothing, nothing),
      without('TPM2_ECDH_KeyGen', [off as number]),
      without('TPM2_ECDH_KeyGen', [keys.rsa]),
    ],
  ),
  refusals(
    'signatures of another kind',
    async (send) => [await external(send, keyedHash(0x0004_0040, '0005 000b', nothing, sized(bytes(32))))],
    (hmac) =>
      [
        ['0014 000b', sized(bytes(256))],
        ['0016 000b', sized(bytes(256))],
        ['0016 000b', sized(bytes(255))],
        ['0018 000b', join(sized(bytes(32)), sized(bytes(32)))],
        ['0005 000b', bytes(32)],
      ].flatMap(([scheme, value]) =>
        [
          keys.signing,
          keys.rsa,
          keys.hmac,
          keys.storage,
          scheme === '0005 000b' ? (hmac as number) : keys.sealed,
        ].map((key) =>
          without(
            'TPM2_VerifySignature',
            [key],
            sized(bytes(32)),
            hex(scheme as string),
            value as Uint8Array,
          ),
        ),
      ),
  ),
  refusals(
    'who signs',
    async (send) => [
      await loadedChild(send, keyedHash(0x0005_0472, '0005 000b')),
      await loadedChild(send, ecc(0x0004_0472, noScheme, '0010')),
    ],
    (restricted, open) => {
      const ticket = hex('8024 40000007 0000')
      const sign = (key: number, digest: Uint8Array, scheme: string, proof = ticket) =>
        by('TPM2_Sign', [key], sized(digest), hex(scheme), proof)
      const mac = (key: number, hash: Uint8Array) => by('TPM2_HMAC', [key], sized(bytes(3)), hash)
      return [
        sign(keys.rsa, bytes(32), '0014 000b'),
        sign(keys.hmac, bytes(20), '0010'),
        sign(keys.hmac, bytes(32), '0018 000b'),
        sign(keys.hmac, bytes(32), '0005 000c'),
        sign(keys.hmac, bytes(32), '0010', join(hex('8024 40000001'), sized(bytes(32)))),
        sign(restricted as number, bytes(32), '0010'),
        sign(open as number, bytes(32), '0010'),
        sign(open as number, bytes(32), '0014 000b'),
        sign(open as number, bytes(32), '0005 000b'),
        sign(open as number, bytes(20), '0018 000b'),
        mac(keys.signing, sha256),
        mac(keys.sealed, sha256),
        mac(restricted as number, sha256),
        mac(keys.hmac, u16(0x0c)),
        mac(keys.hmac, noScheme),
        by('TPM2_Quote', [keys.rsa], nothing, noScheme, u32(0)),
        by('TPM2_Quote', [open as number], nothing, noScheme, u32(0)),
        by('TPM2_Quote', [keys.signing], nothing, hex('0014 000b'), u32(0)),
      ]
    },
  ),
]

const symmetricParent = sized(u16(0x25), sha256, u32(0x0003_0472), nothing, aes128, nothing)
const activate = (key: number, secret: Uint8Array): Uint8Array =>
  byTwo('TPM2_ActivateCredential', [keys.signing, key], sized(sized(bytes(32)), bytes(18)), sized(secret))

const credentials: readonly Result[] = [
  refusals(
    'credentials that are made',
    async (send) => [
      await primary(send, symmetricParent),
      await external(send, eccPublic(0x0002_0040, '0010', generator.y, noScheme), none),
    ],
    (symmetric, nameless) => [
      ...[keys.hmac, keys.signing, keys.rsa, symmetric as number, nameless as number].map((key) =>
        without('TPM2_MakeCredential', [key], sized(bytes(16)), sized(bytes(34))),
      ),
      without('TPM2_MakeCredential', [keys.storage], sized(bytes(33)), sized(bytes(34))),
    ],
  ),
  refusals(
    'credentials that are opened',
    async (send) => [await primary(send, symmetricParent)],
    (symmetric) => [
      ...[keys.hmac, keys.signing, symmetric as number].map((key) => activate(key, bytes(256))),
      activate(keys.storage, bytes(255)),
    ],
  ),
]

const salted = (key: number, salt: Uint8Array) => start(0, key, none, sized(bytes(16)), salt)
const sessions: readonly Result[] = [
  refusals(
    'sessions',
    async (send) => [
      await external(send, rsaPublic(0x0002_0040, '0010')),
      await external(send, keyedHash(0x0004_0040, '0005 000b', nothing, sized(bytes(32)))),
    ],
    (other, shell) => [
      salted(none, sized(bytes(3))),
      salted(keys.hmac, sized(bytes(256))),
      salted(keys.rsa, nothing),
      salted(keys.signing, sized(bytes(70))),
      salted(other as number, sized(bytes(256))),
      salted(keys.rsa, sized(bytes(256))),
      start(0, none, shell),
      start(0, none, none, sized(bytes(15))),
      start(0, none, none, sized(bytes(33))),
      start(0, none, none, sized(bytes(16)), nothing, hex('0006 0080 0044')),
      without('TPM2_PolicyRestart', [0x0300_0030]),
      without('TPM2_PolicyGetDigest', [0x0300_0030]),
    ],
  ),
]

/** Steps in one policy session; the code of each. */
function steps(name: string, type: number, ...list: readonly ((at: number) => Uint8Array)[]): Result {
  return refusals(
    `policies, ${name}`,
    async (send) => [await session(send, type)],
    (at) => list.map((step) => step(at as number)),
  )
}
const step =
  (name: Parameters<typeof command>[0], ...parameters: readonly Uint8Array[]) =>
  (at: number): Uint8Array =>
    without(name, [at], ...parameters)
const secret =
  (nonce: Uint8Array, cpHash: Uint8Array, expiration = 0) =>
  (at: number): Uint8Array =>
    by('TPM2_PolicySecret', [owner, at], nonce, cpHash, nothing, u32(expiration))
const debugPcr = hex('00000001 000b 03 000001')
const changePcr = (): Uint8Array => by('TPM2_PCR_Extend', [10], u32(1), sha256, bytes(32))
const restart = step('TPM2_PolicyRestart')
const bound = ['TPM2_PolicyCpHash', 'TPM2_PolicyNameHash', 'TPM2_PolicyTemplate'] as const
const verified = (tag: string) => join(hex(tag), sized(bytes(32)))

const policies: readonly Result[] = [
  ...[1, 3].flatMap((type) => [
    steps(
      `secrets ${type}`,
      type,
      secret(sized(bytes(16)), nothing),
      secret(nothing, sized(bytes(31))),
      secret(nothing, sized(bytes(32))),
      secret(nothing, sized(bytes(32, 1))),
      secret(nothing, sized(bytes(32))),
    ),
    ...bound.map((name) =>
      steps(
        `${name} ${type}`,
        type,
        step(name, sized(bytes(31))),
        step(name, sized(bytes(32))),
        step(name, sized(bytes(32))),
        step(name, sized(bytes(32, 1))),
        ...bound.map((other) => step(other, sized(bytes(32)))),
        secret(nothing, sized(bytes(32))),
        secret(nothing, sized(bytes(32, 1))),
        step('TPM2_PolicyDuplicationSelect', nothing, sized(sha256, bytes(32)), u8(0)),
      ),
    ),
    steps(
      `PCRs ${type}`,
      type,
      step('TPM2_PolicyPCR', sized(bytes(32)), debugPcr),
      step('TPM2_PolicyPCR', nothing, debugPcr),
      changePcr,
      step('TPM2_PolicyPCR', nothing, debugPcr),
      restart,
      step('TPM2_PolicyPCR', nothing, debugPcr),
    ),
    steps(
      `localities ${type}`,
      type,
      step('TPM2_PolicyLocality', u8(0)),
      step('TPM2_PolicyLocality', u8(3)),
      step('TPM2_PolicyLocality', u8(33)),
      step('TPM2_PolicyLocality', u8(4)),
      step('TPM2_PolicyLocality', u8(2)),
      step('TPM2_PolicyLocality', u8(1)),
      restart,
      step('TPM2_PolicyLocality', u8(33)),
      step('TPM2_PolicyLocality', u8(34)),
      step('TPM2_PolicyLocality', u8(1)),
      step('TPM2_PolicyLocality', u8(33)),
    ),
    steps(
      `commands ${type}`,
      type,
      step('TPM2_PolicyCommandCode', u32(0x1fff)),
      policyCode('TPM2_Unseal'),
      policyCode('TPM2_Unseal'),
      policyCode('TPM2_Sign'),
      step('TPM2_PolicyDuplicationSelect', nothing, sized(sha256, bytes(32)), u8(0)),
    ),
    steps(
      `NV ${type}`,
      type,
      step('TPM2_PolicyNvWritten', u8(1)),
      step('TPM2_PolicyNvWritten', u8(1)),
      step('TPM2_PolicyNvWritten', u8(0)),
    ),
    steps(
      `authorities ${type}`,
      type,
      step(
        'TPM2_PolicyAuthorize',
        sized(bytes(32, 0)),
        nothing,
        sized(u16(0x99), bytes(32)),
        verified('8022 40000001'),
      ),
      step(
        'TPM2_PolicyAuthorize',
        sized(bytes(32, 0)),
        nothing,
        sized(sha256, bytes(31)),
        verified('8022 40000001'),
      ),
      step(
        'TPM2_PolicyAuthorize',
        sized(bytes(32, 0)),
        nothing,
        sized(sha256, bytes(32)),
        verified('8022 40000001'),
      ),
      step(
        'TPM2_PolicyAuthorize',
        sized(bytes(32, 0)),
        nothing,
        sized(sha256, bytes(32)),
        hex('8022 40000007 0000'),
      ),
      step(
        'TPM2_PolicyAuthorize',
        sized(bytes(32, 1)),
        nothing,
        sized(sha256, bytes(32)),
        verified('8022 40000001'),
      ),
      step('TPM2_PolicyOR', u32(2), sized(bytes(32)), sized(bytes(32))),
    ),
  ]),
]

const at = 0x0150_0123
const define = (
  attributes: number,
  size: number,
  policy = nothing,
  auth = nothing,
  who = owner,
  where = at,
): Uint8Array =>
  by('TPM2_NV_DefineSpace', [who], auth, sized(u32(where), sha256, u32(attributes), policy, u16(size)))
const undefine = (who = owner, where = at): Uint8Array => by('TPM2_NV_UndefineSpace', [who, where])
const write = (data: Uint8Array, offset = 0, who = owner): Uint8Array =>
  by('TPM2_NV_Write', [who, at], sized(data), u16(offset))
const read = (size: number, offset = 0): Uint8Array => by('TPM2_NV_Read', [owner, at], u16(size), u16(offset))

const nv: readonly Result[] = [
  refusals('indices', nobody, () => [
    define(0x0002_0002, 8, sized(bytes(5))),
    define(0x0002_0002, 8, nothing, sized(bytes(33))),
    define(0x0002_0002, 8, nothing, sized(bytes(40))),
    define(0x0002_0002, 8),
    define(0x0002_0002, 8),
    read(8),
    write(bytes(9)),
    write(bytes(1), 8),
    write(bytes(0), 9),
    write(bytes(1), 9),
    write(bytes(8), 0, platform),
    write(bytes(8)),
    read(9),
    read(1, 8),
    read(0, 9),
    read(2049),
    byTwo('TPM2_NV_Certify', [keys.signing, owner, at], nothing, noScheme, u16(9), u16(0)),
    byTwo('TPM2_NV_Certify', [keys.signing, owner, at], nothing, noScheme, u16(1), u16(8)),
    byTwo('TPM2_NV_Certify', [keys.rsa, owner, at], nothing, noScheme, u16(1), u16(0)),
    by('TPM2_NV_Increment', [owner, at]),
    by('TPM2_NV_Extend', [owner, at], sized(bytes(2))),
    by('TPM2_NV_WriteLock', [owner, at]),
    by('TPM2_NV_ReadLock', [owner, at]),
    by('TPM2_NV_ReadPublic', [at]),
    undefine(),
    undefine(),
  ]),
  // writeall, and write and read locks until the next start.
  refusals('indices with locks', nobody, () => [
    define(0x8202_5002, 8),
    write(bytes(4)),
    write(bytes(8)),
    read(8),
    by('TPM2_NV_WriteLock', [owner, at]),
    by('TPM2_NV_WriteLock', [owner, at]),
    write(bytes(8)),
    by('TPM2_NV_ReadLock', [owner, at]),
    by('TPM2_NV_ReadLock', [owner, at]),
    read(8),
    byTwo('TPM2_NV_Certify', [keys.signing, owner, at], nothing, noScheme, u16(1), u16(0)),
    undefine(),
  ]),
  ...[1, 2, 4].map((type) =>
    refusals(`indices of type ${type}`, nobody, () => [
      define(0x0202_0002 | (type << 4), type === 4 ? 32 : 8),
      read(8),
      write(bytes(8)),
      by('TPM2_NV_Increment', [owner, at]),
      by('TPM2_NV_Extend', [owner, at], sized(bytes(2))),
      undefine(),
    ]),
  ),
  refusals('indices of the platform', nobody, () => [
    define(0x4202_0002, 8, nothing, nothing, platform),
    undefine(owner),
    define(0x4202_0006, 8, nothing, nothing, platform, at + 1),
    undefine(platform, at + 1),
    undefine(platform),
    // policydelete
    define(0x4202_0402, 8, sized(bytes(32)), nothing, platform),
    undefine(platform),
    undefine(owner),
  ]),
  refusals('hierarchies', nobody, () => [
    by('TPM2_HierarchyChangeAuth', [endorsement], sized(bytes(65))),
    by('TPM2_HierarchyChangeAuth', [endorsement], sized(bytes(64, 0))),
    by('TPM2_ClearControl', [lockout], u8(1)),
    by('TPM2_Clear', [lockout]),
    by('TPM2_ClearControl', [lockout], u8(0)),
    by('TPM2_ClearControl', [platform], u8(0)),
  ]),
]

const objects: readonly Result[] = [
  refusals(
    'objects',
    async (send) => [await handleOf(send, without('TPM2_HashSequenceStart', [], nothing, sha256), false)],
    (sequence) => [
      by('TPM2_Load', [keys.storage], nothing, hmacKey),
      by('TPM2_Load', [keys.signing], sized(bytes(80)), hmacKey),
      by('TPM2_Load', [keys.storage], sized(bytes(80)), hmacKey),
      by('TPM2_Create', [keys.signing], noSensitive, hmacKey, nothing, u32(0)),
      by('TPM2_CreateLoaded', [keys.hmac], noSensitive, hmacKey),
      by('TPM2_CreateLoaded', [keys.signing], noSensitive, hmacKey),
      by('TPM2_CreateLoaded', [keys.storage], noSensitive, sized(hmacKey.slice(2), u8(0))),
      by('TPM2_Unseal', [keys.hmac]),
      by('TPM2_Unseal', [keys.signing]),
      by('TPM2_Unseal', [keys.storage]),
      without('TPM2_ReadPublic', [sequence as number]),
      by('TPM2_ObjectChangeAuth', [sequence as number, keys.storage], nothing),
      by('TPM2_ObjectChangeAuth', [keys.sealed, sequence as number], nothing),
      by('TPM2_ObjectChangeAuth', [keys.sealed, keys.signing], nothing),
      by('TPM2_ObjectChangeAuth', [keys.sealed, keys.storage], sized(bytes(33))),
      by('TPM2_EvictControl', [owner, sequence as number], u32(0x8100_0222)),
      by('TPM2_EvictControl', [owner, keys.sealed], u32(keys.hmac)),
      by('TPM2_Certify', [keys.signing, keys.signing], nothing, noScheme),
      byTwo('TPM2_Certify', [keys.signing, keys.rsa], nothing, noScheme),
      byTwo('TPM2_Certify', [keys.sealed, keys.signing], nothing, noScheme),
    ],
  ),
  refusals('objects from outside', nobody, () => {
    const load = (secretArea: Uint8Array, area: Uint8Array, hierarchy: number) =>
      without('TPM2_LoadExternal', [], secretArea, area, u32(hierarchy))
    const eccSecret = (scalar: Uint8Array) => sized(u16(0x23), nothing, nothing, sized(scalar))
    return [
      load(nothing, eccPublic(0x0004_0040, '0018 000b', bytes(32, 1)), owner),
      load(nothing, eccPublic(0x0004_0040, '0018 000b', bytes(31, 1)), owner),
      load(eccSecret(bytes(32)), eccPublic(0x0004_0040, '0018 000b'), owner),
      load(eccSecret(bytes(32)), eccPublic(0x0004_0040, '0018 000b'), none),
      load(eccSecret(bytes(32, 0)), eccPublic(0x0004_0040, '0018 000b'), none),
      load(eccSecret(bytes(32, 0xff)), eccPublic(0x0004_0040, '0018 000b'), none),
      load(eccSecret(bytes(33)), eccPublic(0x0004_0040, '0018 000b'), none),
      load(eccSecret(bytes(32)), eccPublic(0x0004_0042, '0018 000b'), none),
      load(eccSecret(bytes(32)), eccPublic(0x0005_0040, '0018 000b'), none),
      load(eccSecret(bytes(32)), rsaPublic(0x0004_0040, '0014 000b'), none),
      load(sized(u16(1), nothing, nothing, sized(bytes(128))), rsaPublic(0x0004_0040, '0014 000b'), none),
      load(sized(u16(1), nothing, nothing, sized(bytes(127))), rsaPublic(0x0004_0040, '0014 000b'), none),
      load(sized(u16(1), nothing, nothing, sized(bytes(128, 0))), rsaPublic(0x0004_0040, '0014 000b'), none),
      load(
        sized(u16(8), nothing, nothing, sized(bytes(65))),
        keyedHash(0x0004_0040, '0005 000b', nothing, sized(bytes(32))),
        none,
      ),
      load(
        sized(u16(8), sized(bytes(33)), nothing, sized(bytes(3))),
        keyedHash(0x0004_0040, '0005 000b', nothing, sized(bytes(32))),
        none,
      ),
      load(
        sized(u16(8), nothing, sized(bytes(33)), sized(bytes(3))),
        keyedHash(0x0004_0040, '0005 000b', nothing, sized(bytes(32))),
        none,
      ),
      load(
        sized(u16(0x25), nothing, nothing, sized(bytes(15))),
        sized(u16(0x25), sha256, u32(0x0006_0040), nothing, aes128, sized(bytes(32))),
        none,
      ),
      load(nothing, keyedHash(0x0004_0040, '0005 000b', sized(bytes(5)), sized(bytes(32))), none),
      load(nothing, rsaPublic(0x0004_0040, '0014 000b'), 0x4000_0005),
    ]
  }),
  {
    name: 'refused: contexts',
    async build(send) {
      const codes: string[] = []
      const key = await primary(send, hmacKey)
      const held = await session(send, 1)
      const save = async (handle: number): Promise<Uint8Array> => {
        const response = await send(without('TPM2_ContextSave', [handle]))
        codes.push(codeOf(response))
        return response.slice(10)
      }
      const reload = async (context: Uint8Array): Promise<number> => {
        const response = await send(without('TPM2_ContextLoad', [], context))
        codes.push(codeOf(response))
        return codeOf(response) === '00000000' ? Buffer.from(response).readUInt32BE(10) : 0
      }
      const objectContext = await save(key)
      await send(flush(key))
      // Sequence, kind of handle, hierarchy, the blob's start and its end.
      for (const place of [7, 20, 60, -1]) await reload(flipped(objectContext, place))
      await reload(join(objectContext.slice(0, 12), u32(endorsement), objectContext.slice(16)))
      const again = await reload(objectContext)
      await send(flush(again))
      await save(key)
      const first = await save(held)
      await save(held)
      await reload(flipped(first, -1))
      await reload(first)
      await reload(first)
      const second = await save(held)
      await reload(first)
      await reload(second)
      await send(flush(held))
      await reload(second)
      await save(0x8000_0002)
      await save(0x0300_0030)
      return codes
    },
  },
]

/** Where libtpms takes a value that does not fit for a failure of its own, or blames another: ours alone, with our code. */
export const ownRefusals: readonly (readonly [code: string, command: Uint8Array])[] = [
  ['000002d5', salted(keys.rsa, sized(bytes(255)))],
  ['000002e7', salted(keys.ecdh, sized(sized(generator.x), sized(bytes(32))))],
  ['000002d5', salted(keys.ecdh, sized(sized(generator.x), sized(generator.y), u8(0)))],
  ['000002da', salted(keys.ecdh, sized(sized(generator.x)))],
  ['00000189', by('TPM2_SequenceUpdate', [keys.hmac], sized(bytes(3)))],
  ['00000189', by('TPM2_SequenceComplete', [keys.hmac], sized(bytes(3)), u32(none))],
  ['000001c4', encrypt(keys.rsa, bytes(257), noScheme)],
  ['000001c4', encrypt(keys.rsa, bytes(256, 0xff), noScheme)],
  ['000001c4', encrypt(keys.rsa, bytes(250), oaep)],
  ['000001c4', encrypt(keys.rsa, bytes(250), hex('0015'))],
  ['000001d5', decrypt(keys.rsa, bytes(255), oaep)],
  ['000001c4', decrypt(keys.rsa, bytes(256, 0xff), oaep)],
  ['000001c4', decrypt(keys.rsa, bytes(256, 0xff), noScheme)],
  ['000001c4', decrypt(keys.rsa, bytes(256), oaep)],
  ['000001c4', decrypt(keys.rsa, bytes(256), hex('0015'))],
]

/** What is refused for what is in the TPM already, beside what is wrong with bytes. */
export const refusalsOf: readonly Result[] = [
  ...duplicates,
  ...asymmetric,
  ...credentials,
  ...sessions,
  ...policies,
  ...nv,
  ...objects,
]
