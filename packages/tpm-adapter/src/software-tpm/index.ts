/**
 * A TPM 2.0 in TypeScript, for demos, development and tests. It works as a TPM does, but nothing protects its secrets:
 * its certificates, properties and statements say so, and the Attestation Service refuses it unless it was told not to.
 * @module
 */
export type { EkCertificateAuthority } from './manufacture/certificates.js'
export { type ListeningTpm, type ListenOptions, listenSoftwareTpm } from './server/listen.js'
export {
  createManufacturer,
  createSoftwareTpm,
  type SoftwareTpm,
  type SoftwareTpmOptions,
} from './software-tpm.js'
