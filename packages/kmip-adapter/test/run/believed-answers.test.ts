import { describe, expect, test } from 'vitest'
import { aesCbc, type Command, commands, symmetricKeyObject } from '../../src/commands/index.js'
import { readAnswer } from '../../src/run/read-answer.js'
import { plain, secret } from '../items.js'
import { answered, encrypted, id, protocol, raw } from './answered.js'

describe('an answer about another object is not believed', () => {
  const other = { uniqueIdentifier: '8' }
  test.each<[Command<unknown>, object]>([
    [commands.activate('7'), {}],
    [commands.revoke('7', { reason: 'Unspecified' }), {}],
    [commands.destroy('7'), {}],
    [commands.archive('7'), {}],
    [commands.recover('7'), {}],
    [commands.obtainLease('7'), { leaseTime: 1, lastChangeDate: 1n }],
    [commands.check('7', {}), {}],
    [commands.getAttributes('7'), {}],
    [commands.getAttributeList('7'), {}],
    [commands.addAttribute('7', { name: 'Comment', value: 'c' }), {}],
    [commands.modifyAttribute('7', { name: 'Comment', value: 'c' }), {}],
    [commands.deleteAttribute('7', 'Comment'), {}],
    [commands.get('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.getObject('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.exportObject('7'), { objectType: 'SymmetricKey', symmetricKey: { keyBlock: raw } }],
    [commands.importObject('7', symmetricKeyObject('AES', new Uint8Array(16))), {}],
    [commands.encrypt('7', plain(1), { parameters: aesCbc }), { data: plain(1) }],
    [commands.decrypt('7', encrypted, { parameters: aesCbc }), { data: secret(1) }],
    [commands.sign('7', { data: plain(1) }, {}), { signatureData: plain(1) }],
    [commands.verifySignature('7', { data: plain(1) }, plain(2), {}), { validityIndicator: 'Valid' }],
    [commands.mac('7', plain(1), {}), { macData: plain(1) }],
    [commands.verifyMac('7', plain(1), plain(2), {}), { validityIndicator: 'Valid' }],
  ])('%#', async (command, payload) => {
    await answered(command, { ...id, ...payload })
    await expect(answered(command, { ...other, ...payload })).rejects.toThrow(protocol)
  })
})

test('a command about an object has its id', () => {
  const refused = expect.objectContaining({ code: 'ARGUMENT_INVALID' })
  expect(() => commands.activate('')).toThrow(refused)
  expect(() => commands.activate(undefined as never)).toThrow(refused)
  expect(() => commands.deriveKey({ from: [], method: 'HASH' })).toThrow(refused)
})

test('the secrets of an answer that is not believed are overwritten', () => {
  const payload = () => ({
    ...id,
    objectType: 'SymmetricKey',
    symmetricKey: { keyBlock: { keyFormatType: 'Raw', keyValue: { keyMaterial: secret(1) } } },
  })
  const isWiped = (command: Command<unknown>, answer: ReturnType<typeof payload>): boolean => {
    expect(() => readAnswer(command, '7', answer)).toThrow(protocol)
    return answer.symmetricKey.keyBlock.keyValue.keyMaterial.wiped
  }
  expect(isWiped(commands.getObject('7'), { ...payload(), uniqueIdentifier: '8' })).toBe(true)
  expect(isWiped(commands.getWrapped('7', { wrappingKey: 'kek' }), payload())).toBe(true)
  const good = payload()
  readAnswer(commands.getObject('7'), '7', good)
  expect(good.symmetricKey.keyBlock.keyValue.keyMaterial.wiped).toBe(false)
})
