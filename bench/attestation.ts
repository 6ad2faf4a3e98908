import { generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import { createAuthority } from '@trusthold/core/authority'
import { eventTypes, parseEventLog } from '@trusthold/core/measured-boot'
import type { Storage } from '@trusthold/core/ports'
import type { AttestRequest } from '@trusthold/core/protocol'
import { openMemory } from '@trusthold/storage-adapter/memory'
import { approvedImage, bootLog } from '../test/attacks/approved-boot.js'
import { challengeIn, ForgedHost } from '../test/attacks/forged-host.js'
import { noKeyServer } from '../test/attacks/rig.js'
import type { Benchmark } from './benchmark.js'

const hosts = 8
const log = parseEventLog(bootLog())
const extended = log.events.filter(({ type }) => type !== eventTypes.EV_NO_ACTION).length

const block = new Uint8Array(64)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const message = new Uint8Array(145)
const rsaSignature = sign('sha256', message, rsa.privateKey)

/**
 * Memory stores without replay guard and audit records: their cost is the store's, and a benchmark's thousands of records
 * would be measured as garbage collection.
 */
function openForgetful(): Storage {
  const storage = openMemory()
  const { replay, audit } = storage
  const record = { sequence: 1, content: new Uint8Array(), hash: new Uint8Array(32) }
  return {
    ...storage,
    replay: { ...replay, claim: () => Promise.resolve(true) },
    audit: { ...audit, append: () => Promise.resolve(record) },
  }
}

/** Second legs of several hosts, and a service that takes them. */
async function prepare() {
  const { attestation } = await createAuthority({
    group: 'bench',
    origins: ['https://authority.example'],
    storage: openForgetful(),
    keyServer: noKeyServer,
    challengeLifetimeSeconds: 3_600,
  })
  await attestation.settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
  await attestation.baseImages.create(approvedImage())
  const answers: AttestRequest[] = []
  for (let i = 0; i < hosts; i++) {
    const host = new ForgedHost()
    await attestation.endorsementKeys.create(`host ${i}`, { publicArea: host.endorsementKey.area })
    answers.push(host.answer(challengeIn(await attestation.attest(host.hello()))))
  }
  return { attestation, answers }
}

let prepared: ReturnType<typeof prepare> | undefined
let turn = 0

/**
 * The second leg: sealed state, quote, event log, base image, audit record, ES256 token. The hosts attest again and again,
 * as they do for fresh tokens, so their logs are known; what a new log costs shows `quote.verify-log`.
 */
export const benchmarks: readonly Benchmark[] = [
  {
    id: 'attestation.appraise',
    async run() {
      prepared ??= prepare()
      const { attestation, answers } = await prepared
      const answer = answers[turn++ % answers.length]
      if (answer === undefined || !(await attestation.attest(answer)).attested) {
        throw new Error('the host was not attested')
      }
    },
    floor() {
      verify('sha256', message, rsa.publicKey, rsaSignature)
      for (let i = 0; i < extended; i++) hash('sha256', block, 'binary')
      sign('sha256', message, ec.privateKey)
    },
  },
]
