import { createRoute, z } from '@hono/zod-openapi'
import {
  attestRequest,
  attestResponse,
  decryptRequest,
  errorResponse,
  generateKeyRequest,
  healthResponse,
  jwksResponse,
  keyResponse,
} from './schemas.js'

const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

const errors = {
  400: json(errorResponse, 'The request is malformed'),
  401: json(errorResponse, 'The token or its proof of possession is not acceptable'),
  403: json(errorResponse, 'The host or the delivery is refused; `data.context` says why'),
  404: json(errorResponse, 'There is no such provider'),
  413: json(errorResponse, 'The request is too large'),
  503: json(errorResponse, 'It could not be decided; the same request may succeed later'),
}

/** `POST /api/esx/attestation/report?action=attest`: both legs of an attestation. */
export const attestRoute = createRoute({
  method: 'post',
  path: '/api/esx/attestation/report',
  summary: 'Attest a host',
  description: 'Called twice: with a hello document, then with an evidence document.',
  request: {
    query: z.object({ action: z.literal('attest') }),
    body: { required: true, content: { 'application/json': { schema: attestRequest } } },
  },
  responses: {
    200: json(attestResponse, 'A challenge, or the tokens'),
    400: errors[400],
    403: errors[403],
    413: errors[413],
    503: errors[503],
  },
})

/** `POST /api/esx/kms/key-operation?action=generate-key|decrypt`. */
export const keyOperationRoute = createRoute({
  method: 'post',
  path: '/api/esx/kms/key-operation',
  summary: 'Generate or decrypt a key',
  description: 'The body has to be the one that the action asks for.',
  security: [{ dpop: [] }],
  request: {
    query: z.object({ action: z.enum(['generate-key', 'decrypt']) }),
    body: {
      required: true,
      content: { 'application/json': { schema: z.union([generateKeyRequest, decryptRequest]) } },
    },
  },
  responses: { 200: json(keyResponse, 'The key'), ...errors },
})

/** `GET /.well-known/jwks.json`: the keys that tokens are signed with. */
export const jwksRoute = createRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'Public keys of the Attestation Service',
  responses: { 200: json(jwksResponse, 'A JSON Web Key Set (RFC 7517)') },
})

/** `GET /api/trusthold/health`. */
export const healthRoute = createRoute({
  method: 'get',
  path: '/api/trusthold/health',
  summary: 'Whether the services can work',
  responses: { 200: json(healthResponse, 'They can'), 503: json(healthResponse, 'They cannot') },
})

/** Path of the OpenAPI document. */
export const openApiPath = '/api/trusthold/openapi.json'
