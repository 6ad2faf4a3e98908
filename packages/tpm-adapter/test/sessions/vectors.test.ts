import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex, utf8 } from '@trusthold/core/bytes'
import { type Codec, decode, encode, type Infer, rest, struct, u8, u16, u32 } from '@trusthold/core/codec'
import {
  openSessionSalt,
  tpm2bDigest,
  tpm2bEncryptedSecret,
  tpm2bNonce,
  tpm2bSensitiveCreate,
  tpm2bSensitiveData,
  tpmiAlgHash,
  tpmtPublic,
  tpmtSymDefObject,
} from '@trusthold/core/tpm2'
import { describe, expect, test } from 'vitest'
import { tpmsAuthCommand, tpmsAuthResponse } from '../../src/commands/sessions.js'
import type { AesKeyBits } from '../../src/sessions/parameter-cipher.js'
import { deriveSessionKey } from '../../src/sessions/session-key.js'
import type { SessionState } from '../../src/sessions/session-state.js'
import { useSession } from '../../src/sessions/session-use.js'

interface RecordedExchange {
  readonly command: string
  readonly response: string
}

interface RecordedSession {
  readonly description: string
  readonly hash: 'sha256' | 'sha384'
  readonly bound: boolean
  readonly saltKey?: { readonly privateKey: string; readonly public: string }
  readonly itemName: string
  readonly parentName: string
  readonly password: string
  readonly plain: string
  readonly exchanges: readonly [RecordedExchange, RecordedExchange, RecordedExchange, RecordedExchange]
}

const { sessions } = JSON.parse(
  readFileSync(new URL('vectors/tpm2-tools.json', import.meta.url), 'utf8'),
) as { readonly sessions: readonly RecordedSession[] }

const header = { tag: u16, size: u32, code: u32 }
const started = struct('StartAuthSession', {
  ...header,
  tpmKey: u32,
  bind: u32,
  nonceCaller: tpm2bNonce,
  encryptedSalt: tpm2bEncryptedSecret,
  sessionType: u8,
  symmetric: tpmtSymDefObject,
  authHash: tpmiAlgHash,
})
const answered = struct('StartAuthSession', { ...header, handle: u32, nonceTpm: tpm2bDigest })
const authorized = struct('command', {
  ...header,
  handle: u32,
  areaSize: u32,
  authorization: tpmsAuthCommand,
  parameters: rest,
})
const response: Codec<{ parameters: Uint8Array; authorization: Infer<typeof tpmsAuthResponse> }> = {
  name: 'response',
  read(r) {
    r.bytes(10)
    const parameters = r.bytes(r.u32())
    return { parameters, authorization: tpmsAuthResponse.read(r) }
  },
  write: () => undefined,
}

/** The session as it was after it was started, with the key that the recorded secrets give. */
function stateOf(recorded: RecordedSession): { state: SessionState; draws: Uint8Array[] } {
  const command = decode(started, fromHex(recorded.exchanges[0].command))
  const { handle, nonceTpm } = decode(answered, fromHex(recorded.exchanges[0].response))
  const { nonceCaller, symmetric, authHash: hash } = command
  const key = recorded.saltKey
  const salt =
    key &&
    openSessionSalt({
      privateKey: createPrivateKey(key.privateKey),
      key: decode(tpmtPublic, fromHex(key.public)),
      encryptedSalt: encode(tpm2bEncryptedSecret, command.encryptedSalt),
    })
  const authValue = utf8(recorded.password)
  const boundAuthValue = recorded.bound ? authValue : undefined
  const draws: Uint8Array[] = []
  const state: SessionState = {
    handle,
    type: 'hmac',
    hash,
    key: deriveSessionKey({ hash, boundAuthValue, salt, nonceTpm, nonceCaller }),
    binding: recorded.bound ? { name: fromHex(recorded.itemName), authValue } : undefined,
    keyBits: symmetric.algorithm === 'aes' ? (symmetric.keyBits as AesKeyBits) : undefined,
    random: { bytes: () => draws.shift() as Uint8Array },
    nonceTpm,
    phase: 'idle',
  }
  return { state, draws }
}

/** Plays a recorded command: what we would have sent, whether the answer is accepted, and its first parameter. */
function play(
  { state, draws }: ReturnType<typeof stateOf>,
  exchange: RecordedExchange,
  name: string,
  authValue: Uint8Array,
) {
  const sent = decode(authorized, fromHex(exchange.command))
  const received = decode(response, fromHex(exchange.response))
  draws.push(sent.authorization.nonce)
  const [decrypt, encrypt] = [0x20, 0x40].map((bit) => (sent.authorization.sessionAttributes & bit) !== 0)
  const names = (): readonly Uint8Array[] => [fromHex(name)]
  const task = { entityName: () => fromHex(name), decrypt: decrypt === true, encrypt: encrypt === true }
  const use = useSession(state, task, { authValue, proof: 'hmac' })
  const { code, parameters } = sent
  const authorization = use.authorize({ code, names, parameters, otherNonces: [] })
  const accepted = use.accept({ code, parameters: received.parameters }, received.authorization)
  const size = (received.parameters[0] as number) * 256 + (received.parameters[1] as number)
  const first = use.decryptParameter(received.parameters.slice(2, 2 + size))
  return { sent, authorization, accepted, first }
}

describe.each(sessions)('a session of tpm2-tools, $description', (recorded) => {
  test('has its commands proved, its responses accepted, and its parameters decrypted', () => {
    const session = stateOf(recorded)
    const password = utf8(recorded.password)
    for (const exchange of recorded.exchanges.slice(1, 3)) {
      const { sent, authorization, accepted, first } = play(session, exchange, recorded.itemName, password)
      expect(authorization).toEqual(sent.authorization)
      expect(accepted).toBe(true)
      expect(first).toEqual(utf8(recorded.plain))
    }
  })

  test('has what is secret on its way in encrypted in the same way', () => {
    const session = stateOf(recorded)
    const password = utf8(recorded.password)
    for (const exchange of recorded.exchanges.slice(1, 3))
      play(session, exchange, recorded.itemName, password)
    const nonceBefore = session.state.nonceTpm
    const creating = recorded.exchanges[3]
    const { sent, authorization, accepted } = play(session, creating, recorded.parentName, new Uint8Array())
    expect(authorization).toEqual(sent.authorization)
    expect(accepted).toBe(true)

    const again: SessionState = { ...session.state, nonceTpm: nonceBefore, phase: 'idle' }
    session.draws.push(sent.authorization.nonce)
    const task = { entityName: () => fromHex(recorded.parentName), decrypt: true, encrypt: true }
    const use = useSession(again, task, { authValue: new Uint8Array(), proof: 'hmac' })
    const sensitive = encode(tpm2bSensitiveCreate, { userAuth: password, data: utf8(recorded.plain) })
    const encrypted = use.encryptParameter(sensitive.subarray(2))
    expect(encode(tpm2bSensitiveData, encrypted)).toEqual(sent.parameters.slice(0, 2 + encrypted.length))
  })

  test('has a response with any other HMAC refused', () => {
    const session = stateOf(recorded)
    const exchange = recorded.exchanges[1]
    const changed = `${exchange.response.slice(0, -1)}${exchange.response.endsWith('0') ? '1' : '0'}`
    const { accepted } = play(
      session,
      { ...exchange, response: changed },
      recorded.itemName,
      utf8(recorded.password),
    )
    expect(accepted).toBe(false)
  })
})
