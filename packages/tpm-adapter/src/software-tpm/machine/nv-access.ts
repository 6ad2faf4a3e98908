import { permanentHandles } from '@trusthold/core/tpm2'
import { refuse } from '../response-codes.js'
import type { NvIndex } from './stored-state.js'

const { owner, platform } = permanentHandles

/** Whether an index can be read by this authorisation. Part 3, section 31.1. */
export function checkNvRead({ publicArea }: NvIndex, authHandle: number): void {
  const { attributes, nvIndex } = publicArea
  if (attributes.readLocked) refuse('NV_LOCKED')
  const allowed =
    authHandle === owner
      ? attributes.ownerRead
      : authHandle === platform
        ? attributes.ppRead
        : authHandle === nvIndex
  if (!allowed) refuse('NV_AUTHORIZATION')
  if (!attributes.written) refuse('NV_UNINITIALIZED')
}

/** Whether an index can be written by this authorisation. Part 3, section 31.1. */
export function checkNvWrite({ publicArea }: NvIndex, authHandle: number): void {
  const { attributes, nvIndex } = publicArea
  const allowed =
    authHandle === owner
      ? attributes.ownerWrite
      : authHandle === platform
        ? attributes.ppWrite
        : authHandle === nvIndex
  if (attributes.writeLocked) refuse('NV_LOCKED')
  if (!allowed) refuse('NV_AUTHORIZATION')
}
