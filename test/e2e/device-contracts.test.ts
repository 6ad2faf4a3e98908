import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildMachine, type Machine } from '../../scripts/peers/uefi-machine/machine.mjs'

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The suites run where the device is: they are built into the machine and say on its serial port how they went. */
describe("the contract suites on a machine's own TPM devices", () => {
  let machine: Machine | undefined
  let lines: string[] = []
  let said = ''
  beforeAll(async () => {
    machine = await buildMachine({
      programs: { contracts: program('guest/contracts.ts') },
      pcrBanks: ['sha256'],
    })
    const booted = await machine.boot('console=ttyS0 quiet')
    const { stdout, stderr } = await booted.run('/agent/contracts')
    lines = stdout.trim().split('\n')
    said = stderr
    await booted.switchOff()
  }, 600_000)
  afterAll(() => machine?.remove())

  test('ran to their end', () => {
    expect(said).toBe('')
    expect(lines.every((line) => /^(not )?ok /.test(line))).toBe(true)
  })

  test.each(['/dev/tpmrm0: TpmTransport: ', '/dev/tpm0: TpmTransport: ', 'device: ', 'Tpm: Tpm: '])(
    'cases of "%s" pass',
    (prefix) => {
      const ran = lines.filter((line) => line.replace(/^(not )?ok /, '').startsWith(prefix))
      expect(ran.filter((line) => line.startsWith('not ok'))).toEqual([])
      expect(ran.length).toBeGreaterThanOrEqual(5)
    },
  )
})
