import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { decode } from '../codec/index.js'
import type {
  AttestationKey,
  EndorsementKey,
  PcrBankSelection,
  Tpm,
  TpmCallOptions,
  TpmQuote,
  TpmStatement,
} from '../ports/index.js'
import {
  computeName,
  computeQualifiedName,
  hierarchyName,
  makeCredential,
  pcrDigest,
  publicKeyOf,
  type TpmtPublic,
  toBankSelections,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
  verifySignature,
} from '../tpm2/index.js'

/** Compares bytes, whatever kind of array they come in. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.deepEqual([...actual], [...expected], what)
}

/** Attributes that an attestation key must have, and must not. TPM 2.0 Part 1, section 25.2. */
export function assertAttestationKey(publicArea: TpmtPublic): void {
  const { restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin, decrypt } =
    publicArea.objectAttributes
  assert.ok(restricted && sign && fixedTPM && fixedParent && sensitiveDataOrigin, 'attributes of an AK')
  assert.equal(decrypt, false, 'an AK does not decrypt')
}

/** Sends a fresh secret to the key and expects it back. */
export async function activate(
  endorsementKey: EndorsementKey,
  key: AttestationKey,
  call?: TpmCallOptions,
): Promise<void> {
  const secret = new Uint8Array(randomBytes(32))
  const { credentialBlob, encryptedSecret } = makeCredential({
    endorsementKey: decode(tpmtPublic, endorsementKey.publicArea),
    objectName: computeName(key.publicArea),
    secret,
  })
  assertBytes(await key.activateCredential(credentialBlob, encryptedSecret, call), secret, 'the secret')
}

/** Verifies the signature of a statement. */
export function assertSigned(key: AttestationKey, { message, signature }: TpmStatement): void {
  const publicArea = decode(tpmtPublic, key.publicArea)
  const signed = verifySignature({
    key: publicKeyOf(publicArea),
    publicArea,
    signature: decode(tpmtSignature, signature),
    message,
  })
  assert.equal(signed, true, 'the signature verifies')
}

/** Verifies a quote in every part: signature, nonce, signer, selection, and the digest of the values. */
export async function assertQuote(
  tpm: Tpm,
  endorsementKey: EndorsementKey,
  key: AttestationKey,
  quote: TpmQuote,
  nonce: Uint8Array,
  selection: readonly PcrBankSelection[],
): Promise<void> {
  assertSigned(key, quote)
  const signature = decode(tpmtSignature, quote.signature)
  const attest = decode(tpmsAttest, quote.message)
  if (attest.type !== 'quote') return assert.fail(`a ${attest.type} statement instead of a quote`)
  assertBytes(attest.extraData, nonce, 'the qualifying data')
  const parent = computeQualifiedName(hierarchyName('endorsement'), computeName(endorsementKey.publicArea))
  const signer = computeQualifiedName(parent, computeName(key.publicArea))
  assertBytes(attest.qualifiedSigner, signer, 'the signer is the key under the endorsement key')
  assert.deepEqual(toBankSelections(attest.attested.pcrSelect), selection, 'the selection')
  const banks = await tpm.readPcrs(selection)
  const values = banks.flatMap((bank) => [...bank.values.values()])
  const hash = 'hash' in signature ? signature.hash : 'sha256'
  assertBytes(attest.attested.pcrDigest, pcrDigest(hash, values), 'the digest of the PCR values')
}
