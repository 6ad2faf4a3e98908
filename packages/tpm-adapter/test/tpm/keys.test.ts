import { decode, encode } from '@trusthold/core/codec'
import type { EndorsementKey, Tpm } from '@trusthold/core/ports'
import {
  computeName,
  objectAttributes,
  srkTemplates,
  type TpmtPublic,
  tpm2bPublic,
  tpmtPublic,
} from '@trusthold/core/tpm2'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, type OpenTpmOptions, openTpm } from '../../src/index.js'
import { codeOf } from '../code-of.js'
import { createTools, type Tools } from '../tpm2-tools.js'

let peer: Swtpm
let tools: Tools
let opened: Tpm[]
beforeEach(async () => {
  peer = await startSwtpm()
  tools = createTools(peer.tcti)
  opened = []
})
afterEach(async () => {
  await Promise.all(opened.map((tpm) => tpm.close()))
  tools.remove()
  await peer.stop()
})

/** Opens the TPM; what was open before is closed, as swtpm serves one client at a time. */
async function open(options: OpenTpmOptions = {}): Promise<Tpm> {
  await Promise.all(opened.map((tpm) => tpm.close()))
  const tpm = await openTpm({ ...options, transport: await connectSwtpmTcp({ port: peer.tcpPort }) })
  opened.push(tpm)
  return tpm
}

async function byTools(work: () => void): Promise<void> {
  await Promise.all(opened.map((tpm) => tpm.close()))
  work()
  tools.flush()
}

async function keyOf(tpm: Tpm, template: EndorsementKey['template']): Promise<EndorsementKey> {
  const found = (await tpm.endorsementKeys()).find((key) => key.template === template)
  if (found === undefined) throw new Error(`no ${template}`)
  return found
}

const selection = [{ bank: 'sha256', pcrs: [0] }]

describe('saved attestation keys', () => {
  test('that name no parent, as older releases saved them, are of the endorsement key', async () => {
    const tpm = await open()
    const endorsementKey = await keyOf(tpm, 'L-2')
    const key = await tpm.openAttestationKey({ endorsementKey })
    const [privateLength, publicLength] = [0, 1].reduce<number[]>((lengths) => {
      const at = lengths.reduce((sum, length) => sum + 2 + length, 0)
      return [...lengths, ((key.saved[at] as number) << 8) | (key.saved[at + 1] as number)]
    }, []) as [number, number]
    const saved = key.saved.slice(0, 4 + privateLength + publicLength)
    expect(saved.length).toBeLessThan(key.saved.length)
    const again = await tpm.openAttestationKey({ endorsementKey, saved })
    expect(again.publicArea).toEqual(key.publicArea)
    await again.quote(new Uint8Array(8), selection)
    await expect(again.certifyCreation(new Uint8Array(8))).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'the creation proof' }),
    )
  })

  test('are refused with another endorsement key than their own', async () => {
    const tpm = await open()
    const [rsa, ecc] = [await keyOf(tpm, 'L-1'), await keyOf(tpm, 'L-2')]
    const { saved } = await tpm.openAttestationKey({ endorsementKey: ecc })
    await expect(tpm.openAttestationKey({ endorsementKey: rsa, saved })).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'the saved key' }),
    )
    const under = { endorsementKey: ecc, parent: 'storage-root-key', kind: 'ecc-p256' } as const
    const root = await tpm.openAttestationKey(under)
    await tpm.openAttestationKey({ endorsementKey: rsa, saved: root.saved })
  })

  test('are refused where another key took the persistent handle', async () => {
    const persistentHandle = 0x8100_8f02
    let tpm = await open()
    const wanted = { endorsementKey: await keyOf(tpm, 'L-2'), persistentHandle }
    const { saved } = await tpm.openAttestationKey(wanted)
    await byTools(() => {
      tools.run('evictcontrol', '-C', 'o', '-c', '0x81008f02')
      tools.run('createprimary', '-C', 'o', '-G', 'ecc', '-c', 'other')
      tools.run('evictcontrol', '-C', 'o', '-c', 'other', '0x81008f02')
    })
    tpm = await open()
    const { endorsementKey } = wanted
    await expect(tpm.openAttestationKey({ endorsementKey, saved })).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'the saved key' }),
    )
    await expect(tpm.openAttestationKey(wanted)).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'handle 0x81008f02' }),
    )
  })
})

describe('the storage root key', () => {
  const attributes = objectAttributes(
    ...(['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'userWithAuth', 'noDA'] as const),
    ...(['restricted', 'decrypt'] as const),
  )
  const names = 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'

  /** Makes a primary key of the owner persistent where the storage root key has to be. */
  const provision = (algorithm: string, ...more: readonly string[]): Promise<void> =>
    byTools(() => {
      tools.run('createprimary', '-C', 'o', '-G', algorithm, '-c', 'root', ...more)
      tools.run('evictcontrol', '-C', 'o', '-c', 'root', '0x81000001')
      tools.run('flushcontext', '-t')
      tools.run('readpublic', '-c', '0x81000001', '-o', 'root.pub')
    })
  const provisioned = (): TpmtPublic => decode(tpm2bPublic, tools.read('root.pub'))

  /** The name of the parent that new keys get, which their saved form has after both halves. */
  async function parentOfNewKey(): Promise<Uint8Array> {
    const key = await (await open()).openSigningKey()
    const at = Buffer.from(key.saved).indexOf(Buffer.from(key.publicArea)) + key.publicArea.length + 2
    return key.saved.slice(at, at + 34)
  }

  test.each(['rsa2048:aes128cfb', 'ecc256:aes128cfb'])(
    'that is provisioned (%s) is used',
    async (algorithm) => {
      await provision(algorithm, '-a', names)
      expect(provisioned().objectAttributes).toEqual(attributes)
      expect(await parentOfNewKey()).toEqual(computeName(provisioned()))
    },
  )

  test('that is something else is passed over', async () => {
    await provision('ecc256:aes256cfb', '-a', names)
    expect(await parentOfNewKey()).not.toEqual(computeName(provisioned()))
  })

  test('that nobody provisioned is the one that everyone makes', async () => {
    const made = await parentOfNewKey()
    await byTools(() => {
      // Two coordinates of zeros, of the curve's width, as the machine has them in memory: 128 bytes of room each.
      const zeros = Uint8Array.of(32, 0, ...new Uint8Array(128))
      tools.write('unique', Uint8Array.of(...zeros, ...zeros))
      tools.run(
        'createprimary',
        '-C',
        'o',
        '-G',
        'ecc256:aes128cfb',
        '-a',
        names,
        '-u',
        'unique',
        '-c',
        'root',
      )
      tools.run('flushcontext', '-t')
      tools.run('readpublic', '-c', 'root', '-o', 'root.pub')
    })
    expect(made).toEqual(computeName(provisioned()))
    const template = srkTemplates['ecc-p256']
    expect(encode(tpmtPublic, template)).toHaveLength(encode(tpmtPublic, provisioned()).length)
  })
})

describe('a TPM that is cleared while it is in use', () => {
  const lastingTpm = async (): Promise<{
    tpm: Tpm
    reconnect: () => Promise<void>
    pause: () => Promise<void>
  }> => {
    let inner = await connectSwtpmTcp({ port: peer.tcpPort })
    const tpm = await openTpm({
      transport: {
        transmit: (command, options) => inner.transmit(command, options),
        close: () => inner.close(),
      },
    })
    opened.push(tpm)
    return {
      tpm,
      pause: () => inner.close(),
      reconnect: async () => {
        inner = await connectSwtpmTcp({ port: peer.tcpPort })
      },
    }
  }

  test('of a persistent endorsement key alone makes it again', async () => {
    const { tpm, pause, reconnect } = await lastingTpm()
    const endorsementKey = await keyOf(tpm, 'L-1')
    const { saved } = await tpm.openAttestationKey({ endorsementKey, kind: 'ecc-p256' })
    await pause()
    tools.run('evictcontrol', '-C', 'o', '-c', '0x81010001')
    tools.flush()
    await reconnect()
    await expect(tpm.openAttestationKey({ endorsementKey, saved })).rejects.toThrow(codeOf('TPM_RESPONSE'))
    const key = await tpm.openAttestationKey({ endorsementKey, saved })
    await key.quote(new Uint8Array(8), selection)
  })

  test.each([
    ['of its owner', ['clear', '-c', 'p']],
    ['of its endorsement seed', ['changeeps']],
  ])('%s says that its keys are gone, and makes others', async (_what, [tool, ...args]) => {
    const { tpm, pause, reconnect } = await lastingTpm()
    const endorsementKey = await keyOf(tpm, 'L-2')
    const parent = tool === 'clear' ? 'storage-root-key' : endorsementKey
    const key = await tpm.openSigningKey({ parent })
    await pause()
    tools.run(tool as string, ...args)
    tools.flush()
    await reconnect()
    const digest = new Uint8Array(32)
    await expect(key.sign(digest)).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^TPM_(RESPONSE|NOT_AVAILABLE)$/) }),
    )
    const fresh = await keyOf(tpm, 'L-2')
    const next = await tpm.openSigningKey({ parent: parent === 'storage-root-key' ? parent : fresh })
    await next.sign(digest)
    await expect(
      tpm.openSigningKey({ parent: parent === 'storage-root-key' ? parent : fresh, saved: key.saved }),
    ).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^TPM_(RESPONSE|NOT_AVAILABLE)$/) }),
    )
  })
})
