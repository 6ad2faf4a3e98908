import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPyKmip } from '../../scripts/peers/pykmip.mjs'
import { type Ended, start } from './processes.js'

const example = fileURLToPath(new URL('../../examples/kmip-client/', import.meta.url))

describe('the KMIP client by itself, against PyKMIP', () => {
  let directory = ''
  let server: Awaited<ReturnType<typeof startPyKmip>>
  const at = (name: string): string => join(directory, name)
  const address = (): string => `${server.host}:${server.port}`
  const files = () => ['--ca', at('ca.pem'), '--cert', at('client.pem'), '--key', at('client.key')]
  const run = (...args: string[]): Promise<Ended> => start('kmip-client', args, {}).ended
  const use = (...args: string[]): Promise<Ended> => run('--server', address(), ...files(), ...args)

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trusthold-kmip-client-'))
    server = await startPyKmip()
    await writeFile(at('ca.pem'), server.ca)
    await writeFile(at('client.pem'), server.clientCertificate)
    await writeFile(at('client.key'), server.clientPrivateKey)
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const idOf = ({ stdout }: Ended): string | undefined => /^key (\S+): Active, 256 bits$/m.exec(stdout)?.[1]

  test('makes a key, finds it again, and destroys it', async () => {
    const first = await use('disks')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^PyKMIP [^\n]+, KMIP 1\.4\nkey \S+: Active, 256 bits\ndecrypted: hello\n$/)
    const again = await use('disks')
    expect(again.stdout).toBe(first.stdout)

    const last = await use('disks', '--destroy')
    expect(last.stdout).toBe(`${first.stdout}destroyed\n`)
    const next = await use('disks', '--destroy')
    expect(next).toMatchObject({ code: 0, stderr: '' })
    expect(idOf(next)).toEqual(expect.any(String))
    expect(idOf(next)).not.toBe(idOf(first))
  })

  test('asks another server when the first one is gone', async () => {
    const { code, stdout } = await run('--server', '127.0.0.1:1', '--server', address(), ...files(), 'pair')
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('decrypted: hello\n') })
  })

  test('says what is wrong', async () => {
    await writeFile(at('other.pem'), server.secondClient.certificate)
    const other = ['--server', address(), '--ca', at('other.pem'), ...files().slice(2), 'disks']
    expect(await run(...other)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*127\.0\.0\.1:\d+[^\n]*certificate[^\n]*\n$/),
    })
    expect(await run('disks')).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^usage: /) })
  })

  test('fits on a page', async () => {
    const source = await readFile(`${example}src/main.ts`, 'utf8')
    expect(source.split('\n').length).toBeLessThan(60)
  })

  test('and does what its README shows', async () => {
    const readme = await readFile(`${example}README.md`, 'utf8')
    const [, commands = ''] = /```sh\n(.*?)```/s.exec(readme) ?? []
    const script = commands
      .replaceAll('kms.example:5696', address())
      .replaceAll('node examples', `node ${example}..`)
      .replaceAll(/(ca\.pem|client\.pem|client\.key)/g, (name) => at(name))
    const { stdout } = await promisify(execFile)('sh', ['-euc', script])
    expect(stdout.match(/^decrypted: hello$/gm)).toHaveLength(2)
    expect(stdout).toMatch(/\ndestroyed\n$/)
  })
})
