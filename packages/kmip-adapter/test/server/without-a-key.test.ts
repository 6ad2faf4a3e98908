import { utf8 } from '@trusthold/core/bytes'
import { describe, expect, test } from 'vitest'
import { bytesOf, hexOf, text } from './cipher-stage.js'
import { talker, useKeyServer } from './key-stage.js'

useKeyServer()

describe('without a key', () => {
  test('hashes', async () => {
    const hash = async (hashingAlgorithm: string) =>
      hexOf(
        (await talker.ask('Hash', { cryptographicParameters: { hashingAlgorithm }, data: utf8('abc') }))[
          'data'
        ],
      )
    expect(await hash('SHA_256')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(await hash('SHA_3_256')).toBe('3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532')
    const request = (parameters: object) => ({ cryptographicParameters: parameters, data: text })
    expect(await talker.refused('Hash', request({ hashingAlgorithm: 'MD5' }))).toBe(
      'UnsupportedCryptographicParameters',
    )
    expect(await talker.refused('Hash', request({}))).toBe('BadCryptographicParameters')
  })

  test('random bytes, as many as asked, up to a limit', async () => {
    const retrieve = (dataLength: number) => talker.ask('RNGRetrieve', { dataLength })
    const first = await retrieve(64)
    expect(bytesOf(first['data'])).toHaveLength(64)
    expect(hexOf((await retrieve(64))['data'])).not.toBe(hexOf(first['data']))
    for (const dataLength of [0, -1, 65_537]) {
      expect(await talker.refused('RNGRetrieve', { dataLength })).toBe('InvalidField')
    }
  })

  test('what is never deferred is not waited for, and a ping is answered', async () => {
    const asynchronousCorrelationValue = Uint8Array.of(1)
    expect(await talker.refused('Poll', { asynchronousCorrelationValue })).toBe(
      'InvalidAsynchronousCorrelationValue',
    )
    expect(await talker.ask('Cancel', { asynchronousCorrelationValue })).toMatchObject({
      cancellationResult: 'Unavailable',
    })
    expect(await talker.ask('Ping', {})).toEqual({})
    const id = await talker.createKey()
    expect(await talker.ask('ObtainLease', { uniqueIdentifier: id })).toMatchObject({ leaseTime: 3_600 })
  })
})
