import { describe, expect, test } from 'vitest'
import { attributesOf, keyServerOf, type State, stage, success, useStage } from './key-server-stage.js'

useStage()

describe('what a server says of a key', () => {
  const describeWith = async (more: State['more']) => {
    const server = await stage.serve(() => attributesOf('7', more === undefined ? {} : { more }))
    return await keyServerOf([server.port])
      .describe('7')
      .catch((error: unknown) => error)
  }
  const link = (linkType: string, linkedObjectIdentifier: string) => ({
    name: 'Link',
    value: { linkType, linkedObjectIdentifier },
  })

  test.each([
    ['nothing', undefined, undefined],
    ['extractable', [{ name: 'Extractable', value: true }], true],
    ['not extractable', [{ name: 'Extractable', value: false }], false],
    ['sensitive', [{ name: 'Sensitive', value: true }], false],
    ['not sensitive', [{ name: 'Sensitive', value: false }], true],
    [
      'extractable, but only wrapped',
      [
        { name: 'Extractable', value: true },
        { name: 'Sensitive', value: true },
      ],
      false,
    ],
  ])('%s', async (_, more, extractable) => {
    expect(((await describeWith(more)) as { extractable?: boolean }).extractable).toBe(extractable)
  })

  test('is what replaces it, and no other link', async () => {
    const replaced = [
      link('ReplacedObjectLink', '6'),
      link('ReplacementObjectLink', '8'),
      link('ParentLink', '9'),
    ]
    expect(await describeWith(replaced)).toMatchObject({ replacedBy: '8' })
    expect(await describeWith([link('ReplacedObjectLink', '6')])).not.toHaveProperty('replacedBy')
  })

  test.each([
    ['two keys', [link('ReplacementObjectLink', '8'), link('ReplacementObjectLink', '9')]],
    ['a key without an id', [link('ReplacementObjectLink', '')]],
  ])('that it is replaced by %s is nonsense', async (_, more) => {
    expect(await describeWith(more)).toMatchObject({ code: 'KMIP_PROTOCOL' })
  })

  test('has to be about that key, and whole', async () => {
    const other = await stage.serve(() => attributesOf('8'))
    await expect(keyServerOf([other.port]).describe('7')).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    const whole = [
      { name: 'State', value: 'Active' },
      { name: 'CryptographicAlgorithm', value: 'AES' },
      { name: 'CryptographicLength', value: 256 },
    ]
    for (const missing of whole) {
      const attribute = whole.filter((one) => one !== missing)
      const less = await stage.serve(() => success('GetAttributes', { uniqueIdentifier: '7', attribute }))
      await expect(keyServerOf([less.port]).describe('7')).rejects.toMatchObject({ code: 'KMIP_PROTOCOL' })
    }
    for (const id of ['', undefined as unknown as string]) {
      const described = keyServerOf([other.port]).describe(id)
      await expect(described).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })
})
