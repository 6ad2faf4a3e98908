/**
 * A host that lies: its endorsement and attestation keys are made in software, so it can sign whatever an attack needs.
 * With its endorsement key registered it passes when it says the truth; every attack changes one thing.
 * @module
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { exportJwk, fromBase64url } from '@trusthold/core/bytes'
import { decode, encode } from '@trusthold/core/codec'
import type { AttestRequest, ChallengeDocument, EvidenceDocument } from '@trusthold/core/protocol'
import { contextDocument, documentHead, qualifyingData } from '@trusthold/core/protocol'
import {
  akTemplates,
  computeName,
  computeQualifiedName,
  ekTemplates,
  hierarchyName,
  openCredential,
  pcrDigest,
  type RsaPublic,
  type TpmsAttest,
  type TpmtPublic,
  tpmGeneratedValue,
  tpmsAttest,
  tpmtPublic,
  tpmtSignature,
} from '@trusthold/core/tpm2'
import { bootLog, bootPcrs } from './approved-boot.js'

/** A quote as TPMS_ATTEST has it. */
export type QuoteAttest = Extract<TpmsAttest, { type: 'quote' }>

/** What an attack changes in the second leg; everything else is as it should be. */
export interface Lies {
  /** Changes the structure before it is signed. */
  attest?: (honest: QuoteAttest) => TpmsAttest
  /** Changes the bytes before they are signed. */
  message?: (honest: Uint8Array) => Uint8Array
  /** Signs with this key instead of the attestation key. */
  signer?: KeyObject
  /** Changes the qualifying data. */
  nonce?: (honest: Uint8Array) => Uint8Array
  /** Changes what is sent, after everything was signed. */
  evidence?: (honest: EvidenceDocument) => EvidenceDocument
  /** Changes PCR values before they are quoted and sent. */
  pcr?: (bank: string, pcr: number, honest: Uint8Array) => Uint8Array
}

interface SoftwareKey {
  readonly area: TpmtPublic
  readonly publicArea: Uint8Array
  readonly privateKey: KeyObject
}

function rsaKey(template: RsaPublic): SoftwareKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n } = exportJwk(publicKey)
  const area: RsaPublic = { ...template, unique: fromBase64url(String(n)) }
  return { area, publicArea: encode(tpmtPublic, area), privateKey }
}

/** A host in software. */
export class ForgedHost {
  readonly endorsementKey = rsaKey(ekTemplates['L-1'].publicArea as RsaPublic)
  attestationKey: SoftwareKey
  bindingKeyThumbprint = new Uint8Array(createHash('sha256').update('a binding key').digest())

  constructor(template: RsaPublic = akTemplates['rsa-2048']) {
    this.attestationKey = rsaKey(template)
  }

  get identity(): AttestRequest['identity'] {
    return { endorsementKey: this.endorsementKey.publicArea }
  }

  /** The first leg. */
  hello(): AttestRequest {
    const hello = encode(contextDocument, {
      ...documentHead,
      kind: 'hello',
      attestationKey: this.attestationKey.publicArea,
      bindingKeyThumbprint: this.bindingKeyThumbprint,
    })
    return { identity: this.identity, contexts: [hello], types: ['KMS_AUTH_JWT'] }
  }

  /** The second leg, true but for the lies. */
  answer(challenge: ChallengeDocument, lies: Lies = {}): AttestRequest {
    const honest = this.#quote(challenge, lies)
    const evidence = encode(contextDocument, lies.evidence?.(honest) ?? honest)
    return { identity: this.identity, contexts: [evidence], types: ['KMS_AUTH_JWT'] }
  }

  #quote(challenge: ChallengeDocument, lies: Lies): EvidenceDocument {
    const pcrs = challenge.selection.map(({ bank, pcrs: selected }) => ({
      bank,
      values: selected.map((pcr) => {
        const honest = bootPcrs(bank).get(pcr) ?? new Uint8Array()
        return { pcr, digest: lies.pcr?.(bank, pcr, honest) ?? honest }
      }),
    }))
    const attest = this.#attest(challenge, this.#nonce(challenge, lies), pcrs)
    const encoded = encode(tpmsAttest, lies.attest?.(attest) ?? attest)
    const message = lies.message?.(encoded) ?? encoded
    const signature = encode(tpmtSignature, {
      sigAlg: 'rsassa',
      hash: 'sha256',
      sig: new Uint8Array(sign('sha256', message, lies.signer ?? this.attestationKey.privateKey)),
    })
    return {
      ...documentHead,
      kind: 'evidence',
      state: challenge.state,
      message,
      signature,
      pcrs,
      eventLog: bootLog(),
    }
  }

  #nonce(challenge: ChallengeDocument, lies: Lies): Uint8Array {
    const activationSecret = openCredential({
      privateKey: this.endorsementKey.privateKey,
      endorsementKey: this.endorsementKey.area,
      objectName: computeName(this.attestationKey.publicArea),
      credentialBlob: challenge.credentialBlob,
      encryptedSecret: challenge.encryptedSecret,
    })
    const { nonce } = challenge
    const honest = qualifyingData({
      nonce,
      activationSecret,
      bindingKeyThumbprint: this.bindingKeyThumbprint,
    })
    return lies.nonce?.(honest) ?? honest
  }

  #attest(
    { selection }: ChallengeDocument,
    extraData: Uint8Array,
    pcrs: EvidenceDocument['pcrs'],
  ): QuoteAttest {
    const parent = computeQualifiedName(
      hierarchyName('endorsement'),
      computeName(this.endorsementKey.publicArea),
    )
    return {
      magic: tpmGeneratedValue,
      type: 'quote',
      qualifiedSigner: computeQualifiedName(parent, computeName(this.attestationKey.publicArea)),
      extraData,
      clockInfo: { clock: 1_000n, resetCount: 1, restartCount: 0, safe: true },
      firmwareVersion: 1n,
      attested: {
        pcrSelect: selection.map(({ bank, pcrs: selected }) => ({
          hash: bank,
          sizeofSelect: 3,
          pcrs: selected,
        })),
        pcrDigest: pcrDigest(
          'sha256',
          pcrs.flatMap(({ values }) => values.map(({ digest }) => digest)),
        ),
      },
    }
  }
}

/** The challenge in an answer of the first leg. */
export function challengeIn(result: {
  readonly attested: boolean
  readonly contexts?: readonly Uint8Array[]
}): ChallengeDocument {
  const [context] = result.contexts ?? []
  if (context === undefined) throw new Error('there is no challenge')
  const document = decode(contextDocument, context)
  if (document.kind !== 'challenge') throw new Error(`expected a challenge, found ${document.kind}`)
  return document
}
