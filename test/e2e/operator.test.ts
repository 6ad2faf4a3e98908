import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseEventLog } from '@trusthold/core/measured-boot'
import { connectSwtpmTcp, extendPcr } from '@trusthold/tpm-adapter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPyKmip } from '../../scripts/peers/pykmip.mjs'
import { startSwtpm } from '../../scripts/peers/swtpm.mjs'
import { loadBoot } from '../recordings/load.js'
import { type Ended, type Running, start } from './processes.js'

const banks = ['sha1', 'sha256', 'sha384'] as const

/** Puts a certificate and its key into one file, as key servers hand them out. */
const exportPkcs12 = (certificate: string, key: string, password: string, file: string) =>
  promisify(execFile)('openssl', [
    ...['pkcs12', '-export', '-in', certificate, '-inkey', key, '-passout', `file:${password}`, '-out', file],
  ])

/** The two programs, a TPM and a key server, set up with files and variables alone. */
describe('authority-server and trusted-host, as an operator runs them', () => {
  let directory = ''
  let tpm: Awaited<ReturnType<typeof startSwtpm>>
  let keyServer: Awaited<ReturnType<typeof startPyKmip>>
  let authority: Running
  let environment: Record<string, string> = {}
  const at = (name: string): string => join(directory, name)

  const agent = (...args: string[]): Promise<Ended> => start('trusted-host', args, environment).ended

  const startAuthority = async (port: string): Promise<string> => {
    authority = start('authority-server', [], {
      TRUSTHOLD_PORT: port,
      TRUSTHOLD_DATA: at('authority'),
      TRUSTHOLD_GROUP: 'operators',
      TRUSTHOLD_CONFIG: at('authority.json'),
    })
    const [, url = ''] = await authority.said(/"url":"(https:[^"]+)"[^\n]*"serving"/)
    return url
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trusthold-operator-'))
    ;[tpm, keyServer] = await Promise.all([startSwtpm(), startPyKmip()])
    const { eventLog } = loadBoot('boot-secure')
    await measure(tpm.tcpPort, eventLog)
    await writeFile(at('eventlog.bin'), eventLog)
    await writeFile(at('tpm-ca.pem'), tpm.caCertificates)
    await writeFile(at('kms-client.pem'), keyServer.clientCertificate)
    await writeFile(at('kms-client.key'), keyServer.clientPrivateKey)
    await writeFile(at('kms-client.password'), 'of the operator\n')
    await exportPkcs12(
      at('kms-client.pem'),
      at('kms-client.key'),
      at('kms-client.password'),
      at('kms-client.p12'),
    )
    await writeFile(at('kms-ca.pem'), keyServer.ca)
    environment = {
      TRUSTHOLD_TPM: `swtpm:127.0.0.1:${tpm.tcpPort}`,
      TRUSTHOLD_EVENT_LOG: at('eventlog.bin'),
      TRUSTHOLD_STATE: at('attestation-key'),
    }
    const captured = await agent('capture', 'golden')
    expect(captured).toMatchObject({ code: 0 })
    await writeFile(at('golden.json'), captured.stdout)
    await writeFile(at('authority.json'), JSON.stringify(configuration()))
    const url = await startAuthority('0')
    environment = { ...environment, TRUSTHOLD_AUTHORITY: url, TRUSTHOLD_CA: at('authority/server.crt') }
  }, 120_000)

  afterAll(async () => {
    authority.child.kill('SIGKILL')
    await Promise.all([tpm.stop(), keyServer.stop()])
    await rm(directory, { recursive: true })
  })

  const configuration = () => ({
    caCertificates: [{ name: 'vendor', file: 'tpm-ca.pem' }],
    baseImages: ['golden.json'],
    providers: [
      {
        name: 'finance',
        keyServer: {
          servers: [{ name: 'kms-1', host: keyServer.host, port: keyServer.port }],
          clientPkcs12: 'kms-client.p12',
          clientPkcs12Password: 'kms-client.password',
          trustedCertificates: ['kms-ca.pem'],
        },
      },
    ],
  })

  test('the authority keeps its key and its database to itself', async () => {
    for (const file of ['server.key', 'authority.db']) {
      expect((await stat(at(`authority/${file}`))).mode & 0o077).toBe(0)
    }
  })

  test('the host attests and prints every check', async () => {
    const ended = await agent('attest')
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stdout).toMatch(/^pass +quote\.signature/m)
    expect(ended.stdout).not.toMatch(/^(fail|unknown)/m)
  })

  test('a key is generated, and opened again after the authority was killed and started anew', async () => {
    const made = await agent('generate-key', 'finance', at('first.key'))
    expect(made).toMatchObject({ code: 0 })
    await writeFile(at('wrapped'), made.stdout)
    await authority.stop('SIGKILL')
    const port = new URL(environment['TRUSTHOLD_AUTHORITY'] ?? '').port
    await startAuthority(port)
    expect(await agent('decrypt', at('wrapped'), at('second.key'))).toMatchObject({ code: 0 })
    const [first, second] = await Promise.all([readFile(at('first.key')), readFile(at('second.key'))])
    expect(first).toHaveLength(32)
    expect(second).toEqual(first)
    expect((await stat(at('second.key'))).mode & 0o077).toBe(0)
  })

  test('the agent puts the wanted keys in place, keeps going, and ends on SIGTERM', async () => {
    const wanted = { ...environment, TRUSTHOLD_KEYS: `finance=${at('disk.key')}` }
    const first = start('trusted-host', ['run'], wanted)
    await first.said(/"key in place"/)
    expect(await first.stop()).toMatchObject({ code: 0 })
    const made = await readFile(at('disk.key'))
    await rm(at('disk.key'))
    const second = start('trusted-host', ['run'], wanted)
    await second.said(/"made":false[^\n]*"key in place"/)
    expect(await second.stop()).toMatchObject({ code: 0 })
    expect(await readFile(at('disk.key'))).toEqual(made)
  })

  test('wrapped keys are kept in a directory that stays when the keys are gone', async () => {
    await Promise.all(['keys', 'wrapped-keys'].map((name) => mkdir(at(name))))
    const wanted = {
      ...environment,
      TRUSTHOLD_KEYS: `finance=${at('keys/disk.key')}`,
      TRUSTHOLD_WRAPPED: at('wrapped-keys'),
    }
    const first = start('trusted-host', ['run'], wanted)
    await first.said(/"made":true[^\n]*"key in place"/)
    expect(await first.stop()).toMatchObject({ code: 0 })
    const made = await readFile(at('keys/disk.key'))
    await rm(at('keys'), { recursive: true })
    await mkdir(at('keys'))
    const second = start('trusted-host', ['run'], wanted)
    await second.said(/"made":false[^\n]*"key in place"/)
    expect(await second.stop()).toMatchObject({ code: 0 })
    expect(await readFile(at('keys/disk.key'))).toEqual(made)
    const clash = { ...wanted, TRUSTHOLD_KEYS: `finance=${at('a/disk.key')},finance=${at('b/disk.key')}` }
    expect(await start('trusted-host', ['run'], clash).ended).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('two keys would be kept in'),
    })
  })

  test('no key and no token shows in the logs of either program', async () => {
    const ended = await agent('generate-key', 'finance', at('canary.key'))
    const key = await readFile(at('canary.key'))
    const { stderr } = await authority.stop()
    for (const text of [ended.stdout, ended.stderr, stderr]) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        expect(text).not.toContain(key.toString(encoding))
      }
    }
    expect(stderr).not.toMatch(/eyJ/)
    expect(stderr).toMatch(/"stopped"/)
    await startAuthority(new URL(environment['TRUSTHOLD_AUTHORITY'] ?? '').port)
  })

  test('when something else is measured, the host is refused, told where, and exits with 1', async () => {
    const transport = await connectSwtpmTcp({ host: '127.0.0.1', port: tpm.tcpPort })
    await extendPcr(transport, {
      pcr: 9,
      digests: [{ hashAlg: 'sha256', digest: new Uint8Array(32).fill(1) }],
    })
    await transport.close()
    const ended = await agent('attest')
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toContain('event-log.replay: the event log does not replay')
    expect(ended.stderr).toContain('PCR 9')
  })

  test('a wrong command line and a wrong variable say what is expected', async () => {
    expect(await agent()).toMatchObject({ code: 2, stderr: expect.stringContaining('--help') })
    expect(await agent('frobnicate')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('frobnicate'),
    })
    const bad = start('authority-server', [], { TRUSTHOLD_PORT: 'eighty' })
    expect(await bad.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('TRUSTHOLD_PORT') })
    const help = await start('authority-server', ['--help'], {}).ended
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('TRUSTHOLD_CONFIG') })
  })

  async function measure(port: number, eventLog: Uint8Array): Promise<void> {
    const transport = await connectSwtpmTcp({ host: '127.0.0.1', port })
    for (const event of parseEventLog(eventLog).events) {
      if (event.typeName === 'EV_NO_ACTION') continue
      const { pcr } = event
      const digests = banks.flatMap((hashAlg) => {
        const value = event.digest(hashAlg)
        return value === undefined ? [] : [{ hashAlg, digest: Uint8Array.from(value) }]
      })
      await extendPcr(transport, { pcr, digests })
    }
    await transport.close()
  }
})
