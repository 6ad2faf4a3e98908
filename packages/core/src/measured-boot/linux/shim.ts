import { readUtf8 } from '../events/text.js'
import { doubtedFact, type Fact, provedFact } from '../fact.js'
import { lazyMembers } from '../lazy-members.js'
import type { ProvedLog } from '../proved-log.js'
import type { ShimSettingName } from '../secure-boot/policy-statements.js'
import type { SecureBootState, ShimSetting } from '../secure-boot/secure-boot.js'
import { itemsOf } from './measured-object.js'
import { type MokList, readMokList } from './mok-list.js'
import { readSbat, type SbatEntry } from './sbat.js'

/** What shim measured of itself, into PCRs 7 and 14. Its authorities are with those of Secure Boot. */
export interface ShimState {
  /** Whether it verifies what it loads; the machine's owner can have it verify nothing. */
  readonly verifies: Fact<boolean>
  /** The lowest generations that it accepts. */
  readonly sbatLevel: Fact<readonly SbatEntry[]>
  /** Whether the kernel may trust the machine owner's keys. */
  readonly mokListTrusted: Fact<boolean>
  /** The machine owner's keys, and those of shim's maker. */
  readonly mokList: Fact<MokList>
  /** What the machine's owner and shim's maker revoked. */
  readonly mokListX: Fact<MokList>
}

/** Reads what shim measured. */
export function readShim(log: ProvedLog, { shimSettings, authorities }: SecureBootState): ShimState {
  const stated = itemsOf(authorities)
  const shim: ShimState = lazyMembers<ShimState>({
    verifies: () => verifiesFact(shimSettings, [shim.mokList, shim.mokListX]),
    sbatLevel: () =>
      settingFact(shimSettings, ['SbatLevel', 'SBAT'], (data) => readSbat(readUtf8(data) ?? '')),
    mokListTrusted: () => settingFact(shimSettings, ['MokListTrusted'], readFlag),
    mokList: () => readMokList(log, 'MokList', stated),
    mokListX: () => readMokList(log, 'MokListX', stated),
  })
  return shim
}

/**
 * shim measures MokSBState only when it is set, so without it shim verifies, if there is a shim.
 * @param lists of shim; that one is verified shows too that it ran
 */
function verifiesFact(
  settings: Fact<readonly ShimSetting[]>,
  lists: readonly Fact<MokList>[],
): Fact<boolean> {
  const all = itemsOf(settings)
  const state = all.find(({ name }) => name === 'MokSBState')
  const verifies = state === undefined || readFlag(state.data) === false
  if (all.length === 0 && !lists.some(({ verified }) => verified)) {
    return doubtedFact('no shim is known to have run')
  }
  return settings.verified ? provedFact(verifies, state?.event) : doubtedFact(settings.reason, verifies)
}

/** A setting that was measured once. @param names by which versions of shim call it */
function settingFact<T>(
  settings: Fact<readonly ShimSetting[]>,
  names: readonly ShimSettingName[],
  read: (data: Uint8Array) => T | undefined,
): Fact<T> {
  const [setting, ...others] = itemsOf(settings).filter(({ name }) => names.includes(name))
  if (setting === undefined) return doubtedFact(`shim measured no ${names[0]}`)
  const value = read(setting.data)
  if (!settings.verified) return doubtedFact(settings.reason, value)
  if (others.length > 0) return doubtedFact(`${names[0]} is measured more than once`, value)
  if (value === undefined) return doubtedFact(`event ${setting.event} has no value that ${names[0]} can have`)
  return provedFact(value, setting.event)
}

/** One byte, 0 or 1. */
function readFlag(data: Uint8Array): boolean | undefined {
  const [value] = data
  return data.length === 1 && (value === 0 || value === 1) ? value === 1 : undefined
}
