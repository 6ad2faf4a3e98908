import { expect, test } from 'vitest'
import { eventTypes } from '../../../src/measured-boot/index.js'
import type { BuiltEvent } from '../../../src/testing/index.js'
import { image, linuxOf, section, sha256, without } from './boots.js'

const { EV_EFI_ACTION, EV_SEPARATOR } = eventTypes
const action: BuiltEvent = { pcr: 4, type: EV_EFI_ACTION, data: 'Calling EFI Application from Boot Option' }
const separator: BuiltEvent = { pcr: 4, type: EV_SEPARATOR, data: new Uint8Array(4) }

test('images are what the firmware loaded, without its actions and separators', () => {
  const { images } = linuxOf([action, separator, image('shim'), image('grub')])
  expect(images).toEqual({
    verified: true,
    value: [
      { events: [3], digest: sha256('shim') },
      { events: [4], digest: sha256('grub') },
    ],
  })
})

test('one that is measured twice in a row is one, and one that comes again later is two', () => {
  const { images } = linuxOf([image('grub'), image('kernel'), image('kernel'), image('grub')])
  expect(images.verified && images.value.map(({ events }) => events)).toEqual([[1], [2, 3], [4]])
})

test('T-14: they are told by what was measured, under every label', () => {
  const { images } = linuxOf([
    { ...image('evil'), type: EV_SEPARATOR },
    { ...action, digestOf: 'evil' },
  ])
  expect(images.verified && images.value.map(({ events }) => events)).toEqual([[1, 2]])
})

test('the last one may be the kernel, as far as anybody says', () => {
  const { kernel } = linuxOf([image('systemd-boot'), image('kernel'), image('kernel')])
  expect(kernel).toMatchObject({ verified: false, hint: { event: 2, pcr: 4, digest: sha256('kernel') } })
})

test('a kernel image whose kernel the firmware loads too has one kernel', () => {
  const parts = [...section('.linux', 'kernel'), ...section('.initrd', 'initrd')]
  const { kernel, images, findings } = linuxOf([image('uki'), ...parts, image('kernel')])
  expect(images).toMatchObject({ verified: true, value: { length: 2 } })
  expect(kernel).toMatchObject({ verified: true, value: { pcr: 11, label: '.linux' } })
  expect(findings.map(({ code }) => code)).toEqual(['command-line-unmeasured'])
})

test('they are hints while PCR 4 is not proved', () => {
  expect(linuxOf([image('shim')], without(4)).images).toMatchObject({ verified: false, hint: { length: 1 } })
})
