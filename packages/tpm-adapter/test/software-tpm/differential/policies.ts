import { commandCodes, computeCpHash, computeName, digestOf } from '@trusthold/core/tpm2'
import { Answer, bare, command, hex, join, nothing, password, sized, u8, u16, u32 } from './bytes.js'
import type { Result } from './results.js'
import { eccSigning, flush, keys, type Send } from './scenarios.js'

const [owner, none] = [0x4000_0001, 0x4000_0007]

/** A step of a policy, for a session. */
type Step = (session: number) => Uint8Array

const step =
  (name: Parameters<typeof command>[0], ...parameters: readonly Uint8Array[]): Step =>
  (session) =>
    command(name, { handles: [session], parameters })
const secret =
  (cpHash = nothing): Step =>
  (session) =>
    command('TPM2_PolicySecret', {
      handles: [owner, session],
      sessions: [password()],
      parameters: [nothing, cpHash, nothing, u32(0)],
    })
const codeFor = (name: keyof typeof commandCodes): Step =>
  step('TPM2_PolicyCommandCode', u32(commandCodes[name]))
const anyOf = (...digests: readonly Uint8Array[]): Step =>
  step('TPM2_PolicyOR', u32(digests.length), ...digests.map((digest) => sized(digest)))
const noPcrs = u32(0)
const debugPcr = hex('00000001 000b 03 000001')

async function start(send: Send, type: number): Promise<number> {
  const parameters = [sized(new Uint8Array(16)), nothing, u8(type), hex('0010'), u16(0x0b)]
  const started = await send(command('TPM2_StartAuthSession', { handles: [none, none], parameters }))
  return new Answer(started, { sessions: false, handle: true }).handle
}

async function follow(send: Send, session: number, steps: readonly Step[]): Promise<void> {
  for (const each of steps) new Answer(await send(each(session)), { sessions: false })
}

/** Digest of a policy, from a trial session. */
async function digestAfter(send: Send, ...steps: readonly Step[]): Promise<Uint8Array> {
  const session = await start(send, 3)
  await follow(send, session, steps)
  const answer = new Answer(await send(step('TPM2_PolicyGetDigest')(session)), { sessions: false })
  await send(flush(session))
  return answer.sized().slice(2)
}

async function withSession<T>(
  send: Send,
  steps: readonly Step[],
  work: (session: number) => Promise<T>,
): Promise<T> {
  const session = await start(send, 1)
  try {
    await follow(send, session, steps)
    return await work(session)
  } finally {
    await send(flush(session))
  }
}

const codeOf = (response: Uint8Array): string => Buffer.from(response.subarray(6, 10)).toString('hex')

/** Sealed data under a policy, loaded. */
async function seal(
  send: Send,
  policy: Uint8Array,
  auth = nothing,
): Promise<{ handle: number; name: Uint8Array }> {
  const area = sized(u16(0x08), u16(0x0b), u32(0x0000_0412), sized(policy), hex('0010'), nothing)
  const created = new Answer(
    await send(
      command('TPM2_Create', {
        handles: [keys.storage],
        sessions: [password()],
        parameters: [sized(auth, sized(hex('5ea1'))), area, nothing, noPcrs],
      }),
    ),
    { sessions: true },
  )
  const [privateArea, publicArea] = [created.sized(), created.sized()]
  const parameters = [privateArea, publicArea]
  const loaded = await send(
    command('TPM2_Load', { handles: [keys.storage], sessions: [password()], parameters }),
  )
  const { handle } = new Answer(loaded, { sessions: true, handle: true })
  return { handle, name: computeName(publicArea.slice(2)) }
}

const unseal = (handle: number, authorization: Uint8Array): Uint8Array =>
  command('TPM2_Unseal', { handles: [handle], sessions: [authorization] })
const withPassword = (session: number, value: string): Uint8Array =>
  join(u32(session), nothing, u8(1), sized(hex(value)))

/** A policy under which data is sealed, and ways to open it. */
function opening(
  name: string,
  policy: (send: Send) => Promise<Uint8Array>,
  attempts: (
    send: Send,
    sealed: { handle: number; name: Uint8Array },
  ) => Promise<readonly (readonly Step[])[]>,
): Result {
  return {
    name,
    async build(send) {
      const sealed = await seal(send, await policy(send))
      const codes: string[] = []
      for (const steps of await attempts(send, sealed)) {
        codes.push(
          await withSession(send, steps, async (session) =>
            codeOf(await send(unseal(sealed.handle, bare(session)))),
          ),
        )
      }
      await send(flush(sealed.handle))
      return codes
    },
  }
}

const locality = (mask: number): Step => step('TPM2_PolicyLocality', u8(mask))

async function branches(send: Send): Promise<readonly Uint8Array[]> {
  return [
    await digestAfter(send, codeFor('TPM2_Unseal')),
    await digestAfter(send, codeFor('TPM2_Duplicate')),
    await digestAfter(send, locality(0x08)),
    await digestAfter(send, locality(0x09)),
  ]
}

const defineWritten = (policy: Uint8Array): Uint8Array =>
  command('TPM2_NV_DefineSpace', {
    handles: [owner],
    sessions: [password()],
    // policywrite, ownerread
    parameters: [nothing, sized(u32(0x0150_0055), u16(0x0b), u32(0x0202_0008), sized(policy), u16(2))],
  })
const writeBy = (session: number): Uint8Array =>
  command('TPM2_NV_Write', {
    handles: [0x0150_0055, 0x0150_0055],
    sessions: [bare(session)],
    parameters: [sized(hex('0102')), u16(0)],
  })

/** Policies that are met, and that are not, in every way there is. */
export const policies: readonly Result[] = [
  opening(
    'commands and localities that a branch allows',
    async (send) => digestAfter(send, anyOf(...(await branches(send)))),
    async (send) => {
      const either = anyOf(...(await branches(send)))
      return [
        [codeFor('TPM2_Unseal'), either],
        [codeFor('TPM2_Duplicate'), either],
        [locality(0x08), either],
        [locality(0x09), either],
        [],
      ]
    },
  ),
  opening(
    'one command with these parameters',
    (send) => digestAfter(send, secret()),
    async (_send, { name }) => {
      const right = computeCpHash('sha256', {
        command: 'TPM2_Unseal',
        names: [name],
        parameters: new Uint8Array(),
      })
      return [[secret(sized(right))], [secret(sized(new Uint8Array(32)))], [secret()]]
    },
  ),
  {
    name: 'PCRs that change in between',
    async build(send) {
      const pcr = step('TPM2_PolicyPCR', nothing, debugPcr)
      const { handle } = await seal(send, await digestAfter(send, pcr))
      const extend = (which: number): Uint8Array =>
        command('TPM2_PCR_Extend', {
          handles: [which],
          sessions: [password()],
          parameters: [u32(1), u16(0x0b), new Uint8Array(32)],
        })
      const codes: string[] = []
      for (const changed of [[], [extend(23)], [extend(10)]]) {
        codes.push(
          await withSession(send, [pcr], async (session) => {
            for (const each of changed) await send(each)
            return codeOf(await send(unseal(handle, bare(session))))
          }),
        )
      }
      await send(flush(handle))
      return codes
    },
  },
  {
    name: 'a password beside the policy',
    async build(send) {
      const policy = await digestAfter(send, step('TPM2_PolicyPassword'))
      const { handle } = await seal(send, policy, sized(hex('c0de')))
      const codes: string[] = []
      for (const [how, given] of [
        ['TPM2_PolicyPassword', 'c0de'],
        ['TPM2_PolicyPassword', 'c0de00'],
        ['TPM2_PolicyPassword', 'c0df'],
        ['TPM2_PolicyAuthValue', 'c0de'],
      ] as const) {
        await withSession(send, [step(how)], async (session) => {
          const response = await send(unseal(handle, withPassword(session, given)))
          codes.push(codeOf(response), String(response.length))
        })
      }
      await send(flush(handle))
      return codes
    },
  },
  {
    name: 'an index that is written once',
    async build(send) {
      const unwritten = step('TPM2_PolicyNvWritten', u8(0))
      const codes = [codeOf(await send(defineWritten(await digestAfter(send, unwritten))))]
      for (let i = 0; i < 2; i++) {
        codes.push(
          await withSession(send, [unwritten], async (session) => codeOf(await send(writeBy(session)))),
        )
      }
      codes.push(
        codeOf(
          await send(
            command('TPM2_NV_UndefineSpace', { handles: [owner, 0x0150_0055], sessions: [password()] }),
          ),
        ),
      )
      return codes
    },
  },
  {
    name: 'a duplicate for one parent',
    async build(send) {
      const read = new Answer(await send(command('TPM2_ReadPublic', { handles: [keys.storage] })), {
        sessions: false,
      })
      const parentName = computeName(read.sized().slice(2))
      const select = step('TPM2_PolicyDuplicationSelect', nothing, sized(parentName), u8(0))
      const policy = await digestAfter(send, select)
      const area = sized(...[u16(0x08), u16(0x0b), u32(0x0000_0400), sized(policy), hex('0010'), nothing])
      const created = new Answer(
        await send(
          command('TPM2_Create', {
            handles: [keys.storage],
            sessions: [password()],
            parameters: [sized(nothing, sized(hex('01'))), area, nothing, noPcrs],
          }),
        ),
        { sessions: true },
      )
      const parameters = [created.sized(), created.sized()]
      const loaded = await send(
        command('TPM2_Load', { handles: [keys.storage], sessions: [password()], parameters }),
      )
      const { handle } = new Answer(loaded, { sessions: true, handle: true })
      const name = computeName((parameters[1] as Uint8Array).slice(2))
      const codes: string[] = []
      for (const [selected, parent] of [
        [sized(name), keys.storage],
        [sized(name), none],
        [sized(parentName), keys.storage],
      ] as const) {
        const choose = step('TPM2_PolicyDuplicationSelect', selected, sized(parentName), u8(0))
        await withSession(send, [choose], async (session) => {
          const bytes = command('TPM2_Duplicate', {
            handles: [handle, parent],
            sessions: [bare(session)],
            parameters: [nothing, hex('0006 0080 0043')],
          })
          const response = await send(bytes)
          codes.push(codeOf(response), String(response.length))
        })
      }
      await send(flush(handle))
      return codes
    },
  },
  {
    name: 'a parent for one template',
    async build(send) {
      const right = step('TPM2_PolicyTemplate', sized(digestOf('sha256', eccSigning.slice(2))))
      const policy = await digestAfter(send, right)
      const area = sized(
        ...[
          u16(0x23),
          u16(0x0b),
          u32(0x0003_0432),
          sized(policy),
          hex('0006 0080 0043'),
          hex('0010'),
          u16(3),
        ],
        ...[hex('0010'), nothing, nothing],
      )
      const made = await send(
        command('TPM2_CreatePrimary', {
          handles: [owner],
          sessions: [password()],
          parameters: [sized(nothing, nothing), area, nothing, noPcrs],
        }),
      )
      const { handle } = new Answer(made, { sessions: true, handle: true })
      const codes: string[] = []
      for (const outside of [nothing, sized(hex('01'))]) {
        for (const template of [eccSigning, sized(eccSigning.slice(2, -1), hex('01'), hex('00'))]) {
          const parameters = [sized(nothing, nothing), template, outside, noPcrs]
          await withSession(send, [right], async (session) => {
            const bytes = command('TPM2_Create', { handles: [handle], sessions: [bare(session)], parameters })
            codes.push(codeOf(await send(bytes)))
          })
        }
      }
      await send(flush(handle))
      return codes
    },
  },
]
