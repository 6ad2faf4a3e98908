import { expect, test } from 'vitest'
import type { KeyRequests } from '../../src/key-server/key-requests.js'
import { describeKey } from '../../src/key-server/primary-key-info.js'
import type { AttributeSet } from '../../src/protocol/index.js'

const describeWith = (linkedObjectIdentifier: string | number) => {
  const attributes = {
    state: 'Active',
    cryptographicAlgorithm: 'AES',
    cryptographicLength: 256,
    link: [{ linkType: 'ReplacementObjectLink', linkedObjectIdentifier }],
  } as unknown as AttributeSet
  return describeKey({ attributes: async () => attributes } as unknown as KeyRequests, '7')
}

test('a key is replaced by one that has an id: in KMIP 2.x a link may be a number that stands for a request', async () => {
  await expect(describeWith('8')).resolves.toMatchObject({ replacedBy: '8' })
  await expect(describeWith(1)).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
})
