import { expect, test } from 'vitest'
import { checkIma } from '../../src/attestation/ima-policy.js'
import { utf8 } from '../../src/bytes/index.js'
import type { QuoteFacts } from '../../src/evidence/index.js'
import { parseImaLog, readImaAllowList } from '../../src/measured-boot/index.js'

const entry = `10 ${'0'.repeat(40)} ima-ng sha256:${'0'.repeat(64)} boot_aggregate\n`
const log = parseImaLog(utf8(entry))
const ima = { log, count: 1, proved: () => log.events }

test('a list that no quoted bank could prove is refused', () => {
  expect(
    checkIma({ allowList: readImaAllowList({ version: 1 }) }, { ima, pcrs: [] } as unknown as QuoteFacts),
  ).toEqual({
    id: 'policy.ima',
    outcome: 'fail',
    reason: 'no bank was quoted',
  })
})
