import { randomBytes } from 'node:crypto'
import { decode } from '@trusthold/core/codec'
import type { AttestationKey, EndorsementKey, Tpm, TpmTransport } from '@trusthold/core/ports'
import {
  computeName,
  makeCredential,
  publicKeyOf,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '@trusthold/core/tpm2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Swtpm, startSwtpm } from '../../../scripts/peers/swtpm.mjs'
import { createCommandRunner, readHandles } from '../src/commands/index.js'
import { connectSwtpmUnix, loadedHandles, openTpm } from '../src/index.js'

let peer: Swtpm
let transport: TpmTransport
let tpm: Tpm
beforeAll(async () => {
  peer = await startSwtpm({ socket: 'unix' })
  transport = await connectSwtpmUnix({ path: peer.unixPath as string })
  tpm = await openTpm({ transport })
})
afterAll(async () => {
  await tpm.close()
  await peer.stop()
})

/** What an attestation asks of a TPM, checked as a verifier would. */
async function attest(endorsementKey: EndorsementKey, key: AttestationKey): Promise<void> {
  const secret = new Uint8Array(randomBytes(32))
  const { credentialBlob, encryptedSecret } = makeCredential({
    endorsementKey: decode(tpmtPublic, endorsementKey.publicArea),
    objectName: computeName(key.publicArea),
    secret,
  })
  expect(await key.activateCredential(credentialBlob, encryptedSecret)).toEqual(secret)
  const { message, signature } = await key.quote(secret, [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7] }])
  expect(decode(tpmsAttest, message).extraData).toEqual(secret)
  const publicArea = decode(tpmtPublic, key.publicArea)
  const verified = verifySignature({
    key: publicKeyOf(publicArea),
    publicArea,
    signature: decode(tpmtSignature, signature),
    message,
  })
  expect(verified).toBe(true)
}

async function keyOfKind(kind: EndorsementKey['kind']): Promise<EndorsementKey> {
  const found = (await tpm.endorsementKeys()).find((key) => key.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return found
}

/** Everything that could be left behind: objects, sessions, persistent objects, NV indices. */
async function held() {
  const runner = createCommandRunner(transport)
  return {
    ...(await loadedHandles(transport)),
    persistent: await readHandles(runner, 'persistent'),
    indices: await readHandles(runner, 'nvIndex'),
  }
}

/** Opens a saved key, attests, closes it, many times; nothing may stay in the TPM. */
async function cycles(kind: EndorsementKey['kind'], count: number): Promise<void> {
  const endorsementKey = await keyOfKind(kind)
  const first = await tpm.openAttestationKey({ endorsementKey })
  await first.close()
  const before = await held()
  for (let i = 0; i < count; i++) {
    const key = await tpm.openAttestationKey({ endorsementKey, saved: first.saved })
    await attest(endorsementKey, key)
    await key.close()
  }
  expect(await held()).toEqual(before)
  expect(before).toMatchObject({ transient: [], loadedSessions: [], savedSessions: [] })
}

/** A thousand take ten seconds; TRUSTHOLD_ATTESTATIONS asks for another number, such as 10,000. */
const attestations = Number(process.env['TRUSTHOLD_ATTESTATIONS'] ?? 1_000)

test(
  `${attestations} attestations with ECC keys leave nothing in the TPM`,
  () => cycles('ecc-p256', attestations),
  120_000 + attestations * 100,
)

test('attestations with RSA keys leave nothing in the TPM', () => cycles('rsa-2048', 20))
