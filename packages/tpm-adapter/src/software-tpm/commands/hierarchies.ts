import { hashFacts, permanentHandles } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { u32, yesNo } from '../fields/field.js'
import { clearHandle, hierarchyAuthHandle, lockoutHandle } from '../fields/handles.js'
import { auth } from '../fields/public-area.js'
import { withoutTrailingZeros } from '../machine/digests.js'
import { noPolicy, setPermanentAuth } from '../machine/hierarchies.js'
import type { Machine } from '../machine/machine.js'
import { removeNvIndex } from '../machine/nv.js'
import { secretLength } from '../machine/power.js'
import { integrityHash } from '../machine/tickets.js'
import { refuse, refuseParameter } from '../response-codes.js'

/** TPM2_Clear: a new owner. Part 3, section 24.6. */
function clear(machine: Machine): void {
  const { stored, volatile, random } = machine
  stored.owner = {
    seed: random.bytes(secretLength),
    proof: random.bytes(secretLength),
    auth: new Uint8Array(),
    policy: noPolicy,
  }
  stored.endorsement = {
    ...stored.endorsement,
    proof: random.bytes(secretLength),
    auth: new Uint8Array(),
    policy: noPolicy,
  }
  stored.lockout = { auth: new Uint8Array(), policy: noPolicy }
  stored.persistent = stored.persistent.filter(({ hierarchy }) => hierarchy === permanentHandles.platform)
  const ofOwner = stored.nv.filter(({ publicArea }) => !publicArea.attributes.platformCreate)
  for (const index of ofOwner) removeNvIndex(machine, index)
  // Of keys that nobody can make any more, and of some that will be found again.
  stored.primes = []
  stored.clock = 0n
  stored.clockSafe = true
  stored.resetCount = 0
  stored.restartCount = 0
  Object.assign(stored.dictionaryAttack, { failedTries: 0, lockoutAuthEnabled: true })
  volatile.enabled = { ...volatile.enabled, owner: true, endorsement: true }
  volatile.pcrCounter = (volatile.pcrCounter + 1) >>> 0
  volatile.objects = volatile.objects.map((entry) =>
    entry?.kind === 'object' &&
    (entry.hierarchy === permanentHandles.owner || entry.hierarchy === permanentHandles.endorsement)
      ? undefined
      : entry,
  )
  machine.save()
}

/** Commands about hierarchies, and about guessing. Part 3, sections 24 and 25. */
export const hierarchyCommands = [
  defineCommand('TPM2_HierarchyChangeAuth', {
    handles: { authHandle: { type: hierarchyAuthHandle, role: 'user' } },
    parameters: { newAuth: auth },
    nv: true,
    run(machine, { authHandle, newAuth }) {
      const value = withoutTrailingZeros(newAuth)
      if (value.length > hashFacts(integrityHash).size) refuseParameter(1, 'SIZE')
      setPermanentAuth(machine, authHandle, Uint8Array.from(value))
      machine.save()
      return {}
    },
  }),
  defineCommand('TPM2_Clear', {
    handles: { authHandle: { type: clearHandle, role: 'user' } },
    parameters: {},
    nv: true,
    extensive: true,
    run(machine) {
      if (machine.stored.disableClear) refuse('DISABLED')
      clear(machine)
      return {}
    },
  }),
  defineCommand('TPM2_ClearControl', {
    handles: { auth: { type: clearHandle, role: 'user' } },
    parameters: { disable: yesNo },
    nv: true,
    run(machine, { auth: handle, disable }) {
      if (handle === permanentHandles.lockout && !disable) refuse('AUTH_FAIL')
      machine.stored.disableClear = disable
      machine.save()
      return {}
    },
  }),
  defineCommand('TPM2_DictionaryAttackLockReset', {
    handles: { lockHandle: { type: lockoutHandle, role: 'user' } },
    parameters: {},
    nv: true,
    run(machine) {
      machine.stored.dictionaryAttack.failedTries = 0
      machine.save()
      return {}
    },
  }),
  defineCommand('TPM2_DictionaryAttackParameters', {
    handles: { lockHandle: { type: lockoutHandle, role: 'user' } },
    parameters: { newMaxTries: u32, newRecoveryTime: u32, lockoutRecovery: u32 },
    nv: true,
    run(machine, { newMaxTries, newRecoveryTime, lockoutRecovery }) {
      const { dictionaryAttack } = machine.stored
      Object.assign(dictionaryAttack, {
        maxTries: newMaxTries,
        recoveryTime: newRecoveryTime,
        lockoutRecovery,
      })
      // A limit that was passed already shall not lock at once.
      if (dictionaryAttack.failedTries > newMaxTries) dictionaryAttack.failedTries = newMaxTries
      machine.save()
      return {}
    },
  }),
]
