import { SecretBytes } from '@trusthold/core/bytes'
import type {
  AttestationKey,
  OpenAttestationKeyOptions,
  OpenKeyOptions,
  PcrBankSelection,
  SealedObject,
  Tpm,
  TpmDecryptionKey,
  TpmKey,
  TpmSigningKey,
} from '@trusthold/core/ports'

/** What can be wrong with a TPM that goes through {@link withFault}. */
export type TpmFault =
  | 'quotes without the qualifying data'
  | 'quotes fewer PCRs'
  | 'quotes with another key'
  | 'gives the secret for any credential'
  | 'does not open credentials'
  | 'makes a new key instead of the saved one'
  | 'reads eight PCRs at most'
  | 'mixes up PCRs'
  | 'makes the kind of key that it likes'
  | 'always makes the same key'
  | 'works on after close'
  | 'lets keys work after close'
  | 'makes up banks'
  | 'leaves something behind'
  | 'makes keys under the parent that it likes'
  | 'makes up creation data'
  | 'states the time without the qualifying data'
  | 'shortens qualifying data'
  | 'keeps no key persistent'
  | 'takes any handle'
  | 'signs another digest'
  | 'decrypts to zeros'
  | 'agrees on zeros'
  | 'certifies any key'
  | 'remembers what it unsealed'
  | 'imports whatever comes'
  | 'shows old logs'
  | 'shows an empty log for none'
  | 'never works again after a failure'

/** The working TPM with one thing wrong. */
export function withFault(tpm: Tpm, fault: TpmFault, leak: () => Promise<void>): Tpm {
  const is = (name: TpmFault): boolean => fault === name
  const most32 = (data: Uint8Array): Uint8Array =>
    is('shortens qualifying data') ? data.subarray(0, 32) : data
  const own = new Map<TpmKey, TpmKey>()
  const unsealed = new Map<string, Uint8Array>()
  const shown = new Map<string, Uint8Array | undefined>()
  let sameKey: AttestationKey | undefined
  let broken: Error | undefined

  const faultyKey = (key: AttestationKey, other: AttestationKey): AttestationKey => ({
    ...key,
    activateCredential: async (blob, secret, call) => {
      if (is('does not open credentials')) return new Uint8Array(32)
      if (!is('gives the secret for any credential')) return await key.activateCredential(blob, secret, call)
      return await key.activateCredential(blob, secret, call).catch(() => new Uint8Array(32))
    },
    quote: async (data, selection, call) => {
      if (is('leaves something behind')) await leak()
      if (is('quotes without the qualifying data'))
        return await key.quote(new Uint8Array(data.length), selection, call)
      if (is('quotes with another key')) return await other.quote(data, selection, call)
      if (!is('quotes fewer PCRs')) return await key.quote(data, selection, call)
      return await key.quote(
        data,
        selection.map(({ bank, pcrs }) => ({ bank, pcrs: pcrs.slice(0, 2) })),
        call,
      )
    },
    certify: async (certified, data, call) => {
      const known = own.get(certified)
      if (known !== undefined || !is('certifies any key')) {
        return await key.certify(known ?? certified, most32(data), call)
      }
      return await key.certify(await tpm.openSigningKey(), data, call)
    },
    certifyCreation: async (data, call) => {
      const proof = await key.certifyCreation(most32(data), call)
      if (!is('makes up creation data')) return proof
      return { ...proof, creationData: proof.creationData.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) }
    },
    certifyTime: (data, call) =>
      key.certifyTime(
        is('states the time without the qualifying data') ? new Uint8Array(data.length) : most32(data),
        call,
      ),
    close: async () => {
      if (!is('lets keys work after close')) await key.close()
    },
  })

  const openFaulty = async (options: OpenAttestationKeyOptions): Promise<AttestationKey> => {
    const { saved, kind, parent, persistentHandle, ...rest } = options
    const keepKind = kind === undefined || is('makes the kind of key that it likes') ? {} : { kind }
    const keepSaved = saved === undefined || is('makes a new key instead of the saved one') ? {} : { saved }
    const keepParent =
      parent === undefined || is('makes keys under the parent that it likes') ? {} : { parent }
    const forget =
      is('keeps no key persistent') || (is('takes any handle') && (persistentHandle ?? 0) >>> 16 !== 0x8100)
    const keepHandle = persistentHandle === undefined || forget ? {} : { persistentHandle }
    if (is('always makes the same key') && saved === undefined && kind === undefined) {
      sameKey ??= await tpm.openAttestationKey(options)
      return { ...sameKey, close: async () => undefined }
    }
    const wanted = { ...rest, ...keepKind, ...keepSaved, ...keepParent, ...keepHandle }
    const key = await tpm.openAttestationKey(wanted)
    return faultyKey(key, is('quotes with another key') ? await tpm.openAttestationKey(rest) : key)
  }

  const remember = <K extends TpmKey>(faulty: K, key: TpmKey): K => {
    own.set(faulty, key)
    return faulty
  }

  const withoutSaved = ({ saved, ...rest }: OpenKeyOptions): OpenKeyOptions =>
    saved === undefined || is('makes a new key instead of the saved one') ? rest : { ...rest, saved }

  const openSigning = async (options: OpenKeyOptions = {}): Promise<TpmSigningKey> => {
    const key = await tpm.openSigningKey(withoutSaved(options))
    return remember<TpmSigningKey>(
      {
        ...key,
        sign: (digest, call) =>
          key.sign(is('signs another digest') ? new Uint8Array(digest.length) : digest, call),
      },
      key,
    )
  }

  const openDecryption = async (options: OpenKeyOptions = {}): Promise<TpmDecryptionKey> => {
    const key = await tpm.openDecryptionKey(withoutSaved(options))
    return remember<TpmDecryptionKey>(
      {
        ...key,
        rsaDecrypt: async (cipherText, call) =>
          is('decrypts to zeros')
            ? SecretBytes.take(new Uint8Array(32))
            : await key.rsaDecrypt(cipherText, call),
        ecdhZGen: async (point, call) =>
          is('agrees on zeros') ? SecretBytes.take(new Uint8Array(32)) : await key.ecdhZGen(point, call),
      },
      key,
    )
  }

  const faultySealed = (object: SealedObject): SealedObject => {
    if (!is('remembers what it unsealed')) return object
    const id = Buffer.from(object.publicArea).toString('hex')
    return {
      ...object,
      unseal: async (pcrs, call) => {
        const known = unsealed.get(id)
        if (known !== undefined) return SecretBytes.from(known)
        const secret = await object.unseal(pcrs, call)
        unsealed.set(id, secret.copy())
        return secret
      },
    }
  }

  const readFaulty = async (selection: readonly PcrBankSelection[]) => {
    if (is('makes up banks')) {
      return await tpm.readPcrs(selection).catch(() => [{ bank: 'sha512', values: new Map() }])
    }
    const banks = await tpm.readPcrs(selection)
    return banks.map(({ bank, values }) => {
      let entries = [...values]
      if (is('reads eight PCRs at most')) entries = entries.slice(0, 8)
      if (is('mixes up PCRs'))
        entries = entries.map(([pcr], i) => [pcr, entries.at(-1 - i)?.[1] as Uint8Array])
      return { bank, values: new Map(entries) }
    })
  }

  const showLog = async (
    name: string,
    read: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> => {
    if (is('shows old logs') && shown.has(name)) return shown.get(name)
    const log = (await read()) ?? (is('shows an empty log for none') ? new Uint8Array() : undefined)
    shown.set(name, log)
    return log
  }

  const faulty: Tpm = {
    endorsementKeys: (call) => tpm.endorsementKeys(call),
    certificateChain: (call) => tpm.certificateChain(call),
    openAttestationKey: openFaulty,
    openSigningKey: openSigning,
    openDecryptionKey: openDecryption,
    openStorageKey: (options) => tpm.openStorageKey(options),
    importSealed: async (options) => {
      const object = tpm.importSealed(options)
      if (!is('imports whatever comes')) return faultySealed(await object)
      return await object.catch(() => ({
        publicArea: new Uint8Array(),
        saved: new Uint8Array(),
        unseal: async () => SecretBytes.take(new Uint8Array(32)),
        close: async () => undefined,
      }))
    },
    openSealed: async (options) => faultySealed(await tpm.openSealed(options)),
    readPcrs: readFaulty,
    eventLog: () => tpm.eventLog(),
    imaLog: () => showLog('ima', () => tpm.imaLog()),
    systemdLog: () => showLog('systemd', () => tpm.systemdLog()),
    close: async () => {
      if (!is('works on after close')) await tpm.close()
    },
  }
  if (!is('never works again after a failure')) return faulty
  return {
    ...faulty,
    endorsementKeys: async (call) => {
      if (broken !== undefined) throw broken
      return await tpm.endorsementKeys(call)
    },
    readPcrs: async (selection, call) => {
      if (broken !== undefined) throw broken
      return await tpm.readPcrs(selection, call)
    },
    openAttestationKey: async (options) => {
      try {
        return await tpm.openAttestationKey(options)
      } catch (error) {
        broken = error as Error
        throw error
      }
    },
  }
}
