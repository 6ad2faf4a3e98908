import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/bytes/index.js'
import { eventTypes, extendPcr, initialValue, parseEventLog } from '../../src/measured-boot/index.js'
import { type BaseImage, BaseImageIndex, captureBaseImage, readBaseImage } from '../../src/policy/index.js'
import { eventLog } from '../../src/testing/index.js'
import { judgedPcrs, recordedHost, recordedImage } from './golden-host.js'

const { EV_IPL } = eventTypes

function indexOf(...images: readonly BaseImage[]): BaseImageIndex {
  const index = new BaseImageIndex()
  for (const image of images) index.add(image)
  return index
}

/** A host that ran these programs, one event each in PCR 8 after a common start, and its image. */
function host(name: string, programs: readonly string[], pcrs: readonly number[] = [7, 8]) {
  const builder = eventLog().specId().separator(7)
  for (const data of programs) builder.event({ pcr: 8, type: EV_IPL, data })
  const { bytes, pcrs: banks } = builder.separator(9).build()
  const log = parseEventLog(bytes)
  const values = banks.get('sha256') ?? new Map<number, Uint8Array>()
  const judged = new Map([...values].filter(([pcr]) => pcrs.includes(pcr)))
  const image = captureBaseImage({ name, log, bank: 'sha256', pcrs: judged })
  return { image, log, state: { bank: 'sha256', values } }
}

function reasonOf(
  index: BaseImageIndex,
  { state, log }: Pick<ReturnType<typeof host>, 'state' | 'log'>,
): string {
  const match = index.match(state, log)
  return match.matched ? 'matched' : match.reason
}

describe('recorded boots', () => {
  const secure = recordedImage('boot-secure')

  test('a host matches its own image, and no other', () => {
    const index = indexOf(secure, recordedImage('boot-insecure'))
    for (const name of ['boot-secure', 'boot-insecure'] as const) {
      const { state, log } = recordedHost(name)
      expect(index.match(state, log)).toMatchObject({ matched: true, image: { name: `image of ${name}` } })
    }
    expect(index.match(recordedHost('boot-debug').state).matched).toBe(false)
  })

  test('a changed command line is refused, naming the PCR and the event', () => {
    const { state, log } = recordedHost('boot-debug')
    const match = indexOf(secure).match(state, log)
    if (match.matched) throw new Error('a changed command line was accepted')
    expect(match.closest).toMatchObject({ name: 'image of boot-secure', pcrs: [8, 9], uncovered: [] })
    // GRUB measures its configuration file, which holds the command line, and then each command before it runs it; the
    // first one with the command line is the menu entry.
    const [file, command] = match.closest?.differences ?? []
    const text = (index: number | undefined) => new TextDecoder().decode(log.events[index ?? 0]?.data)
    expect(text(file?.event)).toContain('/EFI/debian/grub.cfg')
    expect(text(command?.event)).toMatch(/^grub_cmd: menuentry .* ima_policy=tcb debug\n/s)
    expect(match.reason).toContain(
      `PCR 9, event ${file?.event}: EV_IPL '(hd0)/EFI/debian/grub.cfg' has another digest`,
    )
    expect(match.reason).toMatch(
      new RegExp(
        `PCR 8, event ${command?.event}: expected EV_IPL 'grub_cmd: [^']*ima_policy=tcb .*measured EV_IPL 'grub_cmd: [^']*_policy=tcb debug `,
      ),
    )
    expect(match.reason.length).toBeLessThan(1000)
  })

  test('Secure Boot turned off is refused, naming the variable', () => {
    const { state, log } = recordedHost('boot-insecure')
    expect(reasonOf(indexOf(recordedImage('boot-secure', [7])), { state, log })).toMatch(
      /PCR 7, event \d+: expected EV_EFI_VARIABLE_DRIVER_CONFIG 'SecureBoot' = 01, measured .*'SecureBoot' = 00/,
    )
  })

  test('the closest image is found among several', () => {
    const index = indexOf(recordedImage('boot-insecure'), secure)
    const { state, log } = recordedHost('boot-debug')
    expect(index.match(state, log)).toMatchObject({ closest: { name: 'image of boot-secure' } })
  })

  test('each single changed PCR is refused', () => {
    const { state } = recordedHost('boot-secure')
    const index = indexOf(secure)
    for (const pcr of judgedPcrs) {
      const values = new Map(state.values).set(pcr, new Uint8Array(32).fill(0x5a))
      expect(index.match({ bank: 'sha256', values })).toMatchObject({
        matched: false,
        closest: { pcrs: [pcr] },
      })
    }
  })
})

describe('what differs', () => {
  const golden = host('golden', ['a', 'b', 'c'])
  const index = indexOf(golden.image)

  test.each([
    ['matched', ['a', 'b', 'c']],
    ["PCR 8 differs; PCR 8, event 3: expected EV_IPL 'b', measured EV_IPL 'x'", ['a', 'x', 'c']],
    ["PCR 8 differs; PCR 8, event 3: expected EV_IPL 'b', measured EV_IPL 'c'", ['a', 'c', 'b']],
    ["PCR 8 differs; PCR 8 lacks EV_IPL 'c'", ['a', 'b']],
    ["PCR 8 differs; PCR 8, event 5: EV_IPL 'd' is one too many", ['a', 'b', 'c', 'd']],
  ])('%s', (reason, programs) => {
    expect(reasonOf(index, host('other', programs))).toContain(reason)
  })

  test('a log that is not that of the values does not explain them', () => {
    const { state } = host('other', ['x'])
    expect(reasonOf(index, { state, log: golden.log })).toContain(
      'the event log does not explain the value of PCR 8',
    )
  })

  test('without a log the PCRs are named', () => {
    const match = index.match(host('other', ['x']).state)
    expect(match).toMatchObject({ matched: false, closest: { name: 'golden', pcrs: [8], differences: [] } })
  })

  test('an event whose digest is the same under another label is not the difference', () => {
    const { log, state } = host('other', ['a', 'b', 'x'])
    const match = index.match(state, log)
    expect(match.matched || match.closest?.differences).toEqual([
      { pcr: 8, event: 4, expected: "EV_IPL 'c'", measured: "EV_IPL 'x'" },
    ])
  })
})

describe('never matches', () => {
  const { image, state } = host('golden', ['a'])

  test('T-27: an empty index', () => {
    expect(new BaseImageIndex().match(state)).toEqual({ matched: false, reason: 'no base image is approved' })
  })

  test('T-27: an image without PCRs, which cannot be added either', () => {
    const index = new BaseImageIndex()
    expect(() => index.add({ ...image, pcrs: [] })).toThrow(
      expect.objectContaining({ code: 'BASE_IMAGE_INVALID' }),
    )
    expect(index.match(state).matched).toBe(false)
    expect(index.size).toBe(0)
  })

  test('values of another bank', () => {
    expect(indexOf(image).match({ ...state, bank: 'sha384' })).toEqual({
      matched: false,
      reason: 'no base image has anything in common with these sha384 values',
    })
  })

  test('values that lack a PCR of the image', () => {
    const values = new Map([...state.values].filter(([pcr]) => pcr !== 8))
    const match = indexOf(image).match({ bank: 'sha256', values })
    expect(match).toMatchObject({ matched: false, closest: { pcrs: [], uncovered: [8] } })
    expect(!match.matched && match.reason).toContain('PCR 8 is not quoted')
  })

  test('no values at all', () => {
    expect(indexOf(image).match({ bank: 'sha256', values: new Map() }).matched).toBe(false)
  })

  test('values whose bytes were moved from one PCR to the next', () => {
    const joined = [...(state.values.get(7) ?? []), ...(state.values.get(8) ?? [])]
    const values = new Map([
      [7, Uint8Array.from(joined.slice(0, 31))],
      [8, Uint8Array.from(joined.slice(31))],
    ])
    expect(indexOf(image).match({ bank: 'sha256', values }).matched).toBe(false)
  })
})

describe('images come and go', () => {
  const a = host('a', ['a'])
  const b = host('b', ['b'])

  test('names are taken once; list, get and remove agree', () => {
    const index = indexOf(a.image, b.image)
    expect(() => index.add(a.image)).toThrow(expect.objectContaining({ code: 'ALREADY_EXISTS' }))
    expect(index.list()).toEqual([a.image, b.image])
    expect(index.get('a')).toBe(a.image)
    expect(index.remove('a')).toBe(true)
    expect(index.remove('a')).toBe(false)
    expect(index.get('a')).toBeUndefined()
    expect(index.size).toBe(1)
    expect(index.match(a.state, a.log)).toMatchObject({ matched: false, closest: { name: 'b' } })
    expect(index.match(b.state).matched).toBe(true)
    index.remove('b')
    expect(index.match(b.state, b.log)).toEqual({ matched: false, reason: 'no base image is approved' })
  })

  test('of two equal images the other stays when one is removed', () => {
    const twin = { ...a.image, name: 'twin' }
    const index = indexOf(a.image, twin)
    expect(index.match(a.state)).toMatchObject({ image: { name: 'a' } })
    index.remove('a')
    expect(index.match(a.state)).toMatchObject({ image: { name: 'twin' } })
  })

  test('images of different PCRs stand beside each other', () => {
    const narrow = host('narrow', ['b'], [7])
    const index = indexOf(a.image, narrow.image)
    expect(index.match(a.state)).toMatchObject({ image: { name: 'a' } })
    expect(index.match(b.state)).toMatchObject({ image: { name: 'narrow' } })
    index.remove('narrow')
    expect(index.match(b.state).matched).toBe(false)
  })
})

test('10,000 images: each is found, none else, and the closest of a stranger is one of them', () => {
  const count = 10_000
  const digestOf = (i: number) => {
    const digest = new Uint8Array(32)
    new DataView(digest.buffer).setUint32(0, i + 1)
    return digest
  }
  const valueAfter = (pcr: number, i: number) => extendPcr('sha256', initialValue(pcr, 32), [digestOf(i)])
  const reference = (pcr: number, i: number) => ({
    pcr,
    value: toHex(valueAfter(pcr, i)),
    events: [{ digest: toHex(digestOf(i)), type: 'EV_IPL', description: `EV_IPL '${i}'` }],
  })
  const index = new BaseImageIndex()
  // Ten kinds of firmware, and a kernel of its own for each.
  for (let i = 0; i < count; i++) {
    const pcrs = [reference(0, i % 10), reference(8, i)]
    index.add(readBaseImage({ version: 1, name: `image ${i}`, bank: 'sha256', pcrs }))
  }
  expect(index.size).toBe(count)
  const stateOf = (firmware: number, kernel: number) => ({
    bank: 'sha256',
    values: new Map([
      [0, valueAfter(0, firmware)],
      [8, valueAfter(8, kernel)],
    ]),
  })
  for (let i = 0; i < count; i += 97) {
    expect(index.match(stateOf(i % 10, i))).toMatchObject({ matched: true, image: { name: `image ${i}` } })
    expect(index.match(stateOf((i + 1) % 10, i))).toMatchObject({ matched: false })
  }
  // The rare value decides: the kernel is known, its firmware is another.
  expect(index.match(stateOf(3, 9_998))).toMatchObject({ closest: { name: 'image 9998', pcrs: [0] } })
  expect(index.match(stateOf(3, count))).toMatchObject({
    matched: false,
    closest: { name: 'image 3', pcrs: [8] },
  })
  expect(index.match(stateOf(count, count))).toMatchObject({ matched: false, closest: { pcrs: [0, 8] } })
})
