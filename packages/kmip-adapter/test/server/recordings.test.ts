import { fromHex } from '@trusthold/core/bytes'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ResponseItem, responseMessage } from '../../src/messages/index.js'
import { decodeMessage } from '../../src/ttlv/index.js'
import { recordedByVersion } from '../recordings.js'
import { createIdentities, startEmbedded, type TestIdentities } from './embedded.js'
import { connectRaw } from './raw-client.js'
import { createRecordedIds } from './recorded-ids.js'

let identities: TestIdentities
beforeAll(async () => {
  identities = await createIdentities()
})
afterAll(() => identities.remove())

/** What an answer says, apart from its values: operation, result, reason, and the fields of its payload. */
function outlineOf(response: Uint8Array): string {
  const [item] = decodeMessage(responseMessage, response).batchItem ?? []
  const { operation, resultStatus, resultReason, responsePayload = {} } = item as ResponseItem
  return [operation, resultStatus, resultReason, ...Object.keys(responsePayload as object)].join(' ')
}

/** Where the standard has something else than PyKMIP does, or leaves a choice: what we answer. */
const differences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  query: { all: 'Query Success  operation objectType vendorIdentification' },
  rekey: { all: 'ReKey Success  uniqueIdentifier' },
  // What was encrypted with the key of the recording.
  decrypt_cbc: { all: 'Decrypt OperationFailed CryptographicFailure' },
  // KMIP 1.0 has no Encoding Option.
  get_wrapped_nist: { '1.0': 'Get OperationFailed InvalidField' },
  // Since KMIP 1.3 the number of all that match is told.
  locate_by_name: {
    '1.3': 'Locate Success  locatedItems uniqueIdentifier',
    '1.4': 'Locate Success  locatedItems uniqueIdentifier',
    '2.0': 'Locate Success  locatedItems uniqueIdentifier',
  },
  locate_miss: {
    '1.3': 'Locate Success  locatedItems',
    '1.4': 'Locate Success  locatedItems',
    '2.0': 'Locate Success  locatedItems',
  },
  // Reasons that came with KMIP 2.0.
  encrypt_no_params: { '2.0': 'Encrypt OperationFailed BadCryptographicParameters' },
  destroy_active: { '2.0': 'Destroy OperationFailed WrongKeyLifecycleState' },
  get_destroyed: { '2.0': 'Get OperationFailed ObjectDestroyed' },
  // PyKMIP fails while it writes the answer, and sends none.
  get_attrs_none: { '2.0': 'GetAttributes Success  uniqueIdentifier attributes' },
}

describe.each(Object.entries(recordedByVersion))('what PyKMIP was asked, KMIP %s', (version, pairs) => {
  test('is answered alike', async () => {
    await using embedded = await startEmbedded(identities)
    const { client: identity, authority } = identities
    await using client = await connectRaw(embedded.port, identity, authority.certificate)
    const ids = createRecordedIds()
    const [ours, theirs]: Record<string, string>[] = [{}, {}]
    for (const [name, { request, response }] of Object.entries(pairs)) {
      const answer = await client.ask(ids.toOurs(fromHex(request)))
      const { [version]: own, all = own } = differences[name] ?? {}
      Object.assign(ours ?? {}, { [name]: outlineOf(answer) })
      Object.assign(theirs ?? {}, { [name]: all ?? outlineOf(fromHex(response ?? '')) })
      if (response !== null) ids.learn(fromHex(response), answer)
    }
    expect(ours).toEqual(theirs)
  })
})
