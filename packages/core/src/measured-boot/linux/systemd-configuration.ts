import type { Fact } from '../fact.js'
import type { ProvedLog } from '../proved-log.js'
import type { TcgEvent } from '../tcg/event-log.js'
import { listFact, type MeasuredObject, objectOf } from './measured-object.js'
import { decodeWide, encodeWideEnd, readWideText } from './measured-text.js'
import { readTag } from './tag.js'

/** PCR of what systemd's loaders are given beside the kernel image: options, credentials, add-ons. */
export const configurationPcr = 12
/** PCR of system extensions. */
export const extensionPcr = 13

/**
 * What systemd's loaders measured of a machine's own configuration.
 * - `options`: a command line for the kernel, or what is added to it; its text was measured.
 * - `profile`: number of the kernel image's profile that was chosen, as a text that was measured.
 * - `credentials`, `configuration-extensions`, `system-extensions`: archives of files beside the kernel image.
 * - `initrd-addon`, `microcode-addon`, `device-tree-addon`: of signed add-ons.
 * - `loader-configuration`: systemd-boot's own, in PCR 5.
 * - `other`: anything else.
 * What it is, the digest says of the first two. Of the others only a label does.
 */
export type ConfigurationKind =
  | 'options'
  | 'profile'
  | 'credentials'
  | 'configuration-extensions'
  | 'system-extensions'
  | 'initrd-addon'
  | 'microcode-addon'
  | 'device-tree-addon'
  | 'loader-configuration'
  | 'other'

/** Something of a machine's own configuration that systemd's loaders measured. */
export interface ConfigurationItem extends MeasuredObject {
  readonly kind: ConfigurationKind
  /** Of options and of a profile; undefined where only the digest was measured. */
  readonly text: string | undefined
}

/** Tags of systemd's loaders. systemd, `src/fundamental/tpm2-pcr.h`. */
const tags: ReadonlyMap<number, ConfigurationKind> = new Map([
  [0xf5bc582a, 'loader-configuration'],
  [0x6c46f751, 'device-tree-addon'],
  [0x49dffe0f, 'initrd-addon'],
  [0xdac08e1a, 'microcode-addon'],
  [0x13aed6db, 'profile'],
])

/** What systemd-stub calls the archives that it measures. systemd, `src/boot/stub.c`. */
const archives: ReadonlyMap<string, ConfigurationKind> = new Map([
  ['Credentials initrd', 'credentials'],
  ['Global credentials initrd', 'credentials'],
  ['Configuration extension initrd', 'configuration-extensions'],
  ['Global configuration extension initrd', 'configuration-extensions'],
  ['System extension initrd', 'system-extensions'],
  ['Global system extension initrd', 'system-extensions'],
])

/** All that was extended into PCR 12 or 13, in order. */
export function readConfiguration(log: ProvedLog, pcr: number): Fact<readonly ConfigurationItem[]> {
  return listFact(
    log,
    pcr,
    log.eventsOf(pcr).map((event) => readItem(log, event)),
  )
}

/** What an event of systemd's loaders says that it measured. */
export function readItem(log: ProvedLog, event: TcgEvent): ConfigurationItem {
  const tag = readTag(event)
  const item = (kind: ConfigurationKind, label: string | undefined, text?: string): ConfigurationItem => ({
    ...objectOf(log, event, label),
    kind,
    text,
  })
  if (tag === undefined) {
    const text = readWideText(log, event)
    if (text !== undefined) return item('options', undefined, text)
    const label = decodeWide(event.data)
    return item(archives.get(label ?? '') ?? 'other', label)
  }
  const kind = tags.get(tag.id) ?? 'other'
  const label = decodeWide(tag.bytes)
  const isMeasured = label !== undefined && log.isDigestOf(event, encodeWideEnd(label))
  if (kind !== 'profile') return item(kind, label)
  return isMeasured ? item(kind, undefined, label) : item('other', label)
}
