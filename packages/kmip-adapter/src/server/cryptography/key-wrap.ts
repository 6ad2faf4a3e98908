import { createCipheriv } from 'node:crypto'
import { concatBytes } from '@trusthold/core/bytes'
import type { RandomSource } from '@trusthold/core/ports'
import type { CryptographicParameters } from '../../protocol/index.js'
import { refuse } from '../exchange/refusal.js'
import { encryptSymmetric, type SymmetricKeyMaterial } from './symmetric.js'

/** Wrapped bytes, and the initialization vector where the mode has one. */
export interface Wrapped {
  readonly data: Uint8Array
  readonly iv?: Uint8Array
}

type Wrap = (
  key: SymmetricKeyMaterial,
  plain: Uint8Array,
  parameters: CryptographicParameters,
  random: RandomSource,
) => Wrapped

/** Initial values of RFC 3394, section 2.2.3.1, and RFC 5649, section 3. */
const wrapIv = new Uint8Array(8).fill(0xa6)
const padIv = Uint8Array.of(0xa6, 0x59, 0x59, 0xa6)

function keyWrap(suffix: 'wrap' | 'wrap-pad', iv: Uint8Array, fits: (length: number) => boolean): Wrap {
  const name = (key: SymmetricKeyMaterial): string => {
    if (key.algorithm !== 'AES') return refuse('BadCryptographicParameters', 'this mode wraps with AES keys')
    return `id-aes${key.bytes.length * 8}-${suffix}`
  }
  return (key, plain) => {
    if (!fits(plain.length)) {
      return refuse('CryptographicFailure', `this mode does not wrap ${plain.length} bytes`)
    }
    const cipher = createCipheriv(name(key), key.bytes, iv)
    return { data: concatBytes(cipher.update(plain), cipher.final()) }
  }
}

/** GCM: the tag, of 16 bytes, follows the wrapped bytes, since Key Wrapping Data has no place for it. */
const gcm: Wrap = (key, plain, parameters, random) => {
  const { data, iv, tag = new Uint8Array() } = encryptSymmetric(key, parameters, { data: plain }, random)
  return { data: concatBytes(data, tag), ...(iv === undefined ? {} : { iv }) }
}

const modes: Readonly<Record<string, Wrap>> = {
  NISTKeyWrap: keyWrap('wrap', wrapIv, (length) => length >= 16 && length % 8 === 0),
  AESKeyWrapPadding: keyWrap('wrap-pad', padIv, (length) => length >= 1),
  GCM: gcm,
}

function modeOf({ blockCipherMode }: CryptographicParameters): Wrap {
  const name = String(blockCipherMode)
  const mode = Object.hasOwn(modes, name) ? modes[name] : undefined
  if (mode !== undefined) return mode
  return blockCipherMode === undefined
    ? refuse('BadCryptographicParameters', 'wrapping needs a Block Cipher Mode')
    : refuse('UnsupportedCryptographicParameters', `wrapping in mode ${name} is not supported`)
}

/** Wraps key bytes: AES key wrap (RFC 3394, RFC 5649) or AES-GCM. @throws Refusal */
export function wrapBytes(
  key: SymmetricKeyMaterial,
  plain: Uint8Array,
  parameters: CryptographicParameters,
  random: RandomSource,
): Wrapped {
  return modeOf(parameters)(key, plain, parameters, random)
}
