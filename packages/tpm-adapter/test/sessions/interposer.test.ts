import { encode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import {
  computeName,
  permanentHandles,
  srkTemplates,
  type TpmtPublic,
  tpm2bName,
  tpm2bPublic,
} from '@trusthold/core/tpm2'
import { beforeAll, describe, expect, test } from 'vitest'
import { createPrimary, flushContext, getRandom, passwordSession, unseal } from '../../src/commands/index.js'
import { encryptParameters, openSession } from '../../src/sessions/index.js'
import { codeOf } from '../code-of.js'
import { useLiveTpm } from '../live-tpm.js'
import { plain, withSealed } from './sealed.js'

const tpm = useLiveTpm()
const salt = () => ({ handle: tpm.srk.handle, expected: tpm.srk.name })

/** A key that whoever sits on the bus has. */
let foreign: TpmtPublic
beforeAll(async () => {
  const key = await createPrimary(tpm.runner, {
    hierarchy: permanentHandles.null,
    session: passwordSession(),
    template: srkTemplates['ecc-p256'],
  })
  await flushContext(tpm.runner, key.handle)
  foreign = key.publicArea
})

const commandCodeOf = (command: Uint8Array): number =>
  new DataView(command.buffer, command.byteOffset).getUint32(6)
const unsealCode = 0x15e

/** What became of unsealing when the response was changed: the code of an error, or what was returned. */
async function unsealTampered(change: (response: Uint8Array) => Uint8Array): Promise<string> {
  return await withSealed(tpm, {}, async (item) => {
    await using session = await openSession(tpm.runner, { salt: salt() })
    tpm.tamper = (response, command) => (commandCodeOf(command) === unsealCode ? change(response) : response)
    try {
      return Buffer.from(await unseal(tpm.runner, { item, session })).toString()
    } catch (error) {
      const code = isTrustholdError(error) ? error.code : String(error)
      tpm.tamper = undefined
      if (code !== 'TPM_RESPONSE' && code !== 'TPM_NOT_STARTED') {
        await expect(unseal(tpm.runner, { item, session })).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE'))
      }
      return code
    } finally {
      tpm.tamper = undefined
    }
  })
}

/** Where a response of TPM2_Unseal with one session has what. */
function partsOf(
  length: number,
): readonly (readonly [name: string, from: number, to: number, codes: string[]])[] {
  const parameters = 16 + plain.length
  const malformed = ['TPM_RESPONSE_MALFORMED']
  const either = ['TPM_RESPONSE_MALFORMED', 'TPM_RESPONSE_FORGED']
  return [
    ['the tag', 0, 2, malformed],
    ['the size', 2, 6, malformed],
    ['the response code', 6, 10, ['TPM_RESPONSE', 'TPM_NOT_STARTED']],
    ['the size of the parameters', 10, 14, either],
    ['the parameter', 14, parameters, ['TPM_RESPONSE_FORGED']],
    ["the nonce's size", parameters, parameters + 2, either],
    ['the nonce', parameters + 2, parameters + 34, ['TPM_RESPONSE_FORGED']],
    ['the attributes', parameters + 34, parameters + 35, ['TPM_RESPONSE_FORGED']],
    ["the HMAC's size", parameters + 35, parameters + 37, either],
    ['the HMAC', parameters + 37, length, ['TPM_RESPONSE_FORGED']],
  ]
}

describe('someone on the bus who changes a response', () => {
  const length = 16 + plain.length + 2 + 32 + 1 + 2 + 32

  test('changes nothing, and it opens', async () => {
    const lengths: number[] = []
    const result = await unsealTampered((response) => {
      lengths.push(response.length)
      return response
    })
    expect(result).toBe(Buffer.from(plain).toString())
    expect(lengths).toEqual([length])
  })

  test.each(partsOf(length))('in %s is noticed, at every byte', async (_name, from, to, codes) => {
    for (let at = from; at < to; at++) {
      for (const bit of [0x01, 0x80]) {
        const changed = await unsealTampered((response) =>
          response.map((byte, i) => (i === at ? byte ^ bit : byte)),
        )
        expect(codes, `byte ${at}, bit 0x${bit.toString(16)}`).toContain(changed)
      }
    }
  })

  test.each<[string, (response: Uint8Array) => Uint8Array]>([
    ['cut short', (response) => response.slice(0, -1)],
    ['cut short with its size', (response) => resized(response.slice(0, -1))],
    ['longer', (response) => Uint8Array.of(...response, 0)],
    ['longer with its size', (response) => resized(Uint8Array.of(...response, 0))],
    ['without its session', (response) => resized(response.slice(0, 16 + plain.length))],
    [
      'of a command without sessions',
      (response) =>
        resized(
          Uint8Array.of(0x80, 0x01, ...response.slice(2, 10), ...response.slice(14, 16 + plain.length)),
        ),
    ],
    [
      'with the session twice',
      (response) => resized(Uint8Array.of(...response, ...response.slice(16 + plain.length))),
    ],
    ['empty', () => new Uint8Array()],
  ])('so that it is %s is noticed', async (_what, change) => {
    expect(await unsealTampered(change)).toBe('TPM_RESPONSE_MALFORMED')
  })

  test('for an earlier one is noticed', async () => {
    await withSealed(tpm, {}, async (item) => {
      await using session = await openSession(tpm.runner, { salt: salt() })
      await unseal(tpm.runner, { item, session })
      const earlier = tpm.traffic.at(-1)?.response as Uint8Array
      tpm.tamper = (response, command) => (commandCodeOf(command) === unsealCode ? earlier : response)
      await expect(unseal(tpm.runner, { item, session })).rejects.toThrow(
        codeOf('TPM_RESPONSE_FORGED', { command: 'TPM2_Unseal', session: 1 }),
      )
    })
  })

  test('of a command that the session only encrypts is noticed', async () => {
    await using session = await openSession(tpm.runner, { salt: salt() })
    tpm.tamper = (response) => response.map((byte, i) => (i === 20 ? byte ^ 1 : byte))
    await expect(getRandom(encryptParameters(tpm.runner, session), 16)).rejects.toThrow(
      codeOf('TPM_RESPONSE_FORGED', { command: 'TPM2_GetRandom', session: 1 }),
    )
    tpm.tamper = undefined
  })

  test('that brings a key has the key flushed', async () => {
    await using session = await openSession(tpm.runner, { salt: salt() })
    tpm.tamper = (response, command) =>
      commandCodeOf(command) === 0x131 ? response.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) : response
    const making = createPrimary(encryptParameters(tpm.runner, session), {
      hierarchy: permanentHandles.owner,
      session: passwordSession(),
      template: srkTemplates['ecc-p256'],
    })
    await expect(making).rejects.toThrow(codeOf('TPM_RESPONSE_FORGED', { session: 2 }))
  })
})

function resized(response: Uint8Array): Uint8Array {
  new DataView(response.buffer, response.byteOffset).setUint32(2, response.length)
  return response
}

describe('someone on the bus who shows a key of their own', () => {
  const shown = (publicArea: TpmtPublic): Uint8Array => {
    const name = encode(tpm2bName, computeName(publicArea))
    return resized(
      Uint8Array.of(0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, ...encode(tpm2bPublic, publicArea), ...name, ...name),
    )
  }

  test('to be salted to is refused by name', async () => {
    tpm.tamper = (response, command) => (commandCodeOf(command) === 0x173 ? shown(foreign) : response)
    await expect(openSession(tpm.runner, { salt: salt() })).rejects.toThrow(
      codeOf('TPM_KEY_INVALID', { path: 'name' }),
    )
    expect(tpm.traffic.map(({ command }) => commandCodeOf(command))).toEqual([0x173])
  })

  test('with the name of the expected one is refused', async () => {
    tpm.tamper = (response, command) => {
      if (commandCodeOf(command) !== 0x173) return response
      const name = encode(tpm2bName, tpm.srk.name)
      const body = [...encode(tpm2bPublic, foreign), ...name, ...name]
      return resized(Uint8Array.of(0x80, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, ...body))
    }
    await expect(openSession(tpm.runner, { salt: salt() })).rejects.toThrow(
      codeOf('TPM_RESPONSE_MALFORMED', { command: 'TPM2_ReadPublic' }),
    )
  })

  test('is not asked when the public area is known', async () => {
    await using session = await openSession(tpm.runner, { salt: { ...salt(), expected: tpm.srk.publicArea } })
    expect(session.handle >>> 24).toBe(0x02)
    expect(tpm.traffic.map(({ command }) => commandCodeOf(command))).toEqual([0x176])
  })

  test('a TPM with another key than the expected one cannot answer', async () => {
    await withSealed(tpm, {}, async (item) => {
      await using session = await openSession(tpm.runner, {
        salt: { handle: tpm.srk.handle, expected: foreign },
      })
      await expect(unseal(tpm.runner, { item, session })).rejects.toThrow(
        codeOf('TPM_RESPONSE', { subject: 'session', index: 1 }),
      )
    })
  })
})
