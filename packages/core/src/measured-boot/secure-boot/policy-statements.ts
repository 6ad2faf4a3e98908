import { equalBytes, utf8 } from '../../bytes/index.js'
import { shimLock } from '../events/variable-value.js'
import type { PolicyEvent } from './policy-log.js'
import { isPolicyVariable, type PolicyVariableName, policyVariables } from './policy-variables.js'
import type { SeparatorDigests } from './separators.js'
import { type AuthoritySource, isVouching, voucherOf } from './vouchers.js'

/** What an event in PCR 7 means. */
export type PolicyStatement =
  | { readonly kind: 'variable'; readonly name: PolicyVariableName }
  | { readonly kind: 'authority'; readonly source: AuthoritySource }
  | { readonly kind: 'shim-setting'; readonly name: ShimSettingName; readonly data: Uint8Array }
  | { readonly kind: 'action'; readonly action: FirmwareAction }
  | { readonly kind: 'separator' }
  | { readonly kind: 'unknown-variable'; readonly name: string }
  | { readonly kind: 'unknown' }

/** What a firmware measures when it protects less; the texts are those of the specification and of Windows' rules. */
const actions = {
  'debug-mode': 'UEFI Debug Mode',
  'dma-protection-disabled': 'DMA Protection Disabled',
} as const
/** Something that a firmware does that weakens Secure Boot. */
export type FirmwareAction = keyof typeof actions

/**
 * Settings that shim measures under the type of an authority: its revocations, whether it verifies what it loads, whether
 * it trusts db and the machine owner's keys, and how it treats its protocol's callers.
 */
const shimSettings = ['SbatLevel', 'SBAT', 'MokSBState', 'MokDBState', 'MokListTrusted', 'MokPolicy'] as const
/** Name of one of shim's settings. */
export type ShimSettingName = (typeof shimSettings)[number]

/** What an event in PCR 7 means, by what its digest covers of its data; `unknown` when that is nothing. */
export function readPolicyStatement(
  policyEvent: PolicyEvent,
  phase: 'before' | 'after',
  digests: SeparatorDigests,
): PolicyStatement {
  const { event, measured, variable } = policyEvent
  if (digests.kindOf(event) !== undefined) return { kind: 'separator' }
  if (measured === undefined) return { kind: 'unknown' }
  if (variable === undefined) return readAction(measured)
  const { vendor, name, data } = variable
  const source = voucherOf(variable)
  if (source !== undefined && (phase === 'after' || isVouching(policyEvent))) {
    return { kind: 'authority', source }
  }
  const policyName = (Object.keys(policyVariables) as PolicyVariableName[]).find((one) =>
    isPolicyVariable(variable, one),
  )
  if (policyName !== undefined) return { kind: 'variable', name: policyName }
  const setting = vendor === shimLock ? shimSettings.find((one) => one === name) : undefined
  return setting === undefined
    ? { kind: 'unknown-variable', name }
    : { kind: 'shim-setting', name: setting, data }
}

/** Firmware measures the text with or without a NUL behind it. */
function readAction(measured: Uint8Array): PolicyStatement {
  const text = measured.at(-1) === 0 ? measured.subarray(0, -1) : measured
  const action = (Object.keys(actions) as FirmwareAction[]).find((one) =>
    equalBytes(utf8(actions[one]), text),
  )
  return action === undefined ? { kind: 'unknown' } : { kind: 'action', action }
}
