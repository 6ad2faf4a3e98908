import type { SecretBytes } from '@trusthold/core/bytes'
import type { CipherOptions, Command, Decrypted, Encrypted, SignedInput } from './commands/index.js'
import { commands } from './commands/index.js'
import type { CryptographicParameters } from './protocol/index.js'
import type { CommandRunner, KmipCallOptions } from './run/index.js'
import type { Enumerated } from './ttlv/index.js'

/** The part of a client that lets the server compute with keys that never leave it. */
export class CryptographicClient {
  /** Sends what the methods ask. */
  protected readonly runner: CommandRunner

  /** @param runner sends what the methods ask */
  protected constructor(runner: CommandRunner) {
    this.runner = runner
  }

  /** Sends a command and resolves to what it comes to; the methods do nothing else. */
  run<T>(command: Command<T>, call?: KmipCallOptions): Promise<T> {
    return this.runner.run(command, call)
  }

  /**
   * Encrypts in the server. KMIP 1.2 and later; authenticated modes 1.4.
   * @param options `aesGcm` and `aesCbc` are parameters that are usual; `iv` is the server's choice when absent, if
   * `parameters.randomIv` lets it
   * @throws KMIP_PROTOCOL when an authenticated mode came back without its tag
   */
  async encrypt(
    id: string,
    data: Uint8Array | SecretBytes,
    options: CipherOptions & { readonly iv?: Uint8Array },
    call?: KmipCallOptions,
  ): Promise<Encrypted> {
    return this.run(commands.encrypt(id, data, options), call)
  }

  /** Decrypts in the server what {@link CryptographicClient.encrypt} made. The caller wipes the data. */
  async decrypt(
    id: string,
    encrypted: Encrypted,
    options: CipherOptions,
    call?: KmipCallOptions,
  ): Promise<Decrypted> {
    return this.run(commands.decrypt(id, encrypted, options), call)
  }

  /** Signs data, or their digest, in the server with a private key. KMIP 1.2 and later. */
  async sign(
    id: string,
    signed: SignedInput,
    parameters: CryptographicParameters,
    call?: KmipCallOptions,
  ): Promise<Uint8Array> {
    return this.run(commands.sign(id, signed, parameters), call)
  }

  /**
   * Whether a signature is of what it is said to be, by a public key in the server. KMIP 1.2 and later.
   * @throws KMIP_PROTOCOL when the server says neither yes nor no
   */
  async verifySignature(
    id: string,
    signed: SignedInput,
    signature: Uint8Array,
    parameters: CryptographicParameters,
    call?: KmipCallOptions,
  ): Promise<boolean> {
    return this.run(commands.verifySignature(id, signed, signature, parameters), call)
  }

  /** The message authentication code of data, by a key in the server. KMIP 1.2 and later. */
  async mac(
    id: string,
    data: Uint8Array,
    parameters: CryptographicParameters,
    call?: KmipCallOptions,
  ): Promise<Uint8Array> {
    return this.run(commands.mac(id, data, parameters), call)
  }

  /**
   * Whether a message authentication code is of the data, by a key in the server. KMIP 1.2 and later.
   * @throws KMIP_PROTOCOL when the server says neither yes nor no
   */
  async verifyMac(
    id: string,
    data: Uint8Array,
    code: Uint8Array,
    parameters: CryptographicParameters,
    call?: KmipCallOptions,
  ): Promise<boolean> {
    return this.run(commands.verifyMac(id, data, code, parameters), call)
  }

  /** The hash of data, computed in the server. KMIP 1.2 and later. */
  async hash(
    data: Uint8Array,
    algorithm: Exclude<Enumerated<'HashingAlgorithm'>, number>,
    call?: KmipCallOptions,
  ): Promise<Uint8Array> {
    return this.run(commands.hash(data, algorithm), call)
  }

  /** Random bytes of the server's; the caller wipes them. KMIP 1.2 and later. */
  async randomBytes(length: number, call?: KmipCallOptions): Promise<SecretBytes> {
    return this.run(commands.randomBytes(length), call)
  }

  /**
   * Gives the server's random number generator more to work with, and resolves to how many bytes of it were used. KMIP
   * 1.2 and later.
   */
  async seedRandom(seed: Uint8Array | SecretBytes, call?: KmipCallOptions): Promise<number> {
    return this.run(commands.seedRandom(seed), call)
  }
}
