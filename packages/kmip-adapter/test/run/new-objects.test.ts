import { describe, expect, test } from 'vitest'
import { type Command, commands, customAttribute, symmetricKeyObject } from '../../src/commands/index.js'
import { plainName } from '../../src/protocol/index.js'
import { plain } from '../items.js'
import { answered, id, protocol, sent } from './answered.js'

describe('new objects', () => {
  const pair = (privateKeyUniqueIdentifier: string, publicKeyUniqueIdentifier: string) => ({
    privateKeyUniqueIdentifier,
    publicKeyUniqueIdentifier,
  })
  test.each<[Command<unknown>, object]>([
    [commands.create({ algorithm: 'AES', length: 128 }), { objectType: 'PublicKey', ...id }],
    [
      commands.create({ algorithm: 'AES', length: 128 }),
      { objectType: 'SymmetricKey', uniqueIdentifier: '' },
    ],
    [commands.register(symmetricKeyObject('AES', plain(1))), { uniqueIdentifier: '' }],
    [commands.rekey('7'), id],
    [commands.rekey('7'), { uniqueIdentifier: '' }],
    [commands.rekeyKeyPair('7'), pair('7', '9')],
    [commands.rekeyKeyPair('7'), pair('8', '')],
    [commands.createKeyPair({ algorithm: 'RSA', length: 2048 }), pair('8', '8')],
    [commands.createKeyPair({ algorithm: 'RSA', length: 2048 }), pair('', '8')],
    [commands.deriveKey({ from: ['6', '7'], method: 'HASH' }), id],
    [commands.deriveKey({ from: '6', method: 'HASH' }), { uniqueIdentifier: '' }],
  ])('have to be new ones, with ids: %#', async (command, payload) => {
    await expect(answered(command, payload)).rejects.toThrow(protocol)
  })

  test('get what is described, in the form of the version', async () => {
    const create = commands.create({
      algorithm: 'AES',
      length: 256,
      usage: ['WrapKey'],
      name: 'n',
      attributes: {
        objectGroup: ['a', 'b'],
        contactInformation: 'c',
        custom: [customAttribute('x-Own', 1)],
      },
    })
    const attributes = [
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
      { name: 'CryptographicUsageMask', value: 0x10 },
      { name: 'Name', value: plainName('n') },
      { name: 'ObjectGroup', value: 'a' },
      { name: 'ObjectGroup', value: 'b' },
      { name: 'ContactInformation', value: 'c' },
      expect.objectContaining({ name: 'Custom', vendor: 'x', title: 'Own' }),
    ]
    expect(await sent(create, '2.1')).toEqual({ objectType: 'SymmetricKey', attributes })
    const numbered = attributes.map((one, i) => (i === 5 ? { ...one, index: 1 } : one))
    expect(await sent(create, '1.0')).toEqual({
      objectType: 'SymmetricKey',
      templateAttribute: { attribute: numbered },
    })
  })

  test('get no attribute that there is not', () => {
    expect(() =>
      commands.create({ algorithm: 'AES', length: 256, attributes: { nmae: [] } as never }),
    ).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  test.each([
    ['text', 'TextString', 'text'],
    [5, 'Integer', 5],
    [5n, 'LongInteger', 5n],
    [true, 'Boolean', true],
    [new Date(5_000), 'DateTime', 5n],
    [plain(5), 'ByteString', plain(5)],
  ] as const)('get attributes of their own: %s', (value, type, written) => {
    expect(customAttribute('x-Own', value).value).toMatchObject({ type, value: written })
  })

  test('that are imported in place of others can be imported twice', () => {
    const object = symmetricKeyObject('AES', plain(1))
    expect(commands.importObject('7', object).operation.repeatable).toBe(false)
    expect(commands.importObject('7', object, { replaceExisting: true }).operation.repeatable).toBe(true)
  })
})
