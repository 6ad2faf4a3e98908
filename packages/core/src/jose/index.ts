/**
 * Signed and encrypted JOSE objects in the few forms that are used here: JWS with ES256, JWE with a shared key, JWE
 * to a public key, JWK thumbprints. The only room that knows the jose library.
 * @module
 */
export { parseJsonObject } from './json.js'
export {
  decryptWith,
  directHeader,
  encryptTo,
  type JweHeader,
  joinDirect,
  openDirect,
  type ParsedJwe,
  parseDirect,
  type SealedParts,
  sealDirect,
} from './jwe.js'
export {
  type EcPublicJwk,
  exportEcPublicJwk,
  importEcPublicJwk,
  parseEcPublicJwk,
  thumbprint,
} from './jwk.js'
export {
  compactJws,
  type JwsAlgorithm,
  type JwsHeader,
  jwsSigningInput,
  type ParsedJws,
  type ParseJwsOptions,
  parseJws,
  verifyJws,
} from './jws.js'
