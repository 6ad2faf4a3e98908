import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.js'
import { decode, encode } from '../../src/codec/index.js'
import {
  computeName,
  publicKeyOf,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '../../src/tpm2/index.js'
import { recorded } from './recorded.js'

const keyOf = (scheme: string) => {
  const key = recorded.keys.find((each) => each.scheme === scheme)
  if (key === undefined) throw new Error(`no key for ${scheme}`)
  return key
}
const statements = [...recorded.quotes.map((quote) => ({ ...quote, type: 'quote' })), ...recorded.statements]

describe('what a TPM and tpm2-tools made', () => {
  it.each(statements)('$type by $scheme parses, is written back byte by byte, and verifies', (statement) => {
    const message = fromHex(statement.message)
    const attest = decode(tpmsAttest, message)
    expect(attest.type).toBe(statement.type)
    expect(toHex(encode(tpmsAttest, attest))).toBe(statement.message)
    const key = keyOf(statement.scheme)
    expect(toHex(attest.qualifiedSigner)).toBe(key.qualifiedName)
    const signature = decode(tpmtSignature, fromHex(statement.signature))
    expect(toHex(encode(tpmtSignature, signature))).toBe(statement.signature)
    const publicArea = decode(tpmtPublic, fromHex(key.public))
    const options = { key: publicKeyOf(publicArea), publicArea, signature }
    expect(verifySignature({ ...options, message })).toBe(true)
    const changed = message.map((byte, i) => (i === message.length - 1 ? byte ^ 1 : byte))
    expect(verifySignature({ ...options, message: changed })).toBe(false)
  })

  it.each(statements)('$type by $scheme has the content that was asked for', ({ message }) => {
    const attest = decode(tpmsAttest, fromHex(message))
    if (attest.type === 'quote') {
      expect(toHex(attest.extraData)).toBe('00112233')
      expect(attest.attested.pcrSelect).toEqual([
        { hash: 'sha256', sizeofSelect: 3, pcrs: [0, 1, 2, 7, 17] },
        { hash: 'sha1', sizeofSelect: 3, pcrs: [3, 23] },
      ])
    }
    if (attest.type === 'nv') {
      expect(Buffer.from(attest.attested.nvContents).toString()).toBe('trusted!')
    }
    if (attest.type === 'commandAudit') expect(attest.attested.digestAlg).toBe('sha256')
    if (attest.type === 'sessionAudit') expect(attest.attested.sessionDigest).toHaveLength(32)
  })

  it.each(recorded.keys)('the public areas for $scheme are written back byte by byte', (key) => {
    for (const hex of [key.public, key.endorsementPublic]) {
      expect(toHex(encode(tpmtPublic, decode(tpmtPublic, fromHex(hex))))).toBe(hex)
    }
    expect(toHex(computeName(fromHex(key.public)))).toBe(key.name)
  })
})
