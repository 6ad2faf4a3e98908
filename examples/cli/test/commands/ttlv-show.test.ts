import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFiles, type Files, run, runJson } from '../running.js'

interface Pairs {
  readonly pairs: Readonly<Record<string, { readonly request: string; readonly response: string }>>
}

const recording = fileURLToPath(
  new URL('../../../../packages/kmip-adapter/test/recordings/pykmip-1.4.json', import.meta.url),
)
const { pairs } = JSON.parse(readFileSync(recording, 'utf8')) as Pairs
const get = pairs['get'] as { request: string; response: string }
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
/** The 32 bytes of the key, which stand behind the header of their item. */
const key = /4200430800000020([0-9a-f]{64})/.exec(get.response)?.[1] as string

let files: Files
beforeAll(() => {
  files = createFiles()
})
afterAll(() => files.remove())

const show = (...args: string[]) => run(['ttlv', 'show', ...args])

describe('a message', () => {
  test('as a tree', async () => {
    const { code, stdout, stderr } = await show(files.write('get.bin', bytesOf(get.response)))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^ResponseMessage\n {2}ResponseHeader\n/)
    expect(stdout).toContain('\n    Operation: Get\n    ResultStatus: Success\n')
    expect(stdout).toContain('            KeyMaterial: <redacted, 32 bytes>\n')
    expect(stdout).toContain('          CryptographicLength: 256\n')
    expect(key).toHaveLength(64)
    expect(stdout).not.toContain(key)
  })

  test('in JSON, as the standard has it', async () => {
    const document = await runJson<object>(['ttlv', 'show', get.request], 0)
    expect(document).toMatchObject({
      tag: 'RequestMessage',
      value: [
        { tag: 'RequestHeader' },
        { tag: 'BatchItem', value: [{ tag: 'Operation', value: 'Get' }, {}] },
      ],
    })
    const { stdout } = await show(get.request, '--format', 'json')
    expect(JSON.parse(stdout)).toEqual(document)
    expect(await show(get.request, '--format', 'json', '--json')).toEqual(await show(get.request, '--json'))
  })

  test('in XML, as the standard has it', async () => {
    const { code, stdout } = await show(get.response, '--format', 'xml')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^<ResponseMessage>\n {2}<ResponseHeader>\n/)
    expect(stdout).toContain('<Operation type="Enumeration" value="Get"/>\n')
    expect(stdout).toContain('<KeyMaterial type="ByteString" redacted="true" length="32"/>\n')
    expect(stdout).toMatch(/\n<\/ResponseMessage>\n$/)
  })

  test.each([['tree'], ['json'], ['xml']])('with its key, if it is to be revealed, as %s', async (format) => {
    const hidden = await show(get.response, '--format', format)
    const shown = await show(get.response, '--format', format, '--reveal')
    expect(hidden.stdout).toMatch(/redacted/)
    expect(hidden.stdout).not.toContain(key)
    expect(shown.stdout).not.toMatch(/redacted/)
    expect(shown.stdout).toContain(key)
  })

  test('and in --json', async () => {
    expect((await show(get.response, '--json')).stdout).not.toContain(key)
    expect((await show(get.response, '--json', '--reveal')).stdout).toContain(key)
  })

  test('is the same from wherever it comes', async () => {
    const expected = await show(get.response)
    const lines = get.response.toUpperCase().replaceAll(/.{64}/g, '$&\n  ')
    expect(await show(files.write('a.bin', bytesOf(get.response)))).toEqual(expected)
    expect(await show(files.write('a.hex', lines))).toEqual(expected)
    expect(await show(get.response.toUpperCase())).toEqual(expected)
    expect(await run(['ttlv', 'show', '-'], bytesOf(get.response))).toEqual(expected)
    expect(await run(['ttlv', 'show', '-'], new TextEncoder().encode(lines))).toEqual(expected)
  })
})

describe('several messages', () => {
  const both = get.request + get.response

  test('as trees, one after the other', async () => {
    const [request, response] = [await show(get.request), await show(get.response)]
    const { code, stdout } = await show(files.write('both.bin', bytesOf(both)))
    expect(code).toBe(0)
    expect(stdout).toBe(`${request.stdout}\n${response.stdout}`)
  })

  test('in JSON, as one document', async () => {
    const list = await runJson<object[]>(['ttlv', 'show', both], 0)
    expect(list).toMatchObject([{ tag: 'RequestMessage' }, { tag: 'ResponseMessage' }])
  })

  test('in XML, as one document', async () => {
    const { stdout } = await show(both, '--format', 'xml')
    expect(stdout).toMatch(/^<KMIP>\n {2}<RequestMessage>\n/)
    expect(stdout).toMatch(/\n {2}<\/ResponseMessage>\n<\/KMIP>\n$/)
  })
})

describe('what cannot be shown', () => {
  const refuse = async (message: string, ...args: string[]) =>
    expect(await show(...args)).toEqual({ code: 2, stdout: '', stderr: `trusthold: ${message}\n` })

  test('a message that is cut, with file, path and offset', async () => {
    const file = files.write('cut.bin', bytesOf(get.request).subarray(0, 100))
    await refuse(`${file}: RequestMessage: needs 120 bytes at offset 0, 100 are available`, file)
  })

  test('a wrong length deep in the second message', async () => {
    const wrong = get.request.replace('42006a0200000004', '42006a0200000005')
    const file = files.write('wrong.bin', bytesOf(get.request + wrong))
    await refuse(
      `${file}: RequestMessage[1].RequestHeader.ProtocolVersion.ProtocolVersionMajor: expected a length of 4 of an item of type Integer at offset 144, found 5`,
      file,
    )
  })

  test('a claim of four gigabytes', async () => {
    await refuse(
      'hexadecimal: RequestMessage: needs 4294967296 bytes at offset 0, 8 are available',
      '42007801fffffff8',
    )
  })

  test('structures in each other without end', async () => {
    const depth = 64
    const hex = Array.from({ length: depth }, (_, i) => {
      return `42007801${((depth - 1 - i) * 8).toString(16).padStart(8, '0')}`
    }).join('')
    const { code, stderr } = await show(hex)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^trusthold: hexadecimal: RequestMessage(?:\.RequestMessage){32}: 33 a/)
  })

  test('hexadecimal of an odd number of digits, a file that is none, nothing', async () => {
    const odd = files.write('odd.hex', `${get.request}4`)
    await refuse(`${odd}: not hex: bad character or length at position 241 of 241`, odd)
    await refuse('/nonexistent: cannot be read: no such file', '/nonexistent')
    const empty = files.write('empty', '')
    await refuse(`${empty}: expected content, found an empty file`, empty)
  })

  test('text that XML cannot hold', async () => {
    const hex = '42009407000000010000000000000000'
    expect((await show(hex)).stdout).toBe('UniqueIdentifier: "\\u0000"\n')
    await refuse(
      'hexadecimal: UniqueIdentifier: cannot write a text with others, expected characters that XML can hold',
      hex,
      '--format',
      'xml',
    )
  })

  test.each([
    [
      ['--format', 'yaml'],
      "option '--format <format>' argument 'yaml' is invalid. Expected one of tree, json, xml.",
    ],
    [
      ['--format', 'xml', '--format', 'xml'],
      "option '--format <format>' argument 'xml' is invalid. It is given twice.",
    ],
    [['--format', 'xml', '--json'], '--json prints JSON: expected no --format xml beside it'],
    [['--format', 'tree', '--json'], '--json prints JSON: expected no --format tree beside it'],
  ])('%j', async (options, message) => {
    await refuse(message, get.request, ...options)
  })
})

test('what commands a terminal is shown as escapes', async () => {
  const text = Buffer.from('\u001b[31m\u202e\u2028').toString('hex')
  const hex = `42009407${(text.length / 2).toString(16).padStart(8, '0')}${text.padEnd(32, '0')}`
  for (const args of [[], ['--format', 'json'], ['--json']]) {
    const { code, stdout } = await show(hex, ...args)
    expect(code).toBe(0)
    expect(stdout.replaceAll('\n', '')).toMatch(/^\P{C}*$/u)
    expect(stdout).not.toMatch(/\u2028/)
  }
})
