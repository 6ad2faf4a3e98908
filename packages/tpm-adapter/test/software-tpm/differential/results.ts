import { decode, encode } from '@trusthold/core/codec'
import {
  computeName,
  computeQualifiedName,
  ekTemplates,
  hierarchyName,
  permanentHandles,
  type TpmtPublic,
  tpm2bCreationData,
  tpm2bPublic,
  tpmsAttest,
} from '@trusthold/core/tpm2'
import { Answer, bare, command, hex, nothing, password, sized, u8, u16, u32 } from './bytes.js'
import type { Send } from './scenarios.js'
import * as stage from './scenarios.js'

const [owner, none] = [0x4000_0001, 0x4000_0007]
const { keys, index } = stage
const somePcrs = hex('00000002 000b 03 0102ff 0004 03 000080')

/** Something that both TPMs have to compute alike, from the TPM's answers. */
export interface Result {
  readonly name: string
  build(send: Send): Promise<readonly string[]>
}

/** TPM_RC_RETRY. */
const retry = '00000922'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bodyOf = (response: Uint8Array): string => text(response.subarray(6))

/** What a public area says beside the key. */
function withoutKey(area: TpmtPublic): string {
  return JSON.stringify({ ...area, unique: undefined }, (_, value: unknown) =>
    value instanceof Uint8Array ? text(value) : value,
  )
}

/** Digests of a trial session after each step. */
async function policy(
  send: Send,
  hash: number,
  ...steps: readonly ((at: number) => Uint8Array)[]
): Promise<string[]> {
  const started = await send(
    command('TPM2_StartAuthSession', {
      handles: [none, none],
      parameters: [sized(new Uint8Array(16)), nothing, u8(3), hex('0010'), u16(hash)],
    }),
  )
  const { handle } = new Answer(started, { sessions: false, handle: true })
  const digests: string[] = []
  for (const step of steps) {
    new Answer(await send(step(handle)), { sessions: false })
    digests.push(bodyOf(await send(command('TPM2_PolicyGetDigest', { handles: [handle] }))))
  }
  await send(stage.flush(handle))
  return digests
}

const simple =
  (name: Parameters<typeof command>[0], ...parameters: readonly Uint8Array[]) =>
  (at: number) =>
    command(name, { handles: [at], parameters })

const digest = new Uint8Array(32).fill(0x3c)

const policySteps: readonly ((at: number) => Uint8Array)[] = [
  simple('TPM2_PolicyPCR', nothing, somePcrs),
  simple('TPM2_PolicyPCR', sized(digest), somePcrs),
  (at) =>
    command('TPM2_PolicySecret', {
      handles: [owner, at],
      sessions: [password()],
      parameters: [nothing, nothing, sized(hex('0102')), u32(0)],
    }),
  simple('TPM2_PolicyAuthValue'),
  simple('TPM2_PolicyPassword'),
  simple('TPM2_PolicyLocality', u8(3)),
  simple('TPM2_PolicyNvWritten', u8(1)),
  simple('TPM2_PolicyCommandCode', u32(0x15e)),
  simple(
    'TPM2_PolicyAuthorize',
    sized(digest),
    sized(hex('03')),
    sized(u16(0x0b), digest),
    hex('8022 40000007 0000'),
  ),
  simple('TPM2_PolicyOR', u32(2), sized(digest), sized(digest)),
  simple('TPM2_PolicyRestart'),
  simple('TPM2_PolicyCpHash', sized(digest)),
]

/** Creates a key with every public template; what comes back beside the key itself. */
async function created(send: Send, area: Uint8Array): Promise<readonly string[]> {
  const response = await send(
    command('TPM2_Create', {
      handles: [keys.storage],
      sessions: [password()],
      parameters: [sized(nothing, nothing), area, sized(hex('0102')), somePcrs],
    }),
  )
  const answer = new Answer(response, { sessions: true })
  answer.sized()
  const made = decode(tpm2bPublic, answer.sized())
  const { parentName, parentQualifiedName, ...data } = decode(tpm2bCreationData, answer.sized())
  const said = JSON.stringify(data, (_, value: unknown) =>
    value instanceof Uint8Array ? text(value) : value,
  )
  return [
    withoutKey(made),
    said,
    `${parentName.length} ${parentQualifiedName.length}`,
    String(response.length),
  ]
}

/** A statement without what is the TPM's own. */
async function stated(response: Uint8Array): Promise<readonly string[]> {
  const answer = new Answer(response, { sessions: true })
  const { qualifiedSigner, clockInfo, firmwareVersion, ...rest } = decode(tpmsAttest, answer.sized().slice(2))
  const hidden = ['name', 'qualifiedName', 'objectName', 'creationHash', 'time', 'firmwareVersion']
  const said = JSON.stringify(rest, (key, value: unknown) =>
    hidden.includes(key) ? 'own' : value instanceof Uint8Array ? text(value) : value,
  )
  return [said, String(qualifiedSigner.length), String(clockInfo.safe), typeof firmwareVersion]
}

const attesting =
  (name: Parameters<typeof command>[0], handles: readonly number[], ...parameters: readonly Uint8Array[]) =>
  async (send: Send): Promise<readonly string[]> =>
    stated(
      await send(command(name, { handles, sessions: handles.slice(0, 2).map(() => password()), parameters })),
    )

const plain = (name: string, ...commands: readonly Uint8Array[]): Result => ({
  name,
  async build(send) {
    const answers: string[] = []
    for (const each of commands) answers.push(bodyOf(await send(each)))
    return answers
  },
})

const extend = (pcr: number, hash: number, length: number, fill: number): Uint8Array =>
  command('TPM2_PCR_Extend', {
    handles: [pcr],
    sessions: [password()],
    parameters: [u32(1), u16(hash), new Uint8Array(length).fill(fill)],
  })
const pcrs = (selection: string): Result => ({
  name: `PCRs ${selection}`,
  async build(send) {
    const response = await send(command('TPM2_PCR_Read', { parameters: [hex(selection)] }))
    // The counter of changes depends on what happened before.
    return [text(response.subarray(14))]
  },
})

/** All of them, in this order: later ones see what earlier ones did. */
export const results: readonly Result[] = [
  ...[0x04, 0x0b, 0x0c, 0x0d].map((hash) =>
    plain(
      `Hash ${hash}`,
      command('TPM2_Hash', { parameters: [sized(hex('616263')), u16(hash), u32(none)] }),
      // What poses as a statement of the TPM gets no ticket.
      command('TPM2_Hash', { parameters: [sized(hex('ff54434701')), u16(hash), u32(owner)] }),
    ),
  ),
  plain(
    'PCR_Reset, PCR_Extend, PCR_Event',
    command('TPM2_PCR_Reset', { handles: [16], sessions: [password()] }),
    extend(16, 0x0b, 32, 1),
    extend(16, 0x0d, 64, 2),
    command('TPM2_PCR_Event', { handles: [16], sessions: [password()], parameters: [sized(hex('0304'))] }),
    command('TPM2_PCR_Event', { handles: [none], sessions: [password()], parameters: [sized(hex('0304'))] }),
    extend(17, 0x0b, 32, 1),
    command('TPM2_PCR_Reset', { handles: [0], sessions: [password()] }),
  ),
  pcrs('00000001 000b 03 ffffff'),
  pcrs('00000002 0004 03 0000ff 000c 03 ff0000'),
  pcrs('00000001 000d 03 ffffff'),
  pcrs('00000001 000b 03 000103'),
  ...[0x04, 0x0b, 0x0c, 0x0d].map((hash) => ({
    name: `policies by hash ${hash}`,
    build: (send: Send) =>
      policy(send, hash, ...policySteps.filter((step) => hash === 0x0b || step !== policySteps.at(-1))),
  })),
  plain('NV_ReadPublic', command('TPM2_NV_ReadPublic', { handles: [index] })),
  plain(
    'NV_Read',
    command('TPM2_NV_Read', {
      handles: [owner, index],
      sessions: [password()],
      parameters: [u16(32), u16(0)],
    }),
  ),
  ...Object.entries(stage)
    .filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array)
    .filter(([name]) => name !== 'sealedData')
    .map(([name, area]) => ({ name: `Create ${name}`, build: (send: Send) => created(send, area) })),
  {
    name: 'Quote',
    build: attesting('TPM2_Quote', [keys.signing], sized(hex('abcd')), hex('0010'), somePcrs),
  },
  plain(
    'Quote by nobody',
    command('TPM2_Quote', {
      handles: [none],
      sessions: [password()],
      parameters: [nothing, hex('0010'), somePcrs],
    }),
  ),
  { name: 'Certify by nobody', build: attesting('TPM2_Certify', [keys.signing, none], nothing, hex('0010')) },
  {
    name: 'Certify',
    build: attesting('TPM2_Certify', [keys.signing, keys.signing], sized(hex('abcd')), hex('0010')),
  },
  {
    name: 'NV_Certify',
    build: attesting('TPM2_NV_Certify', [keys.signing, owner, index], nothing, hex('0010'), u16(8), u16(2)),
  },
  {
    name: 'the digest of an NV index',
    build: attesting('TPM2_NV_Certify', [keys.signing, owner, index], nothing, hex('0010'), u16(0), u16(0)),
  },
  {
    name: 'names, recomputed',
    async build(send) {
      const storage = new Answer(await send(command('TPM2_ReadPublic', { handles: [keys.storage] })), {
        sessions: false,
      })
      const parentArea = storage.sized().slice(2)
      const parent = computeQualifiedName(hierarchyName('owner'), computeName(parentArea))
      const child = new Answer(await send(command('TPM2_ReadPublic', { handles: [keys.signing] })), {
        sessions: false,
      })
      const area = child.sized().slice(2)
      const [name, qualified] = [child.sized().slice(2), child.sized().slice(2)]
      const expected = [computeName(area), computeQualifiedName(parent, computeName(area))]
      return [
        String(text(name) === text(expected[0] as Uint8Array)),
        String(text(qualified) === text(expected[1] as Uint8Array)),
      ]
    },
  },
  {
    name: 'an object from outside',
    async build(send) {
      const area = sized(u16(0x08), u16(0x0b), u32(0x0004_0040), nothing, hex('0005 000b'), sized(digest))
      const loaded = await send(command('TPM2_LoadExternal', { parameters: [nothing, area, u32(owner)] }))
      const { handle } = new Answer(loaded, { sessions: false, handle: true })
      const read = await send(command('TPM2_ReadPublic', { handles: [handle] }))
      await send(stage.flush(handle))
      return [text(loaded.subarray(14)), bodyOf(read)]
    },
  },
  {
    name: 'a policy that expires, and one for a command',
    async build(send) {
      const started = await send(
        command('TPM2_StartAuthSession', {
          handles: [none, none],
          parameters: [sized(new Uint8Array(16)), nothing, u8(1), hex('0010'), u16(0x0b)],
        }),
      )
      const { handle } = new Answer(started, { sessions: false, handle: true })
      const secret = (expiration: number): Uint8Array =>
        command('TPM2_PolicySecret', {
          handles: [owner, handle],
          sessions: [password()],
          parameters: [nothing, nothing, nothing, u32(expiration)],
        })
      const duplicate = command('TPM2_Duplicate', {
        handles: [keys.movable, none],
        sessions: [bare(handle)],
        parameters: [nothing, hex('0010')],
      })
      const codes = [bodyOf(await send(secret(0))), bodyOf(await send(duplicate)).slice(0, 8)]
      await send(simple('TPM2_PolicyRestart')(handle))
      await send(simple('TPM2_PolicyCommandCode', u32(0x14b))(handle))
      // Now it is allowed; a second use is not, as the session starts anew.
      codes.push(bodyOf(await send(duplicate)).slice(0, 8), bodyOf(await send(duplicate)).slice(0, 8))
      await send(simple('TPM2_PolicyCommandCode', u32(0x15e))(handle))
      codes.push(
        bodyOf(await send(simple('TPM2_PolicyCommandCode', u32(0x14b))(handle))),
        bodyOf(await send(duplicate)),
      )
      await send(stage.flush(handle))
      return codes
    },
  },
  {
    name: 'slots that are full',
    async build(send) {
      const codes: string[] = []
      const handles: number[] = []
      const load = command('TPM2_HashSequenceStart', { parameters: [nothing, u16(0x0b)] })
      for (let i = 0; i < 4; i++) {
        const response = await send(load)
        codes.push(bodyOf(response))
        if (codes.at(-1)?.startsWith('00000000')) handles.push(Buffer.from(response).readUInt32BE(10))
      }
      for (const handle of handles) codes.push(bodyOf(await send(stage.flush(handle))))
      codes.push(bodyOf(await send(stage.flush(handles[0] as number))))
      return codes
    },
  },
  {
    name: 'sequences',
    async build(send) {
      const started = await send(command('TPM2_HashSequenceStart', { parameters: [nothing, u16(0x0b)] }))
      const { handle } = new Answer(started, { sessions: false, handle: true })
      const answers: string[] = []
      const use = (name: 'TPM2_SequenceUpdate' | 'TPM2_SequenceComplete', ...more: readonly Uint8Array[]) =>
        command(name, {
          handles: [handle],
          sessions: [password()],
          parameters: [sized(hex('616263')), ...more],
        })
      answers.push(bodyOf(await send(use('TPM2_SequenceUpdate'))))
      answers.push(bodyOf(await send(command('TPM2_ReadPublic', { handles: [handle] }))))
      answers.push(bodyOf(await send(command('TPM2_Unseal', { handles: [handle], sessions: [password()] }))))
      answers.push(bodyOf(await send(use('TPM2_SequenceComplete', u32(none)))))
      answers.push(bodyOf(await send(use('TPM2_SequenceUpdate'))))
      return answers
    },
  },
  {
    name: 'a key and an index that no password is for',
    async build(send) {
      const template = ekTemplates['L-2'].publicArea
      const made = await send(
        command('TPM2_CreatePrimary', {
          handles: [permanentHandles.endorsement],
          sessions: [password()],
          parameters: [sized(nothing, nothing), encode(tpm2bPublic, template), nothing, u32(0)],
        }),
      )
      const { handle } = new Answer(made, { sessions: true, handle: true })
      const create = command('TPM2_Create', {
        handles: [handle],
        sessions: [password()],
        parameters: [sized(nothing, nothing), stage.eccSigning, nothing, u32(0)],
      })
      const at = 0x0150_0099
      const onIndex = (name: 'TPM2_NV_Read' | 'TPM2_NV_Write', auth: number, first: Uint8Array): Uint8Array =>
        command(name, { handles: [auth, at], sessions: [password()], parameters: [first, u16(0)] })
      const commands = [
        create,
        stage.flush(handle),
        // ownerwrite, ownerread
        command('TPM2_NV_DefineSpace', {
          handles: [owner],
          sessions: [password()],
          parameters: [nothing, sized(u32(at), u16(0x0b), u32(0x0202_0002), nothing, u16(2))],
        }),
        onIndex('TPM2_NV_Read', owner, u16(2)),
        onIndex('TPM2_NV_Write', at, sized(hex('0102'))),
        onIndex('TPM2_NV_Write', owner, sized(hex('0102'))),
        onIndex('TPM2_NV_Read', at, u16(2)),
        onIndex('TPM2_NV_Read', permanentHandles.platform, u16(2)),
        onIndex('TPM2_NV_Write', permanentHandles.platform, sized(hex('0102'))),
        onIndex('TPM2_NV_Read', owner, u16(2)),
        command('TPM2_NV_UndefineSpace', { handles: [owner, at], sessions: [password()] }),
      ]
      const codes: string[] = []
      for (const each of commands) {
        const code = bodyOf(await send(each)).slice(0, 8)
        // libtpms notes the first use of what is protected against guessing, and asks for the command again.
        codes.push(code === retry ? bodyOf(await send(each)).slice(0, 8) : code)
      }
      return codes
    },
  },
]
