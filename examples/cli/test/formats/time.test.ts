import { expect, test } from 'vitest'
import { parseTime, showTime } from '../../src/formats/time.js'

test.each([
  ['2026-01-31', '2026-01-31T00:00:00Z'],
  ['2024-02-29', '2024-02-29T00:00:00Z'],
  ['2026-01-31T12:30:15Z', '2026-01-31T12:30:15Z'],
  ['2026-01-31T12:30:15.250Z', '2026-01-31T12:30:15.250Z'],
  ['2026-01-31T23:30:00-02:00', '2026-02-01T01:30:00Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
])('%s is %s', (text, expected) => {
  const time = parseTime(text)
  expect(time).toBeDefined()
  expect(showTime(time ?? 0)).toBe(expected)
})

test.each([
  '',
  'now',
  '2026',
  '2026-1-31',
  '2026-02-30',
  '2026-13-01',
  '2025-02-29T00:00:00Z',
  '2026-01-31T24:00:00Z',
  '2026-01-31T12:60:00Z',
  '2026-01-31T12:00:00',
  '2026-01-31 12:00:00Z',
  '2026-01-31T12:00:00+2:00',
  '2026-01-31T12:00:00+99:00',
  ' 2026-01-31',
  '1767225600',
])('%j is no time', (text) => {
  expect(parseTime(text)).toBeUndefined()
})
