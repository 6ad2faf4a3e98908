import { concatBytes } from '@trusthold/core/bytes'
import { encode } from '@trusthold/core/codec'
import { hashFacts, tpm2bDigest, tpm2bEncryptedSecret } from '@trusthold/core/tpm2'
import { defineCommand } from '../engine/command.js'
import { CommandReader } from '../fields/command-reader.js'
import { buffer } from '../fields/field.js'
import { objectHandle } from '../fields/handles.js'
import { digest, encryptedSecret, name } from '../fields/public-area.js'
import type { Machine } from '../machine/machine.js'
import { entryAt, type KeyObjectEntry, objectAt } from '../machine/objects.js'
import { protectionOf, unwrap, wrap } from '../machine/private-areas.js'
import { openSecret, shareSecret } from '../machine/secrets.js'
import { inParameter, refuse, refuseHandle, refuseParameter } from '../response-codes.js'

/** TPM2B_ID_OBJECT: two digests with their sizes. */
const idObject = buffer(66 + 66)

function readCredential(content: Uint8Array): Uint8Array {
  const reader = new CommandReader(content)
  const value = digest.read(reader)
  return reader.remaining > 0 ? refuse('SIZE') : value
}

/** An asymmetric restricted decryption key, as credentials are made for. */
function credentialKey(machine: Machine, handle: number, position: number): KeyObjectEntry {
  const entry = entryAt(machine, handle)
  if (entry?.kind !== 'object') return refuseHandle(position, 'TYPE')
  const { type, objectAttributes } = entry.publicArea
  if (type !== 'rsa' && type !== 'ecc') refuseHandle(position, 'TYPE')
  if (!objectAttributes.decrypt || !objectAttributes.restricted) refuseHandle(position, 'TYPE')
  return entry
}

/** TPM2_MakeCredential, TPM2_ActivateCredential. Part 3, sections 12.5 and 12.6; Part 1, section 24. */
export const credentialCommands = [
  defineCommand('TPM2_ActivateCredential', {
    handles: {
      activateHandle: { type: objectHandle, role: 'admin' },
      keyHandle: { type: objectHandle, role: 'user' },
    },
    parameters: { credentialBlob: idObject, secret: encryptedSecret },
    encryptable: true,
    run(machine, { activateHandle, keyHandle, credentialBlob, secret }) {
      const key = credentialKey(machine, keyHandle, 2)
      const activated = objectAt(machine, activateHandle, 1)
      const seed = inParameter(2, () => openSecret(machine, key, 'IDENTITY', secret))
      const value = inParameter(1, () =>
        readCredential(unwrap(protectionOf(key, seed), activated.name, credentialBlob, false)),
      )
      return { parameters: [encode(tpm2bDigest, value)] }
    },
  }),
  defineCommand('TPM2_MakeCredential', {
    handles: { handle: { type: objectHandle } },
    parameters: { credential: digest, objectName: name },
    encryptable: true,
    run(machine, { handle, credential, objectName }) {
      const { publicArea } = credentialKey(machine, handle, 1)
      const { nameAlg } = publicArea
      if (nameAlg === 'null') return refuseHandle(1, 'TYPE')
      if (credential.length > hashFacts(nameAlg).size) refuseParameter(1, 'SIZE')
      const { seed, encryptedSecret: shared } = shareSecret(machine, publicArea, 'IDENTITY')
      const blob = wrap(protectionOf({ publicArea }, seed), objectName, encode(tpm2bDigest, credential))
      const sized = concatBytes(Uint8Array.of(blob.length >> 8, blob.length & 0xff), blob)
      return { parameters: [sized, encode(tpm2bEncryptedSecret, shared)] }
    },
  }),
]
