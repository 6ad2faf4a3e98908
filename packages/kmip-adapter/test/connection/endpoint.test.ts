import { describe, expect, test } from 'vitest'
import { parseEndpoint, type ServerAddress } from '../../src/connection/endpoint.js'
import { transportFailed } from '../../src/connection/failure.js'

describe('an address', () => {
  test.each<[ServerAddress, string]>([
    ['kms.example', 'kms.example:5696'],
    ['kms.example:1', 'kms.example:1'],
    ['kms.example:65535', 'kms.example:65535'],
    ['[2001:db8::1]', '[2001:db8::1]:5696'],
    ['[2001:db8::1]:5697', '[2001:db8::1]:5697'],
    [{ host: '2001:db8::1', port: 5697 }, '[2001:db8::1]:5697'],
  ])('%s is taken', (address, label) => {
    expect(parseEndpoint(address).label).toBe(label)
  })

  test.each<[ServerAddress, RegExp]>([
    ['', /expected host, host:port/],
    ['2001:db8::1', /expected host, host:port/],
    ['[2001:db8::1', /expected host, host:port/],
    ['kms.example:', /expected host, host:port/],
    ['kms.example:123456', /expected host, host:port/],
    ['https://kms.example', /expected host, host:port/],
    ['kms example', /not a host name/],
    [{ host: '' }, /not a host name/],
    ['kms.example:0', /not a port/],
    ['kms.example:65536', /not a port/],
    [{ host: 'kms.example', port: 1.5 }, /not a port/],
    [{ host: 'kms.example', port: Number.NaN }, /not a port/],
    [{} as ServerAddress, /not a host name/],
    [5696 as unknown as ServerAddress, /not a host name/],
    [null as unknown as ServerAddress, /not a host name/],
  ])('%j is refused', (address, reason) => {
    const context = { name: 'servers', reason: expect.stringMatching(reason) }
    expect(() => parseEndpoint(address)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID', context }),
    )
  })
})

test.each([
  ['tls', undefined, true],
  ['tls', new Error('read ECONNRESET'), true],
  ['tls', Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' }), false],
  ['read', Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' }), true],
] as const)('a failure in phase %s by %s may pass: %s', (phase, cause, retryable) => {
  expect(transportFailed('server', phase, cause).retryable).toBe(retryable)
})
