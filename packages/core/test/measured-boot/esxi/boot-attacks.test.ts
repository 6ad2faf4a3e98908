import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../../src/bytes/index.js'
import { type EsxiBoot, eventTypes } from '../../../src/measured-boot/index.js'
import { type BuiltEvent, esxiBootEvents, esxiEvent, esxiVersionRecord } from '../../../src/testing/index.js'
import { digestOf } from '../../../src/tpm2/index.js'
import { bootOf, goodPlan } from './fixtures.js'

const good = (): BuiltEvent[] => esxiBootEvents(goodPlan())
const kindsOf = ({ findings }: EsxiBoot): string[] => findings.map(({ kind }) => kind)
/** Index of the event with this tag in PCR 14. */
const at = (events: readonly BuiltEvent[], tag: number): number =>
  events.findIndex(({ pcr, data }) => pcr === 14 && typeof data !== 'string' && data[0] === tag)
const edited = (edit: (events: BuiltEvent[]) => void): EsxiBoot => {
  const events = good()
  edit(events)
  return bootOf(events)
}
/** The same measurement under another label. */
const relabel = (event: BuiltEvent | undefined, tag: number, name?: string): BuiltEvent => {
  if (event === undefined || typeof event.data === 'string') throw new Error('no event')
  const said = event.data.subarray(8)
  return esxiEvent(event.pcr, tag, name === undefined ? said : `${name}\0`, event.digestOf ?? said)
}

describe('T-14: whoever writes the log and extends PCRs of the running system', () => {
  const evil = '/b.b00 execInstalledOnly=FALSE'
  const forged = esxiEvent(14, 4, '/b.b00 autoPartition=FALSE runweasel')
  const booted = (): BuiltEvent[] =>
    esxiBootEvents({ ...goodPlan(), options: 'execInstalledOnly=FALSE', completePcrs: [] })

  test.each<[string, (event: BuiltEvent) => BuiltEvent]>([
    ['a file of options', (event) => relabel(event, 3, 'more.gz')],
    ['an asset tag', (event) => relabel(event, 6)],
    ['a signer', (event) => relabel(event, 7)],
    ['a version record', (event) => relabel(event, 8)],
    ['a security option', (event) => relabel(event, 5)],
    ['an unknown tag', (event) => relabel(event, 1)],
    ['a module', (event) => relabel(event, 2, 'x.v00')],
    ['an event of the kernel', (event) => ({ ...event, type: 0x6000_0001, data: evil })],
    ['an event of another type', (event) => ({ ...event, type: eventTypes.EV_IPL })],
    ['itself, twice', (event) => event],
  ])('cannot hide the command line as %s and add another', (_, hide) => {
    const events = booted().filter(
      ({ pcr, data }) => !(pcr === 14 && typeof data !== 'string' && data[0] === 6),
    )
    const index = at(events, 4)
    events[index] = hide(events[index] as BuiltEvent)
    expect(bootOf([...events, forged]).commandLine).toMatchObject({ verified: false })
  })

  test('cannot hide a signer as a file of options', () => {
    const boot = edited((events) => {
      events[at(events, 7)] = relabel(events[at(events, 7)], 3, 'more.gz')
    })
    expect([...boot.signers, boot.commandLine].map(({ verified }) => verified)).toEqual([false, false])
  })

  test('cannot hide a signer as an asset tag', () => {
    const boot = edited((events) => {
      events[at(events, 7)] = relabel(events[at(events, 7)], 6)
    })
    expect(kindsOf(boot)).toContain('out-of-order')
    expect(boot.commandLine.verified).toBe(false)
    expect(boot.assetTag.verified).toBe(false)
  })

  test('cannot add an asset tag, or anything, after Boot Complete', () => {
    const untagged = () => {
      const { assetTag, ...plan } = goodPlan()
      return esxiBootEvents(plan)
    }
    const boot = bootOf([...untagged(), esxiEvent(14, 6, 'rack 8')])
    expect(kindsOf(boot)).toEqual(['after-boot-complete'])
    expect(boot.assetTag).toMatchObject({ verified: false, hint: utf8('rack 8') })
    const late = bootOf([...good(), forged, esxiEvent(12, 2, 'k.b00\0', 'evil')])
    expect(kindsOf(late)).toEqual(['after-boot-complete', 'after-boot-complete'])
    expect(late.commandLine.verified).toBe(false)
    expect(late.modules.at(-1)?.name).toBe('k.b00')
  })

  test('cannot add an asset tag to a PCR that was not closed', () => {
    const { assetTag, securityOptions, ...plan } = goodPlan()
    const events = esxiBootEvents({ ...plan, completePcrs: [12] })
    const complete = { pcr: 14, type: 0x6000_0004, data: 'Boot Complete\0' }
    const tagged = [...events, esxiEvent(14, 6, 'rack 8')]
    for (const boot of [
      bootOf(tagged, { closedPcrs: [14] }),
      bootOf([...tagged, complete]),
      bootOf([...tagged, complete], { closedPcrs: [12] }),
      bootOf([...events, complete, esxiEvent(14, 6, 'rack 8')], { closedPcrs: [14] }),
    ]) {
      expect(boot.assetTag).toMatchObject({ verified: false, hint: utf8('rack 8') })
    }
  })

  test('cannot close a PCR twice', () => {
    const boot = bootOf([...good(), { pcr: 14, type: 0x6000_0004, data: 'Boot Complete\0' }])
    expect(kindsOf(boot)).toEqual(['repeated'])
    expect(boot.bootComplete.verified).toBe(true)
  })

  test('cannot state a security option otherwise', () => {
    const plan = { ...goodPlan(), securityOptions: ['a=1', 'b=1', 'a=2'] }
    const verified = (events: BuiltEvent[]) =>
      bootOf(events, { closedPcrs: [14] }).securityOptions.map((fact) => fact.verified && fact.value)
    expect(verified(esxiBootEvents(plan))).toEqual([false, 'b=1', false])
    // Without an asset tag the first could be one; without Boot Complete anyone could have added any.
    const { assetTag, ...untagged } = plan
    expect(verified(esxiBootEvents({ ...untagged, securityOptions: ['a=1', 'b=1'] }))).toEqual([false, 'b=1'])
    expect(verified(esxiBootEvents({ ...plan, completePcrs: [12] }))).toEqual([false, false, false])
  })

  test('cannot pass an asset tag that reads as an option', () => {
    const plan = { ...goodPlan(), assetTag: utf8('execInstalledOnly=TRUE'), securityOptions: [] }
    expect(bootOf(esxiBootEvents(plan), { closedPcrs: [14] }).assetTag.verified).toBe(false)
    const events = esxiBootEvents(plan)
    events[at(events, 6)] = relabel(events[at(events, 6)], 5)
    expect(bootOf(events, { closedPcrs: [14] }).securityOptions).toMatchObject([{ verified: false }])
  })

  test('cannot keep a module from being listed by any label', () => {
    const labels: ((event: BuiltEvent) => BuiltEvent)[] = [
      (event) => relabel(event, 4),
      (event) => relabel(event, 5),
      (event) => relabel(event, 6),
      (event) => relabel(event, 7),
      (event) => relabel(event, 8),
      (event) => relabel(event, 99),
      (event) => relabel(event, 3, 'k.gz'),
      (event) => ({ ...event, type: 0x6000_0001, data: 'A=1' }),
      (event) => ({ ...event, type: 0x6000_0001, data: utf8('whatever') }),
      (event) => ({ ...event, type: eventTypes.EV_IPL }),
      (event) => ({ ...event, type: eventTypes.EV_EVENT_TAG, data: 'Boot Complete\0' }),
    ]
    for (const label of labels) {
      for (const pcr of [11, 12, 13]) {
        const module = esxiEvent(pcr, 2, 'evil.v00\0', 'evil')
        const boot = bootOf([label(module)])
        expect(boot.modules.map(({ digest }) => digest)).toEqual([
          { verified: true, value: digestOf('sha256', utf8('evil')), event: 1 },
        ])
      }
    }
  })
})

describe('whoever chooses the files that are loaded, and writes the log', () => {
  const wanted = '/b.b00 execInstalledOnly=TRUE'
  /** A boot with another command line, and a file of options whose contents are the wanted one. */
  const events = (): BuiltEvent[] => {
    const { files, ...plan } = goodPlan()
    const loaded = [...files, { path: '/zz.gz', contents: wanted }]
    return esxiBootEvents({ ...plan, files: loaded, options: 'execInstalledOnly=FALSE', securityOptions: [] })
  }
  const asLine = (list: BuiltEvent[]): void => {
    const index = list.findIndex(({ digestOf: contents }) => contents === wanted)
    list[index] = esxiEvent(14, 4, wanted)
  }
  const covered = (event: BuiltEvent | undefined): Uint8Array => {
    if (event === undefined || typeof event.data === 'string') throw new Error('no event')
    return event.data.subarray(8)
  }

  test.each<[string, (list: BuiltEvent[]) => void]>([
    ['leaves the true one', () => undefined],
    ['calls the true one an asset tag', (list) => hide(list, 6)],
    ['calls the true one an event of the kernel', (list) => hide(list, 0)],
    ['calls the true one a file of options', (list) => hide(list, 3)],
    ['calls the true one a signer', (list) => hide(list, 7)],
    [
      'calls all that comes after his own events of the kernel',
      (list) => {
        const start = list.findIndex(
          ({ pcr, data }) => pcr === 14 && typeof data !== 'string' && data[0] === 7,
        )
        for (let i = start; i < list.length; i++) {
          const event = list[i] as BuiltEvent
          if (event.type === eventTypes.EV_EVENT_TAG) {
            list[i] = { pcr: 14, type: 0x6000_0001, data: covered(event) }
          }
        }
      },
    ],
  ])('cannot have a file’s contents pass as the command line when he %s', (_, edit) => {
    const list = events()
    expect(bootOf(list).commandLine.verified).toBe(false)
    edit(list)
    asLine(list)
    expect(bootOf(list).commandLine.verified).toBe(false)
  })

  test('cannot end the boot early by a file either', () => {
    const { files, ...plan } = goodPlan()
    const loaded = [
      ...files,
      { path: '/y.gz', contents: wanted },
      { path: '/z.gz', contents: 'Boot Complete\0' },
    ]
    const list = esxiBootEvents({ ...plan, files: loaded, options: 'execInstalledOnly=FALSE' })
    asLine(list)
    const boot = bootOf(list)
    expect(kindsOf(boot)).toContain('after-boot-complete')
    expect(boot.commandLine.verified).toBe(false)
  })

  test('cannot have a file’s contents pass as a version, nor hide it from the modules as one', () => {
    const record = esxiVersionRecord({
      component: 'k',
      product: 'VMware ESX',
      version: '9.9',
      file: '/k.b00',
    })
    const boot = bootOf([esxiEvent(13, 8, record)])
    expect(boot.versions).toMatchObject([{ verified: false, hint: { version: '9.9' } }])
    const driver = esxiVersionRecord({ component: 'x', product: 'y', version: 'z', file: '/evil.v00' })
    expect(kindsOf(bootOf([esxiEvent(13, 8, driver)]))).toEqual(['unknown'])
    expect(bootOf([esxiEvent(13, 8, driver)]).modules).toHaveLength(1)
    const program = concatBytes(record.subarray(0, 32), Uint8Array.of(0x7f), record.subarray(33))
    expect(bootOf([esxiEvent(13, 8, program)]).modules).toHaveLength(1)
  })

  test('cannot hide a module by putting all of it into the log', () => {
    const module = utf8(`${'a module of some size '.repeat(50)}`)
    const binary = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46)
    for (const contents of [module, binary, concatBytes(utf8('a='), module), utf8('line\nline')]) {
      for (const pcr of [11, 12, 13]) {
        const labels: BuiltEvent[] = [
          { pcr, type: 0x6000_0001, data: contents },
          { ...esxiEvent(pcr, 5, contents), type: 0x6000_0002 },
          { pcr, type: eventTypes.EV_IPL, data: contents },
          ...[2, 3, 4, 5, 6, 7, 8, 9].map((tag) => esxiEvent(pcr, tag, contents)),
        ]
        for (const event of labels) expect(bootOf([event]).modules).toHaveLength(1)
      }
    }
  })

  test('cannot state a security option by a file', () => {
    const complete = (pcr: number) => ({ pcr, type: 0x6000_0004, data: 'Boot Complete\0' })
    for (const pcr of [11, 12, 13]) {
      const said = [{ pcr, type: 0x6000_0001, data: 'secureBoot=TRUE' }, complete(pcr)]
      const boot = bootOf(said, { closedPcrs: [pcr] })
      expect(boot.securityOptions).toMatchObject([{ verified: false, hint: 'secureBoot=TRUE' }])
    }
    const apart = bootOf([{ pcr: 15, type: 0x6000_0001, data: 'secureBoot=TRUE' }, complete(15)], {
      closedPcrs: [15],
    })
    expect(apart.securityOptions).toMatchObject([{ verified: true, value: 'secureBoot=TRUE' }])
  })

  function hide(list: BuiltEvent[], tag: number): void {
    const index = at(list, 4)
    const event = list[index] as BuiltEvent
    list[index] =
      tag === 0
        ? { pcr: 14, type: 0x6000_0001, data: covered(event) }
        : relabel(event, tag, tag === 3 ? 'x.gz' : undefined)
    list.splice(at(list, 6), tag === 6 ? 1 : 0)
  }
})
