import { describe, expect, it } from 'vitest'
import { SecretBytes } from '../../src/bytes/index.js'
import { shareSecret } from '../../src/config/index.js'
import { TrustholdError } from '../../src/errors/index.js'
import { rejectionOf } from '../jose/thrown.js'
import { scriptedStore } from './scripted-store.js'

const key = 'secrets/one'
const maker = () => {
  const made: SecretBytes[] = []
  const make = () => {
    const secret = SecretBytes.from(new Uint8Array(32).fill(made.length + 1))
    made.push(secret)
    return secret
  }
  return { made, make }
}

describe('shareSecret', () => {
  it('makes a secret once and gives it to all', async () => {
    const store = scriptedStore()
    const { made, make } = maker()
    const first = await shareSecret(store, key, make)
    const second = await shareSecret(store, key, make)
    expect(second.copy()).toEqual(first.copy())
    expect(made).toHaveLength(1)
  })

  it('of many nodes at once one wins, and the others wipe theirs', async () => {
    const store = scriptedStore()
    const { made, make } = maker()
    const all = await Promise.all(Array.from({ length: 10 }, () => shareSecret(store, key, make)))
    const values = new Set(all.map((secret) => secret.copy().join()))
    expect(values.size).toBe(1)
    expect(made.filter(({ wiped }) => !wiped)).toHaveLength(1)
    expect(store.revision).toBe(1n)
  })

  it('wipes what could not be stored, and passes on why', async () => {
    const store = scriptedStore()
    const { made, make } = maker()
    store.writeFailure = new TrustholdError('STORE_UNAVAILABLE', { operation: 'put', reason: 'down' })
    expect((await rejectionOf(shareSecret(store, key, make))).code).toBe('STORE_UNAVAILABLE')
    expect(made[0]?.wiped).toBe(true)
  })

  it('refuses an empty secret, and one that vanishes', async () => {
    const store = scriptedStore()
    const { make } = maker()
    await store.put(key, new Uint8Array())
    expect((await rejectionOf(shareSecret(store, key, make))).code).toBe('STORE_CORRUPT')
    await store.delete(key)
    store.put = async () => {
      throw new TrustholdError('STORE_CONFLICT', { key, expected: '0', actual: '1' })
    }
    expect((await rejectionOf(shareSecret(store, key, make))).code).toBe('STORE_CORRUPT')
  })
})
