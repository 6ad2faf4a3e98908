import { describe, expect, test } from 'vitest'
import { recorded, run } from './running.js'

const commands = [
  ['name'],
  ['quote', 'verify'],
  ['eventlog', 'show'],
  ['ima', 'show'],
  ['ttlv', 'show'],
  ['ek', 'show'],
  ['ek', 'verify'],
]

describe('help', () => {
  test('of the program lists the commands and exit statuses', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const [noun = ''] of commands) expect(stdout).toMatch(new RegExp(`^ {2}${noun}\\b`, 'm'))
    expect(stdout).toContain('Exit status: 0 done, or the evidence is good; 1 the evidence is bad; 2 usage')
  })

  test.each(commands.map((command) => [command.join(' '), command] as const))(
    'of %s has examples',
    async (name, command) => {
      const { code, stdout } = await run([...command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`^ {2}\\$ .*trusthold ${name} `, 'm'))
      expect(stdout).toContain('--json')
    },
  )

  test('the version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
  })
})

describe('a command line that makes no sense is said to be so on one line', () => {
  test.each([
    [[], 'expected a command; trusthold --help lists them'],
    [['quote'], 'expected a command; trusthold --help lists them'],
    [['nmae', 'x'], "unknown command 'nmae' (Did you mean name?)"],
    [['ek', 'prove'], "unknown command 'prove'"],
    [['name'], "missing required argument 'file'"],
    [['name', 'a', 'b'], "too many arguments for 'name'. Expected 1 argument but got 2."],
    [['name', 'a', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['--unknown'], "unknown option '--unknown'"],
    [['quote', 'verify'], "required option '--ak <file>' not specified"],
    [['quote', 'verify', '--ak'], "option '--ak <file>' argument missing"],
  ])('%j', async (args, message) => {
    expect(await run(args)).toEqual({ code: 2, stdout: '', stderr: `trusthold: ${message}\n` })
  })
})

describe('--json and --debug may stand anywhere', () => {
  const file = recorded('boot-secure/ak-rsa-2048.tpmt')

  test('--json', async () => {
    const after = await run(['name', file, '--json'])
    expect(JSON.parse(after.stdout)).toHaveProperty('name')
    expect(await run(['--json', 'name', file])).toEqual(after)
    expect(await run(['name', '--json', file])).toEqual(after)
  })

  test('--debug adds the stack trace, with what led to it', async () => {
    const plain = await run(['name', '/nonexistent'])
    expect(plain.stderr).toBe('trusthold: /nonexistent: cannot be read: no such file\n')
    const { code, stderr } = await run(['name', '/nonexistent', '--debug'])
    expect(code).toBe(2)
    expect(stderr.startsWith(plain.stderr)).toBe(true)
    expect(stderr).toMatch(/^UserError: .*\n {4}at /m)
    expect(stderr).toMatch(/^caused by\nError: ENOENT/m)
  })
})

test('T-45: what commands a terminal does not reach it from the command line', async () => {
  for (const args of [['name', 'a\x1b[31m\nb\u202e'], ['\x1b]0;title\x07'], ['name', '--\x9b31m', 'x']]) {
    const { code, stderr } = await run(args)
    expect(code).toBe(2)
    expect(stderr.trimEnd()).toMatch(/^trusthold: \P{C}*$/u)
  }
})
