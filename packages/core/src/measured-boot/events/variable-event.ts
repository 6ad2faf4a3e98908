import { decodePrefix } from '../../codec/index.js'
import type { MeasuredPart } from './coverage.js'
import { efiGuid, type Guid } from './guid.js'
import { guidName } from './guid-names.js'
import { isMalformed, orMalformed } from './malformed.js'
import { type EventDecoder, trailingOf, whole } from './reading.js'
import { uefiVariableData } from './uefi-variable.js'
import { readAuthority, readVariableValue, type VariableValue } from './variable-value.js'

/**
 * A UEFI variable. Its name and vendor make of the value what it is, so where only the value is covered, they are hints,
 * and so is what the value is taken for.
 */
export interface VariableEvent {
  readonly kind: 'uefi-variable'
  readonly vendor: Guid
  readonly vendorName: string | undefined
  readonly name: string
  readonly value: VariableValue
  /** Bytes behind the variable, which some firmware adds; undefined when there are none. */
  readonly trailing: Uint8Array | undefined
}

type ReadValue = (vendor: Guid, name: string, bytes: Uint8Array) => VariableValue

/**
 * Measured is the whole, or the value alone: the profile says which by the event's type, but firmware does as it likes.
 * Where firmware adds bytes behind the variable (by a wrong size of the structure), it may measure one byte less.
 */
function variableDecoder(read: ReadValue): EventDecoder<VariableEvent> {
  return (data) => {
    const found = orMalformed(data, () => decodePrefix(uefiVariableData, data))
    if (isMalformed(found)) return { data: found, measured: whole(data) }
    const { value: variable, length } = found
    const vendor = decodePrefix(efiGuid, variable.vendor).value
    const trailing = data.subarray(length)
    const measured: MeasuredPart[] = [...whole(data)]
    if (trailing.length > 0) {
      measured.push({ part: 'variable', bytes: data.subarray(0, -1) })
      measured.push({ part: 'variable', bytes: data.subarray(0, length) })
    }
    measured.push({ part: 'value', bytes: variable.data })
    return {
      data: {
        kind: 'uefi-variable',
        vendor,
        vendorName: guidName(vendor),
        name: variable.name,
        value: read(vendor, variable.name, variable.data),
        trailing: trailingOf(trailing),
      },
      measured,
    }
  }
}

/** EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_BOOT, EV_EFI_VARIABLE_BOOT2, EV_EFI_SPDM_DEVICE_POLICY. */
export const variableEvent: EventDecoder<VariableEvent> = variableDecoder(readVariableValue)

/** EV_EFI_VARIABLE_AUTHORITY, EV_EFI_SPDM_DEVICE_AUTHORITY: the one signature that let something run. */
export const authorityEvent: EventDecoder<VariableEvent> = variableDecoder(readAuthority)
