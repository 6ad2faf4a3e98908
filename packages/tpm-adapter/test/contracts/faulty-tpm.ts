import type { AttestationKey, OpenAttestationKeyOptions, PcrBankSelection, Tpm } from '@trusthold/core/ports'

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

/** The working TPM with one thing wrong. */
export function withFault(tpm: Tpm, fault: TpmFault, leak: () => Promise<void>): Tpm {
  const is = (name: TpmFault): boolean => fault === name
  let sameKey: AttestationKey | undefined

  const faultyKey = (key: AttestationKey, other: AttestationKey): AttestationKey => ({
    ...key,
    activateCredential: async (blob, secret) => {
      if (is('does not open credentials')) return new Uint8Array(32)
      if (!is('gives the secret for any credential')) return await key.activateCredential(blob, secret)
      return await key.activateCredential(blob, secret).catch(() => new Uint8Array(32))
    },
    quote: async (data, selection) => {
      if (is('leaves something behind')) await leak()
      if (is('quotes without the qualifying data'))
        return await key.quote(new Uint8Array(data.length), selection)
      if (is('quotes with another key')) return await other.quote(data, selection)
      if (!is('quotes fewer PCRs')) return await key.quote(data, selection)
      return await key.quote(
        data,
        selection.map(({ bank, pcrs }) => ({ bank, pcrs: pcrs.slice(0, 2) })),
      )
    },
    close: async () => {
      if (!is('lets keys work after close')) await key.close()
    },
  })

  const openFaulty = async (options: OpenAttestationKeyOptions): Promise<AttestationKey> => {
    const { saved, kind, ...rest } = options
    const keepKind = kind === undefined || is('makes the kind of key that it likes') ? {} : { kind }
    const keepSaved = saved === undefined || is('makes a new key instead of the saved one') ? {} : { saved }
    if (is('always makes the same key') && saved === undefined && kind === undefined) {
      sameKey ??= await tpm.openAttestationKey(options)
      return { ...sameKey, close: async () => undefined }
    }
    const key = await tpm.openAttestationKey({ ...rest, ...keepKind, ...keepSaved })
    return faultyKey(key, is('quotes with another key') ? await tpm.openAttestationKey(rest) : key)
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

  return {
    endorsementKeys: () => tpm.endorsementKeys(),
    openAttestationKey: openFaulty,
    readPcrs: readFaulty,
    eventLog: () => tpm.eventLog(),
    close: async () => {
      if (!is('works on after close')) await tpm.close()
    },
  }
}
