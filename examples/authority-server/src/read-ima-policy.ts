import { createPublicKey, X509Certificate } from 'node:crypto'
import type { ImaPolicy } from '@trusthold/core/attestation'
import { toHex } from '@trusthold/core/bytes'
import { createImaKeyring, type ImaKey, readImaAllowList } from '@trusthold/core/measured-boot'
import { parseCertificate } from '@trusthold/core/x509'
import type { ImaDocument } from './configuration-schema.js'
import type { Configuration } from './read-configuration.js'

/** Reads the allow-list and the keys that the policy for IMA names. @throws Error that names file and place */
export async function readImaPolicy(document: ImaDocument, { read, at }: Configuration): Promise<ImaPolicy> {
  const { allowList: list, keys: files, ...rules } = document
  const allowList = await at('attestation.ima.allowList', async () =>
    readImaAllowList(JSON.parse((await read(list)).toString('utf8'))),
  )
  const keys: ImaKey[] = []
  for (const [i, { name, file, keyId }] of files.entries()) {
    const key = await at(`attestation.ima.keys.${i}`, async () => readKey(await read(file)))
    keys.push({ ...key, name, ...(keyId === undefined ? {} : { keyId }) })
  }
  if (keys.length === 0) return { allowList, ...rules }
  const keyring = await at('attestation.ima.keys', () => createImaKeyring(keys))
  return { allowList, ...rules, keyring }
}

/** A public key in PEM, or a certificate in PEM or DER: those are known by the identifier that they say. */
function readKey(file: Buffer): ImaKey {
  if (file.includes('PRIVATE KEY'))
    throw new Error('expected a public key or a certificate, found a private key')
  if (file.includes('-----BEGIN PUBLIC KEY')) return { key: createPublicKey(file) }
  const certificate = new X509Certificate(file)
  const id = parseCertificate(certificate.raw).subjectKeyId
  const keyId = id === undefined ? {} : { keyId: toHex(id.subarray(-4)) }
  return { key: certificate.publicKey, ...keyId }
}
