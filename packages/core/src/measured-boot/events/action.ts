import { type EventDecoder, type RawBytes, rawDecoder, whole } from './reading.js'
import { findText } from './text.js'
import { textParts } from './text-event.js'

/** Texts of actions that the profile fixes. PC Client Platform Firmware Profile, section 10.4.4. */
const actions = {
  'Calling EFI Application from Boot Option': 'boot-option-called',
  'Returning from EFI Application from Boot Option': 'boot-option-returned',
  'Exit Boot Services Invocation': 'exit-boot-services-invoked',
  'Exit Boot Services Returned with Failure': 'exit-boot-services-failed',
  'Exit Boot Services Returned with Success': 'exit-boot-services-succeeded',
  'UEFI Debug Mode': 'uefi-debug-mode',
  'DMA Protection Disabled': 'dma-protection-disabled',
  'Entering ROM Based Setup': 'setup-entered',
  'Calling INT 19h': 'int-19h-called',
  'Returned INT 19h': 'int-19h-returned',
  'Returned via INT 18h': 'int-18h-returned',
  'BOOT ATTEMPTS OMITTED': 'boot-attempts-omitted',
} as const

/** What an action means. */
export type KnownAction = (typeof actions)[keyof typeof actions]

const byText: ReadonlyMap<string, KnownAction> = new Map(Object.entries(actions))

/** EV_ACTION, EV_EFI_ACTION, EV_OMIT_BOOT_DEVICE_EVENTS: what the firmware did. */
export interface ActionEvent {
  readonly kind: 'action'
  readonly text: string
  /** What it means; undefined for a text that the profile does not fix. */
  readonly action: KnownAction | undefined
}

/** The text is measured without a closing NUL; some firmware measures that too. */
export const actionEvent: EventDecoder<ActionEvent | RawBytes> = (data) => {
  const found = findText(data)
  if (found === undefined || found.trailing !== undefined) return rawDecoder(data)
  const { text } = found
  return {
    data: { kind: 'action', text, action: byText.get(text) },
    measured: [...whole(data), ...textParts(found)],
  }
}
