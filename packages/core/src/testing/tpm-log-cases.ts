import assert from 'node:assert/strict'
import { assertBytes } from './tpm-attestation.js'
import type { HostLogs, TpmContractOptions, TpmSubject } from './tpm-subject.js'

/** A test that makes its own subject. */
export type LooseCase = readonly [name: string, run: () => Promise<void>]

/** Cases about the logs of the host. */
export function logCases<S extends TpmSubject>({
  createWithLogs,
}: TpmContractOptions<S>): readonly LooseCase[] {
  if (createWithLogs === undefined) return []
  return [
    [
      'logs are those of the host, as they are when they are asked for',
      async () => {
        const logs: HostLogs = {
          eventLog: Uint8Array.of(1, 2, 3),
          imaLog: Uint8Array.of(4),
          systemdLog: Uint8Array.of(5, 6),
        }
        const subject = await createWithLogs(logs)
        const { tpm } = subject
        try {
          assertBytes(await tpm.eventLog(), logs.eventLog, 'the event log')
          for (const list of [Uint8Array.of(4), Uint8Array.of(4, 4), new Uint8Array(100_000).fill(7)]) {
            logs.imaLog = list
            logs.systemdLog = list.map((byte) => byte + 1)
            assertBytes((await tpm.imaLog()) as Uint8Array, logs.imaLog, 'the list of IMA')
            assertBytes((await tpm.systemdLog()) as Uint8Array, logs.systemdLog, "systemd's log")
          }
        } finally {
          await subject.close()
        }
      },
    ],
    [
      'a host without the list of IMA, or the log of systemd, has none',
      async () => {
        const subject = await createWithLogs({ eventLog: Uint8Array.of(1) })
        try {
          assert.equal(await subject.tpm.imaLog(), undefined)
          assert.equal(await subject.tpm.systemdLog(), undefined)
        } finally {
          await subject.close()
        }
      },
    ],
  ]
}
