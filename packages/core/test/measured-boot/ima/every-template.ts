import { concatBytes, fromHex, utf8 } from '../../../src/bytes/index.js'
import type { BuiltImaEntry } from '../../../src/testing/index.js'

const path = '/usr/bin/größe\0'
const digest = (prefix: string): Uint8Array =>
  concatBytes(utf8(`${prefix}:\0`), fromHex('0123456789abcdef'.repeat(4)))
const signature = fromHex('030204deadbeef000401020304')

/** One entry of each template that kernels have, with every field filled. */
export function everyTemplate(): readonly BuiltImaEntry[] {
  return [
    { template: 'ima', fields: [fromHex('0123456789abcdef0123456789abcdef01234567'), path] },
    { template: 'ima-ng', fields: [digest('sha256'), path] },
    { template: 'ima-sig', fields: [digest('sha256'), path, signature] },
    { template: 'ima-ngv2', fields: [digest('verity:sha256'), path] },
    { template: 'ima-sigv2', fields: [digest('ima:sha256'), path, signature] },
    { template: 'ima-buf', fields: [digest('sha256'), path, utf8('quiet ima_policy=tcb')] },
    {
      template: 'ima-modsig',
      fields: [digest('sha256'), path, signature, digest('sha512'), fromHex('3082000aff')],
    },
    {
      template: 'evm-sig',
      fields: [
        ...[digest('sha256'), path, fromHex('050204deadbeef00020102')],
        ...['security.ima|security.selinux\0', fromHex('0500000003000000'), fromHex('0102030405060708')],
        ...[fromHex('e8030000'), fromHex('e9030000'), fromHex('ed81')],
      ],
    },
  ]
}
