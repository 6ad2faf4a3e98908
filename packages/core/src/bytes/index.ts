/**
 * Bytes: encodings, comparison, and secrets that do not show.
 * @module
 */
export { type Bytes, concatBytes, constantTimeEqual, equalBytes, utf8 } from './bytes.js'
export {
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  textToBase64url,
  toBase64,
  toBase64url,
  toHex,
} from './encoding.js'
export { type JsonValue, toJson } from './json.js'
export { type JsonStructure, readJsonStructure } from './json-structure.js'
export { exportJwk } from './jwk.js'
export { SecretBytes } from './secret.js'
