import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPyKmip } from '../../scripts/peers/pykmip.mjs'
import {
  type BootedMachine,
  hostAddress,
  type Machine,
  type MachineModel,
  prepareMachines,
} from '../../scripts/peers/uefi-machine/machine.mjs'
import { type Running, start } from './processes.js'

const programs = {
  'trusted-host': fileURLToPath(new URL('../../examples/trusted-host/src/main.ts', import.meta.url)),
  contracts: fileURLToPath(new URL('./guest/contracts.ts', import.meta.url)),
}
/** How the guide has the agent started. */
const unitFile = fileURLToPath(
  new URL('../../examples/trusted-host/systemd/trusthold-agent.service', import.meta.url),
)
const unit = readFileSync(unitFile, 'utf8')
const pcrBanks = ['sha256']
const commandLine = 'console=ttyS0 quiet ima_policy=tcb'

let model: MachineModel
/** Runs beside everything else. */
let contracts: ReturnType<typeof runContracts>
beforeAll(async () => {
  model = await prepareMachines(programs)
  contracts = runContracts()
  contracts.catch(() => undefined)
}, 600_000)
afterAll(() => model.remove())

/** A machine that runs, with an account for the agent. */
interface Host {
  run: BootedMachine['run']
  runAsAgent: BootedMachine['run']
}

/** The suites run where the devices are, on a machine of their own, and say on its serial port how they went. */
async function runContracts(): Promise<{ lines: readonly string[]; stderr: string }> {
  const booted = await (await model.make({ pcrBanks })).boot('console=ttyS0 quiet')
  const { stdout, stderr } = await booted.run('/agent/contracts')
  await booted.switchOff()
  return { lines: stdout.trim().split('\n'), stderr }
}

/**
 * The whole way on a machine: firmware with Secure Boot, shim, GRUB, the distribution's kernel, and the agent in the
 * initramfs, which attests through the kernel's TPM device to an authority on the host, over the network.
 */
describe('a machine with Secure Boot and a TPM', () => {
  let directory = ''
  let machine: Machine | undefined
  let keyServer: Awaited<ReturnType<typeof startPyKmip>> | undefined
  let authority: Running | undefined
  let port = '0'
  const at = (name: string): string => join(directory, name)

  const startAuthority = async (): Promise<void> => {
    await authority?.stop()
    authority = start('authority-server', [], {
      TRUSTHOLD_PORT: port,
      TRUSTHOLD_DATA: at('authority'),
      TRUSTHOLD_GROUP: 'machines',
      TRUSTHOLD_NAMES: `${hostAddress},127.0.0.1`,
      TRUSTHOLD_CONFIG: at('authority.json'),
    })
    const [, url = ''] = await authority.said(/"url":"(https:[^"]+)"[^\n]*"serving"/)
    port = new URL(url).port
  }

  /** What the administrator allows; without base images nobody is trusted. */
  const configure = (...baseImages: string[]): Promise<void> =>
    writeFile(
      at('authority.json'),
      JSON.stringify({
        caCertificates: [{ name: 'vendor', file: 'tpm-ca.pem' }],
        baseImages,
        providers: [
          {
            name: 'finance',
            keyServer: {
              servers: [{ name: 'kms-1', host: keyServer?.host, port: keyServer?.port }],
              clientCertificate: 'kms-client.pem',
              clientPrivateKey: 'kms-client.key',
              trustedCertificates: ['kms-ca.pem'],
            },
          },
        ],
      }),
    )

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trusthold-real-machine-'))
    machine = await model.make({ pcrBanks })
    keyServer = await startPyKmip()
    await writeFile(at('tpm-ca.pem'), machine.tpmCertificates)
    await writeFile(at('kms-client.pem'), keyServer.clientCertificate)
    await writeFile(at('kms-client.key'), keyServer.clientPrivateKey)
    await writeFile(at('kms-ca.pem'), keyServer.ca)
    await configure()
    await startAuthority()
  }, 600_000)
  afterAll(async () => {
    await Promise.all([authority?.stop('SIGKILL'), keyServer?.stop()])
    await rm(directory, { recursive: true, force: true })
  })

  const environment = (): string[] => [
    `export TRUSTHOLD_AUTHORITY=https://${hostAddress}:${port}`,
    'export TRUSTHOLD_CA=/run/authority.crt',
    'export TRUSTHOLD_STATE=/run/trusthold/attestation-key',
  ]

  /** Boots, makes the agent's account, and hands what it runs there; nobody lets it at the TPM yet. */
  const boot = async (line: string): Promise<Host> => {
    const booted = await (machine as Machine).boot(line)
    const certificate = await readFile(at('authority/server.crt'), 'utf8')
    const account = [
      'mkdir -p /etc',
      "echo 'trusthold:x:990:990::/:/bin/sh' > /etc/passwd",
      "echo 'tss:x:59:trusthold' > /etc/group",
      'mkdir -m 700 /run/trusthold && chown trusthold /run/trusthold',
      `cat > /run/authority.crt <<'END'\n${certificate}END`,
    ]
    expect(await booted.run(account.join('\n'))).toMatchObject({ code: 0, stderr: '' })
    return {
      run: booted.run,
      runAsAgent: (script) => {
        const file = ['set -e', ...environment(), script].join('\n')
        const asAgent = "su -s /bin/sh trusthold -c 'sh /run/agent-script'"
        return booted.run(`cat > /run/agent-script <<'END'\n${file}\nEND\n${asAgent}`)
      },
    }
  }

  /** Gives the agent what the guide says that it needs: the device as udev does, the logs as the unit does. */
  const permit = async (host: Host): Promise<void> => {
    const udev = 'chgrp tss /dev/tpmrm0 && chmod 660 /dev/tpmrm0'
    const asRoot = [...unit.matchAll(/^ExecStartPre=\+-?(.*)$/gm)].map(([, command]) => command)
    expect(asRoot.length).toBeGreaterThan(0)
    expect(await host.run(['set -e', udev, ...asRoot].join('\n'))).toMatchObject({ code: 0, stderr: '' })
  }

  test('is captured, approved, attests, and gets a key', async () => {
    const golden = await boot(commandLine)
    expect(await golden.run('cat /sys/kernel/security/lockdown')).toMatchObject({
      // The kernel locks itself down when the firmware's Secure Boot is on.
      stdout: expect.stringMatching(/\[(integrity|confidentiality)\]/),
    })
    expect(await golden.runAsAgent('/agent/trusted-host capture golden')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/\/dev\/tpmrm0.*EACCES/),
    })
    await permit(golden)
    const captured = await golden.runAsAgent('/agent/trusted-host capture golden')
    expect(captured).toMatchObject({ code: 0, stderr: '' })
    await writeFile(at('golden.json'), captured.stdout)
    await configure('golden.json')
    await startAuthority()

    const attested = await golden.runAsAgent('/agent/trusted-host attest')
    expect(attested).toMatchObject({ code: 0, stderr: '' })
    const checks = attested.stdout.trim().split('\n')
    for (const check of [
      'endorsement.certificate',
      'quote.signature',
      'event-log.replay',
      'policy.base-image',
    ]) {
      expect(checks).toContainEqual(expect.stringMatching(new RegExp(`^pass +${check.replace('.', '\\.')} `)))
    }
    expect(checks.filter((line) => /^(fail|unknown) /.test(line))).toEqual([])

    // The machine shows that it has the key, and the same one again, without showing the key.
    const nonce = randomBytes(16).toString('hex')
    const proof = await golden.runAsAgent(
      [
        'cd /run/trusthold',
        '/agent/trusted-host generate-key finance disk.key > disk.wrapped',
        '/agent/trusted-host decrypt disk.wrapped again.key',
        `for key in disk again; do (echo ${nonce}; cat $key.key) | sha256sum; done`,
        'stat -c "%s %a %U" disk.key',
      ].join('\n'),
    )
    expect(proof).toMatchObject({ code: 0, stderr: '' })
    const [made, opened, file] = proof.stdout.trim().split('\n')
    expect(made).toMatch(/^[0-9a-f]{64} /)
    expect(opened).toBe(made)
    expect(file).toBe('32 600 trusthold')
  }, 600_000)

  test('that boots with another kernel command line is refused, with the event named', async () => {
    const changed = await boot(`${commandLine} mitigations=off`)
    await permit(changed)
    const key = '/run/trusthold/disk.key'
    const refused = await changed.runAsAgent(`/agent/trusted-host generate-key finance ${key}`)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/policy\.base-image: .*PCR (8|9).*event \d+/)
    expect(refused.stderr).toContain('mitigations=off')
    expect(await changed.run(`ls ${key}`)).toMatchObject({ code: 1 })
  }, 600_000)
})

test('systemd understands every line of the unit that the guide has for the agent', () => {
  expect(execFileSync('/usr/bin/systemd-analyze', ['verify', unitFile], { encoding: 'utf8' })).toBe('')
})

describe("the contract suites on a machine's own TPM devices", () => {
  test('ran to their end', async () => {
    const { lines, stderr } = await contracts
    expect(stderr).toBe('')
    expect(lines.filter((line) => !/^(not )?ok /.test(line))).toEqual([])
  }, 600_000)

  test.each([
    ['/dev/tpmrm0: TpmTransport: ', 10],
    ['/dev/tpm0: TpmTransport: ', 10],
    ['device: ', 6],
    ['Tpm: Tpm: ', 15],
  ])('all cases of "%s" pass, %i or more', async (prefix, count) => {
    const { lines } = await contracts
    const ran = lines.filter((line) => line.replace(/^(not )?ok /, '').startsWith(prefix))
    expect(ran.filter((line) => line.startsWith('not ok'))).toEqual([])
    expect(ran.length).toBeGreaterThanOrEqual(count)
  })
})
