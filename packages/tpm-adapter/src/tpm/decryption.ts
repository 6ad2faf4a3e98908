import { SecretBytes } from '@trusthold/core/bytes'
import { TrustholdError } from '@trusthold/core/errors'
import type { TpmDecryptionKey } from '@trusthold/core/ports'
import { type CurveName, coordinateWidth, type TpmsEccPoint, type TpmtPublic } from '@trusthold/core/tpm2'
import { ecdhZgen } from '../commands/ecdh-zgen.js'
import { rsaDecrypt } from '../commands/rsa-decrypt.js'
import type { CommandRunner } from '../commands/run-command.js'
import type { Session } from '../commands/sessions.js'
import { withEmptyPassword } from './authorization.js'
import type { KeyParts } from './key-registry.js'
import type { TpmState } from './tpm-state.js'

const refuse = (name: string, reason: string): TrustholdError =>
  new TrustholdError('ARGUMENT_INVALID', { name, reason })

/** An uncompressed point (SEC 1, section 2.3.3). Whether it lies on the curve, the TPM says. */
function readPoint(bytes: Uint8Array, curve: CurveName): TpmsEccPoint {
  const width = coordinateWidth(curve)
  if (bytes[0] !== 0x04 || bytes.length !== 1 + 2 * width) {
    throw refuse('point', `expected 0x04 and two coordinates of ${width} bytes`)
  }
  return { x: bytes.slice(1, 1 + width), y: bytes.slice(1 + width) }
}

/** A coordinate as wide as its field: TPMs may leave leading zeros out. */
function padTo(width: number, coordinate: Uint8Array): Uint8Array {
  const padded = new Uint8Array(width)
  padded.set(coordinate, width - coordinate.length)
  coordinate.fill(0)
  return padded
}

/** What a decryption key can do, in sessions that encrypt what comes back. */
export function decryptionFunctions(
  state: TpmState,
  publicArea: TpmtPublic,
  use: KeyParts['use'],
): Pick<TpmDecryptionKey, 'rsaDecrypt' | 'ecdhZGen'> {
  const encrypted = <T>(runner: CommandRunner, work: (session: Session) => Promise<T>): Promise<T> =>
    state.withSalt(runner, (salt) => withEmptyPassword(runner, state.authority, salt, work))
  return {
    async rsaDecrypt(given, call = {}) {
      if (publicArea.type !== 'rsa') throw refuse('key', 'not an RSA key')
      const cipherText = Uint8Array.from(given)
      const scheme = { scheme: 'oaep', hashAlg: 'sha256' } as const
      return await use(call, (runner, key) =>
        encrypted(runner, async (session) =>
          SecretBytes.take(await rsaDecrypt(runner, { key, session, cipherText, scheme })),
        ),
      )
    },

    async ecdhZGen(given, call = {}) {
      if (publicArea.type !== 'ecc') throw refuse('key', 'not a key on an elliptic curve')
      const { curveID } = publicArea.parameters
      const point = readPoint(given, curveID)
      return await use(call, (runner, key) =>
        encrypted(runner, async (session) => {
          const shared = await ecdhZgen(runner, { key, session, point })
          return SecretBytes.take(padTo(coordinateWidth(curveID), shared.x))
        }),
      )
    },
  }
}
