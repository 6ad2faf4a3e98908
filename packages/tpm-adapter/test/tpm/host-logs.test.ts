import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEventLog, readOptionalLog } from '../../src/tpm/host-logs.js'
import { codeOf } from '../code-of.js'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'trusthold-logs-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const fileWith = (name: string, content: Uint8Array): string => {
  const file = join(directory, name)
  writeFileSync(file, content)
  return file
}

describe('a log that there may be none of', () => {
  test('is read to its end, as it is now', async () => {
    const file = fileWith('ima', Uint8Array.of(1))
    expect(await readOptionalLog('the list', file)).toEqual(Uint8Array.of(1))
    fileWith('ima', new Uint8Array(200_000).fill(2))
    expect(await readOptionalLog('the list', file)).toHaveLength(200_000)
  })

  test('whose size the kernel does not know is read all the same', async () => {
    expect((await readOptionalLog('the list', '/proc/self/status'))?.length).toBeGreaterThan(100)
  })

  test('is none where the file or its folder is not there', async () => {
    expect(await readOptionalLog('the list', join(directory, 'none'))).toBeUndefined()
    expect(
      await readOptionalLog('the list', join(fileWith('file', Uint8Array.of(1)), 'none')),
    ).toBeUndefined()
  })

  test('that cannot be read is an error and not none', async () => {
    await expect(readOptionalLog('the list', directory)).rejects.toThrow(
      codeOf('TPM_NOT_AVAILABLE', { what: 'the list' }),
    )
    if (process.getuid?.() === 0) return
    const file = fileWith('secret', Uint8Array.of(1))
    chmodSync(file, 0)
    await expect(readOptionalLog('the list', file)).rejects.toThrow(codeOf('TPM_NOT_AVAILABLE'))
  })
})

test('a host without an event log is one that cannot attest', async () => {
  await expect(readEventLog(join(directory, 'none'))).rejects.toThrow(
    codeOf('TPM_NOT_AVAILABLE', { what: 'the event log' }),
  )
})
