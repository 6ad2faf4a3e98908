import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { recorded, runProcess, runShell } from './running.js'

const key = recorded('boot-secure/ak-rsa-2048.tpmt')
const log = recorded('boot-secure/eventlog.bin')
const root = fileURLToPath(new URL('../../../', import.meta.url))

describe('the built command as a process', () => {
  test('exit status 0', async () => {
    const { code, stdout, stderr } = await runProcess(['name', key])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^000b[0-9a-f]{64}\n$/)
  })

  test('exit status 1', async () => {
    const ek = recorded('boot-secure/ek-rsa-2048.der')
    const args = ['ek', 'verify', ek, '--ca', recorded('boot-secure/ca-root.der'), '--json']
    const { code, stdout, stderr } = await runProcess(args)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ trusted: false })
  })

  test('exit status 2', async () => {
    expect(await runProcess(['name', '/nonexistent'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'trusthold: /nonexistent: cannot be read: no such file\n',
    })
  })

  test('standard input', async () => {
    const { code, stdout } = await runProcess(['name', '-'], new Uint8Array(readFileSync(key)))
    expect({ code, stdout }).toEqual({ code: 0, stdout: (await runProcess(['name', key])).stdout })
  })

  test('a pipe that pours more than is taken', async () => {
    const { code, stderr } = await runProcess(['name', '-'], new Uint8Array(1024 * 1024))
    expect(code).toBe(2)
    expect(stderr).toBe('trusthold: standard input: expected at most 8192 bytes, found more\n')
  })

  test('a reader that has seen enough is no mistake', async () => {
    const { stdout, stderr } = await runShell('"$@" | head -c 1', ['eventlog', 'show', '--json', log])
    expect({ stdout, stderr }).toEqual({ stdout: '{', stderr: '' })
  })

  test('an answer that cannot be written is no answer', async () => {
    expect(await runShell('"$@" > /dev/full', ['eventlog', 'show', log])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'trusthold: standard output: cannot be written: ENOSPC\n',
    })
  })

  test('`npx trusthold` from the top folder', async () => {
    const child = spawn('npx', ['--no-install', 'trusthold', 'name', key], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    await once(child, 'close')
    expect({ code: child.exitCode, stdout }).toEqual({
      code: 0,
      stdout: (await runProcess(['name', key])).stdout,
    })
  })

  test('what the README of the top folder shows', async () => {
    const readme = readFileSync(`${root}README.md`, 'utf8')
    const shown = /^```console\n((?:[$ ].*\n)+)([^$]*?)^```$/m.exec(readme)
    const commands = (shown?.[1] ?? '').replaceAll(/^\$ /gm, '')
    const { code, stdout } = await runShell(`cd ${root} && ${commands}`, [])
    expect({ code, stdout }).toEqual({ code: 0, stdout: shown?.[2] })
  })
})
