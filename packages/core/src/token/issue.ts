import { utf8 } from '../bytes/index.js'
import { compactJws, jwsSigningInput } from '../jose/index.js'
import type { TokenSigner } from '../ports/index.js'
import type { TokenClaims } from './claims.js'

/** The `typ` of every token: an EAT as JWT (RFC 9782). */
export const tokenType = 'eat+jwt'

/** Signs claims with the signer's current key and returns the compact JWS. */
export async function issueToken(signer: TokenSigner, claims: TokenClaims): Promise<string> {
  const { kid, alg } = signer.current()
  const input = jwsSigningInput({ alg, typ: tokenType, kid }, claims)
  const { signature } = await signer.sign(kid, utf8(input))
  return compactJws(input, signature)
}
