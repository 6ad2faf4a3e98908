import { Answer, command, hex, nothing, password, sized, u16, u32 } from './bytes.js'
import type { Result } from './results.js'
import { eccStorage, flush, keys, type Send } from './scenarios.js'

const [owner, none, platform] = [0x4000_0001, 0x4000_0007, 0x4000_000c]

async function primary(send: Send, hierarchy: number): Promise<number> {
  const parameters = [sized(nothing, nothing), eccStorage, nothing, u32(0)]
  const made = await send(
    command('TPM2_CreatePrimary', { handles: [hierarchy], sessions: [password()], parameters }),
  )
  return new Answer(made, { sessions: true, handle: true }).handle
}

async function external(send: Send): Promise<number> {
  const area = sized(
    ...[u16(0x08), u16(0x0b), u32(0x0004_0040), nothing, hex('0005 000b'), sized(new Uint8Array(32))],
  )
  const loaded = await send(command('TPM2_LoadExternal', { parameters: [nothing, area, u32(owner)] }))
  return new Answer(loaded, { sessions: false, handle: true }).handle
}

const evict = (auth: number, object: number, handle: number): Uint8Array =>
  command('TPM2_EvictControl', { handles: [auth, object], sessions: [password()], parameters: [u32(handle)] })

/** What may stay in the TPM, where, and who decides. */
export const persistence: readonly Result[] = [
  {
    name: 'persistent objects',
    async build(send) {
      const makers = [
        () => primary(send, owner),
        () => primary(send, none),
        () => primary(send, platform),
        () => external(send),
      ]
      const codes: string[] = []
      for (const make of makers) {
        const object = await make()
        for (const auth of [owner, platform]) {
          for (const handle of [0x8100_0777, 0x8180_0777, keys.sealed]) {
            const response = await send(evict(auth, object, handle))
            codes.push(Buffer.from(response.subarray(6, 10)).toString('hex'))
            const removed = [owner, platform].map((by) => evict(by, handle, handle))
            if (handle === keys.sealed || codes.at(-1) !== '00000000') continue
            for (const each of removed) {
              codes.push(Buffer.from((await send(each)).subarray(6, 10)).toString('hex'))
            }
          }
        }
        await send(flush(object))
      }
      for (const handle of [0x0200_0011, 0x0300_0011, 0x8000_0001]) {
        codes.push(Buffer.from((await send(flush(handle))).subarray(6, 10)).toString('hex'))
      }
      return codes
    },
  },
]
