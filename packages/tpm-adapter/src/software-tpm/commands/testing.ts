import { encode, u32 as u32Codec } from '@trusthold/core/codec'
import { tpm2bDigest } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { algorithm } from '../fields/algorithms.js'
import { buffer, list, u16, yesNo } from '../fields/field.js'
import { publicParms } from '../fields/public-area.js'
import { refuseParameter } from '../response-codes.js'

const anyAlgorithm = algorithm(
  [
    ...([
      'rsa',
      'sha1',
      'hmac',
      'aes',
      'mgf1',
      'keyedhash',
      'xor',
      'sha256',
      'sha384',
      'sha512',
      'null',
    ] as const),
    ...(['rsassa', 'rsaes', 'rsapss', 'oaep', 'ecdsa', 'ecdh', 'kdf1_sp800_56a', 'kdf1_sp800_108'] as const),
    ...(['ecc', 'symcipher', 'ctr', 'ofb', 'cbc', 'cfb', 'ecb'] as const),
  ],
  'VALUE',
)
const empty = new Uint8Array()

/** Nothing has to be tested: Node's OpenSSL tests itself. Part 3, sections 10, 16 and 30.3. */
export const testingCommands = [
  defineCommand('TPM2_SelfTest', {
    handles: {},
    parameters: { fullTest: yesNo },
    nv: true,
    run: () => ({}),
  }),
  defineCommand('TPM2_IncrementalSelfTest', {
    handles: {},
    parameters: { toTest: list(anyAlgorithm, 64) },
    nv: true,
    run: () => ({ parameters: [encode(u32Codec, 0)] }),
  }),
  defineCommand('TPM2_GetTestResult', {
    handles: {},
    parameters: {},
    encryptable: true,
    run: () => ({ parameters: [encode(tpm2bDigest, empty), encode(u32Codec, 0)] }),
  }),
  defineCommand('TPM2_TestParms', { handles: {}, parameters: { publicParms }, run: () => ({}) }),
  defineCommand('TPM2_GetRandom', {
    handles: {},
    parameters: { bytesRequested: u16 },
    encryptable: true,
    run(machine, { bytesRequested }) {
      const bytes = machine.random.bytes(Math.min(bytesRequested, 64))
      return { parameters: [encode(tpm2bDigest, bytes)] }
    },
  }),
  defineCommand('TPM2_StirRandom', {
    handles: {},
    parameters: { inData: buffer(128) },
    nv: true,
    run(_machine, { inData }) {
      // The system's generator needs no help; what is too long was refused when it was read.
      return inData.length > 128 ? refuseParameter(1, 'SIZE') : {}
    },
  }),
]
