import { startPyKmip } from '../../../scripts/peers/pykmip.mjs'
import type { KmipClientOptions } from '../src/client-options.js'

/** A running PyKMIP server. */
export type PyKmip = Awaited<ReturnType<typeof startPyKmip>>

export { startPyKmip }

/** Options for a client of the server. */
export function optionsFor(server: PyKmip, more: Partial<KmipClientOptions> = {}): KmipClientOptions {
  return {
    servers: [{ host: server.host, port: server.port }],
    tls: {
      clientCertificate: server.clientCertificate,
      clientPrivateKey: server.clientPrivateKey,
      trustedCertificates: [server.ca],
    },
    ...more,
  }
}
