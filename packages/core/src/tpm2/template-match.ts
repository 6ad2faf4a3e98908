import { equalBytes } from '../bytes/index.js'
import { encode } from '../codec/index.js'
import { type TpmtPublic, tpmtPublic } from './public-area.js'

function withoutUnique(publicArea: TpmtPublic): TpmtPublic {
  const empty = new Uint8Array()
  return publicArea.type === 'ecc'
    ? { ...publicArea, unique: { x: empty, y: empty } }
    : { ...publicArea, unique: empty }
}

/**
 * Whether a key is what a template makes: the same type, name algorithm, attributes, policy and parameters, whatever
 * is in `unique`.
 */
export function matchesTemplate(publicArea: TpmtPublic, template: TpmtPublic): boolean {
  return equalBytes(
    encode(tpmtPublic, withoutUnique(publicArea)),
    encode(tpmtPublic, withoutUnique(template)),
  )
}
