import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { createTpmCa, startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import { connectSwtpmTcp, openTpm } from '../src/index.js'

/** Certificates of the endorsement keys of a TPM. */
async function certificatesOf(port: number): Promise<readonly X509Certificate[]> {
  const tpm = await openTpm({ transport: await connectSwtpmTcp({ port }) })
  const keys = await tpm.endorsementKeys()
  await tpm.close()
  return keys.map(({ certificate }) => new X509Certificate(certificate as Uint8Array))
}

test('TPMs of one CA share it, a foreign one has the same names and other keys', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'trusthold-ca-'))
  const ca = await createTpmCa(directory)
  const first = await startSwtpm({ ca })
  const [second, foreign] = await Promise.all([startSwtpm({ ca, pcrBanks: ['sha256'] }), startSwtpm()])
  expect(second.caCertificates).toBe(first.caCertificates)
  expect(foreign.caCertificates).not.toBe(first.caCertificates)
  const issuerOf = (pem: string) => new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN')))
  const [ours, theirs] = [issuerOf(first.caCertificates), issuerOf(foreign.caCertificates)]
  expect(ours.subject).toBe(theirs.subject)
  for (const { tcpPort } of [first, second]) {
    for (const certificate of await certificatesOf(tcpPort)) {
      expect(certificate.verify(ours.publicKey)).toBe(true)
      expect(certificate.verify(theirs.publicKey)).toBe(false)
    }
  }
  await Promise.all([first, second, foreign].map((tpm) => tpm.stop()))
  await first.stop()
  rmSync(directory, { recursive: true })
})

test('a TPM whose owner is killed ends too, and leaves nothing behind', async () => {
  const peers = new URL('../../../scripts/peers/swtpm.mjs', import.meta.url).href
  const script = `
    const { startSwtpm } = await import(${JSON.stringify(peers)})
    const { pid, stateDir } = await startSwtpm()
    process.stdout.write(JSON.stringify({ pid, stateDir }), () => process.kill(process.pid, 'SIGKILL'))`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(owner.stdout, 'data')) as [Buffer]
  const { stateDir } = JSON.parse(said.toString()) as { stateDir: string }
  await expect.poll(() => existsSync(dirname(stateDir)), { timeout: 10_000 }).toBe(false)
  expect(owner.signalCode).toBe('SIGKILL')
})
