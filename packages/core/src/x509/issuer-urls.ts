import { AuthorityInfoAccessSyntax } from '@peculiar/asn1-x509'
import { decodeDer } from './asn1.js'
import type { Certificate } from './certificate.js'

/** AuthorityInfoAccess (RFC 5280 section 4.2.2.1). */
const authorityInfoAccess = '1.3.6.1.5.5.7.1.1'
/** id-ad-caIssuers. */
const caIssuers = '1.3.6.1.5.5.7.48.2'
/** More than any certificate needs. */
const maxUrls = 8

/**
 * Where a certificate says that the certificate of its issuer is: http and https addresses, in its order, eight at
 * most. Nobody vouches for them but whoever signed the certificate, so they are for people and for fetchers that check
 * where they go; nothing here fetches them.
 * @returns empty when it says nothing of the kind
 * @throws CERTIFICATE_INVALID when the extension is malformed
 */
export function readIssuerUrls({ extensions }: Certificate): readonly string[] {
  const extension = extensions.get(authorityInfoAccess)
  if (extension === undefined) return []
  const path = 'extensions.authorityInfoAccess'
  const descriptions = Array.from(
    decodeDer(extension.value, AuthorityInfoAccessSyntax, path, new Set()),
    ({ accessMethod, accessLocation }) => ({ accessMethod, url: accessLocation.uniformResourceIdentifier }),
  )
  return descriptions
    .filter(({ accessMethod }) => accessMethod === caIssuers)
    .flatMap(({ url }) => (url !== undefined && isWebAddress(url) ? [url] : []))
    .slice(0, maxUrls)
}

function isWebAddress(text: string): boolean {
  if (!/^[!-~]{1,2048}$/.test(text) || !URL.canParse(text)) return false
  const { protocol } = new URL(text)
  return protocol === 'http:' || protocol === 'https:'
}
