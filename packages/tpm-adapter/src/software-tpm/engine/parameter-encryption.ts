import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import { kdfa } from '@trusthold/core/tpm2'
import { withoutTrailingZeros } from '../machine/digests.js'
import { entityAuth } from '../machine/entities.js'
import type { Machine } from '../machine/machine.js'
import type { Session } from '../machine/sessions.js'
import { failure } from '../response-codes.js'
import type { AuthorizedSession } from './authorize.js'

type Direction = 'encrypt' | 'decrypt'

/** Masks or ciphers the content of a parameter. Part 1, section 21. */
function transform(
  session: Session,
  extraKey: Uint8Array,
  [newer, older]: readonly [newer: Uint8Array, older: Uint8Array],
  content: Uint8Array,
  direction: Direction,
): Uint8Array {
  const { symmetric, hash } = session
  const key = concatBytes(session.key, extraKey)
  if (symmetric.algorithm === 'xor') {
    const mask = kdfa(symmetric.hash, key, 'XOR', newer, older, content.length * 8)
    return content.map((byte, i) => byte ^ (mask[i] ?? 0))
  }
  if (symmetric.algorithm === 'null') return content
  const { keyBits } = symmetric
  const material = kdfa(hash, key, 'CFB', newer, older, keyBits + 128)
  const parts = [material.subarray(0, keyBits / 8), material.subarray(keyBits / 8)] as const
  const cipher = direction === 'encrypt' ? createCipheriv : createDecipheriv
  return new Uint8Array(cipher(`aes-${keyBits}-cfb`, ...parts).update(content))
}

/** The first parameter's content, changed; what follows it stays. */
function withContent(parameters: Uint8Array, change: (content: Uint8Array) => Uint8Array): Uint8Array {
  const size = ((parameters[0] ?? 0) << 8) | (parameters[1] ?? 0)
  const content = parameters.subarray(2, 2 + size)
  return concatBytes(parameters.subarray(0, 2), change(content), parameters.subarray(2 + size))
}

function extraKeyOf(machine: Machine, { entity }: AuthorizedSession): Uint8Array {
  return entity === undefined ? new Uint8Array() : withoutTrailingZeros(entityAuth(machine, entity))
}

/** Decrypts a command's first parameter where a session says that it is encrypted. */
export function decryptParameter(
  machine: Machine,
  sessions: readonly AuthorizedSession[],
  parameters: Uint8Array,
): Uint8Array {
  const position = sessions.findIndex(({ attributes }) => attributes.decrypt)
  const used = sessions[position]
  if (used?.session === undefined) return parameters
  const { session, nonceCaller } = used
  if (parameters.length < 2) throw failure('INSUFFICIENT').aboutSession(position + 1)
  const size = ((parameters[0] ?? 0) << 8) | (parameters[1] ?? 0)
  if (size > parameters.length - 2) throw failure('SIZE').aboutSession(position + 1)
  const nonces = [nonceCaller, session.nonceTpm] as const
  const extraKey = extraKeyOf(machine, used)
  return withContent(parameters, (content) => transform(session, extraKey, nonces, content, 'decrypt'))
}

/** Encrypts a response's first parameter where a session asks for it; nonceTPM is the new one by then. */
export function encryptParameter(
  machine: Machine,
  sessions: readonly AuthorizedSession[],
  parameters: Uint8Array,
): Uint8Array {
  const used = sessions.find(({ attributes }) => attributes.encrypt)
  if (used?.session === undefined) return parameters
  const { session, nonceCaller } = used
  const nonces = [session.nonceTpm, nonceCaller] as const
  const extraKey = extraKeyOf(machine, used)
  return withContent(parameters, (content) => transform(session, extraKey, nonces, content, 'encrypt'))
}
