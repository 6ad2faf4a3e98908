import { expect, test } from 'vitest'
import { certificateFrom } from '../../src/tpm/ek-certificate.js'

const der = (length: number): Uint8Array => {
  const header = length < 0x80 ? [0x30, length] : [0x30, 0x82, length >> 8, length & 0xff]
  return Uint8Array.from([...header, ...new Uint8Array(length).fill(7)])
}
const padded = (bytes: Uint8Array, padding: number, fill = 0): Uint8Array =>
  Uint8Array.of(...bytes, ...new Uint8Array(padding).fill(fill))
const wrapped = (inner: Uint8Array): Uint8Array =>
  Uint8Array.of(0x10, 0x01, 0x00, inner.length >> 8, inner.length & 0xff, ...inner)

test.each([
  ['as it is', der(700)],
  ['short', der(20)],
  ['with zeros after it', padded(der(700), 90)],
  ['with ones after it', padded(der(700), 90, 0xff)],
  ['in a wrapper', wrapped(der(700))],
  ['in a wrapper, with the inner tag', wrapped(Uint8Array.of(0x10, 0x02, ...der(700)))],
  ['in a wrapper, with padding', padded(wrapped(der(700)), 300, 0xff)],
  ['in a wrapper that is too long', wrapped(padded(der(700), 20))],
])('a certificate %s is found', (what, content) => {
  expect(certificateFrom(content)).toEqual(der(what === 'short' ? 20 : 700))
})

test('a blank index has none', () => {
  for (const fill of [0, 0xff]) expect(certificateFrom(new Uint8Array(800).fill(fill))).toBeUndefined()
  expect(certificateFrom(new Uint8Array())).toBeUndefined()
})

test.each([
  ['something else', Uint8Array.of(1, 2, 3)],
  ['a certificate that is cut short', der(700).subarray(0, 600)],
  ['a length of no length', Uint8Array.of(0x30, 0x80, 1, 2)],
  ['a length of four gigabytes', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 1)],
  ['a wrapper without content', Uint8Array.of(0x10, 0x01, 0x00)],
])('%s is left to the one who judges it', (_what, content) => {
  expect(certificateFrom(content)).toEqual(content)
})
