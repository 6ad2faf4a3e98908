import { TrustholdError } from '@trusthold/core/errors'
import { expect, test } from 'vitest'
import { inFile, UserError } from '../src/user-error.js'

const throwing = (error: Error) => () =>
  inFile('quote.msg', () => {
    throw error
  })

test('what is wrong with a file is said with its name, on one line', () => {
  const cause = new TrustholdError('CODEC_TRAILING', { path: 'TPMS_ATTEST', offset: 7, trailing: 1 })
  expect(throwing(cause)).toThrow(
    new UserError('quote.msg: TPMS_ATTEST: 1 unread bytes after its end at offset 7'),
  )
  expect(throwing(new UserError('line 2: expected\na PCR'))).toThrow('quote.msg: line 2: expected a PCR')
})

test('a mistake of ours is not blamed on the file', () => {
  const mistake = new TypeError('undefined is not a function')
  expect(throwing(mistake)).toThrow(mistake)
})
