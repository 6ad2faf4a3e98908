import { generateKeyPairSync } from 'node:crypto'
import { constantTimeEqual } from '@trusthold/core/bytes'
import { decode } from '@trusthold/core/codec'
import { isTrustholdError } from '@trusthold/core/errors'
import { type AuthorityClient, createAuthorityClient } from '@trusthold/core/http'
import { parseEventLog } from '@trusthold/core/measured-boot'
import { captureBaseImage } from '@trusthold/core/policy'
import { systemClock, systemRandom, type Tpm } from '@trusthold/core/ports'
import type { AttestRequest } from '@trusthold/core/protocol'
import { createProof, createTokenVerifier } from '@trusthold/core/token'
import { tpmtPublic } from '@trusthold/core/tpm2'
import { createTrustedHost, type TrustedHost } from '@trusthold/core/trusted-host'
import type { Check } from '@trusthold/core/verdict'
import type { Report } from './report.js'
import { type Services, startServices } from './server.js'
import type { Machines } from './tpms.js'
import type { World } from './world.js'

const provider = 'finance'
/** What a base image of the demo holds: firmware, its settings, boot loader, kernel command line, Secure Boot. */
const imagePcrs = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** What later steps need of earlier ones. */
export interface Course {
  readonly world: World
  readonly report: Report
  services: Services
  readonly client: AuthorityClient
  readonly host: TrustedHost
  /** Every attest request that the host sent, to be played again by someone else. */
  readonly sent: AttestRequest[]
}

/** Starts the services, for all steps; whoever does stops them. */
export async function openCourse(world: World, report: Report): Promise<Course> {
  const services = await startServices(world.directory, world.tls, 0, world.machines.software)
  const sent: AttestRequest[] = []
  const direct = createAuthorityClient({ url: services.url, ca: [world.tls.certificate] })
  const client = recording(direct, sent)
  const host = createTrustedHost({ authority: client, tpm: world.machines.host })
  return { world, report, services, client, sent, host }
}

/** 1. The administrator says what to trust. */
export async function configure({ world, report, services }: Course): Promise<void> {
  report.begin(1, 'The services start, and the administrator says what to trust')
  report.line(`Attestation Service and Key Provider Service at ${services.url}`)
  const { attestation, keyProvider } = services.authority
  report.line(await trustTpms(services, world.machines))
  const image = await captureGolden(world.machines.golden)
  await attestation.baseImages.create(image)
  const numbers = image.pcrs.map(({ pcr }) => pcr).join(', ')
  report.line(`base image captured from the golden host: web-server, sha256 PCRs ${numbers}`)
  const { host, port, clientCertificate, clientPrivateKey, ca } = world.keyServer
  const made = await keyProvider.providers.create({
    name: provider,
    keyServer: {
      servers: [{ name: 'kms-1', host, port }],
      clientCertificate,
      clientPrivateKey,
      trustedCertificates: [ca],
    },
  })
  report.line(
    `trusted key provider ${provider}: primary key ${made.primaryKeyId}, made in the key server at ${host}:${port}`,
  )
  report.end(true, { baseImage: 'web-server', provider, primaryKeyId: made.primaryKeyId })
}

/** 2. A host proves what it booted. */
export async function attest({ host, report, services }: Course): Promise<void> {
  report.begin(2, 'A host proves itself, and gets a token')
  const { checks, documents } = await host.attest()
  report.checks(checks)
  const [document] = documents
  if (document === undefined) throw new Error('there is no token')
  const claims = createTokenVerifier({
    issuer: 'trusthold:demo',
    group: 'demo',
    keys: () => services.authority.attestation.publicKeys(),
    clock: systemClock,
  }).verify(document.token, 'KMS_AUTH_JWT')
  report.line('')
  report.line(`${document.type}, signed by the Attestation Service, states:`)
  for (const line of showJson(claims)) report.line(line)
  report.end(
    checks.every(({ outcome }) => outcome === 'pass' || outcome === 'skipped'),
    { checks, claims },
  )
}

/** 3. A key outlives every service. */
export async function keysOutliveRestarts(course: Course): Promise<void> {
  const { host, report, world } = course
  report.begin(3, 'The host generates a key, everything restarts, and the wrapped key opens again')
  const { key, wrapped } = await host.generateKey(provider)
  report.line(`key of ${key.length} bytes; only its wrapped form is kept: ${wrapped.slice(0, 60)}...`)
  const port = Number(new URL(course.services.url).port)
  await course.services.stop()
  await world.keyServer.restart()
  course.services = await startServices(world.directory, world.tls, port, world.machines.software)
  report.line('both services and the key server were stopped and started again')
  const again = await host.decrypt(wrapped)
  const same = key.use((a) => again.use((b) => constantTimeEqual(a, b)))
  report.line(same ? 'the wrapped key opens to the same bytes' : 'the wrapped key opens to other bytes')
  report.end(same, { wrapped, length: key.length, same })
  key.wipe()
  again.wipe()
}

/** 4. A changed machine gets nothing. */
export async function refuseChangedBoot({ world, client, report }: Course): Promise<void> {
  report.begin(4, 'A host whose boot differs is refused, and told where')
  const outcome = await refusalOf(() =>
    createTrustedHost({ authority: client, tpm: world.machines.changed }).attest(),
  )
  report.line(outcome.reason)
  report.end(outcome.check === 'policy.base-image', { ...outcome })
}

/** 5. Nor does anyone else. */
export async function refuseImpostors(course: Course): Promise<void> {
  const { world, client, report, host, sent } = course
  report.begin(5, 'An unknown TPM, a stolen token and a replayed attestation are refused')
  const unknownTpm = await refusalOf(() =>
    createTrustedHost({ authority: client, tpm: world.machines.foreign }).attest(),
  )
  report.line(`unknown TPM          ${unknownTpm.reason}`)
  const stolenToken = await refusalOf(async () => useStolenToken(client, await host.token()))
  report.line(`stolen token         ${stolenToken.reason}`)
  const answer = sent.filter(({ contexts }) => (contexts[0]?.length ?? 0) > 4_096).at(0)
  if (answer === undefined) throw new Error('no attestation was recorded')
  const replay = await refusalOf(() => client.attest(answer))
  report.line(`replayed attestation ${replay.reason}`)
  report.end(
    unknownTpm.check === whoVouches(world.machines) &&
      stolenToken.check === 'proof.key' &&
      replay.check === 'challenge.unused',
    { unknownTpm, stolenToken, replay },
  )
}

/** Trusts the vendor of the TPMs, or those of the host and of the changed machine one by one. Returns what was done. */
async function trustTpms({ authority: { attestation } }: Services, machines: Machines): Promise<string> {
  if (machines.vendorCa !== undefined) {
    await attestation.caCertificates.create('tpm-vendor', new TextEncoder().encode(machines.vendorCa))
    return 'TPM CA configured: tpm-vendor'
  }
  await attestation.settings.update({ requireEndorsementKeys: true, requireCertificateValidation: false })
  for (const name of ['host', 'changed'] as const) {
    const keys = await machines[name].endorsementKeys()
    for (const [i, key] of keys.entries()) {
      const publicArea = decode(tpmtPublic, key.publicArea)
      await attestation.endorsementKeys.create(`${name}-${i + 1}`, { publicArea })
    }
  }
  return 'endorsement keys registered: those of this machine, and of the one that is changed'
}

/** The check that an unknown TPM fails. */
const whoVouches = ({ vendorCa }: Machines): string =>
  vendorCa === undefined ? 'endorsement.registered' : 'endorsement.certificate'

/** What the golden host booted, in those PCRs that its firmware and boot loader used. */
async function captureGolden(tpm: Tpm) {
  const log = parseEventLog(await tpm.eventLog())
  const used = new Set(log.events.map(({ pcr }) => pcr))
  const pcrs = imagePcrs.filter((pcr) => used.has(pcr))
  const [measured] = await tpm.readPcrs([{ bank: 'sha256', pcrs }])
  if (measured === undefined) throw new Error('the TPM returned no PCR values')
  return captureBaseImage({ name: 'web-server', log, bank: 'sha256', pcrs: measured.values })
}

/** Indented JSON, with lists of numbers on one line. */
function showJson(value: unknown): string[] {
  const text = JSON.stringify(value, undefined, 2)
  return text.replace(/\[[\s\d,]+\]/g, (list) => list.replaceAll(/\s+/g, ' ')).split('\n')
}

/** Whoever has a token but not the key that it is bound to can only sign with a key of its own. */
function useStolenToken(client: AuthorityClient, token: string): Promise<unknown> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const target = { method: 'POST', url: client.keyOperationUrl, token }
  const proof = createProof(privateKey, target, { clock: systemClock, random: systemRandom })
  return client.generateKey({ token, proof }, { provider, length: 32, delivery: 'jwe' })
}

function recording(client: AuthorityClient, sent: AttestRequest[]): AuthorityClient {
  return {
    ...client,
    attest(request, options) {
      sent.push(request)
      return client.attest(request, options)
    },
  }
}

/** The check that refused, and its reason. */
async function refusalOf(work: () => Promise<unknown>): Promise<{ check: string; reason: string }> {
  try {
    await work()
  } catch (error) {
    if (isTrustholdError(error, 'ATTESTATION_REFUSED')) return firstFailure(error.context.checks)
    if (isTrustholdError(error, 'SERVICE_ERROR')) {
      return { check: error.context.check ?? 'none', reason: error.context.message }
    }
    throw error
  }
  return { check: 'none', reason: 'it was not refused' }
}

function firstFailure(checks: readonly Check[]): { check: string; reason: string } {
  const failed = checks.find(({ outcome }) => outcome === 'fail')
  return failed === undefined
    ? { check: 'none', reason: 'no check failed' }
    : { check: failed.id, reason: `${failed.id}: ${failed.reason}` }
}
